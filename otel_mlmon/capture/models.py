"""The models that are live in this process, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, evolve, field

from otel_mlmon import semconv
from otel_mlmon.capture.adapter import Adapter, Endpoint, Hook, Origin, Task, no_wrapper
from otel_mlmon.capture.files import ModelFile, file_of
from otel_mlmon.capture.fingerprint import fingerprint
from otel_mlmon.capture.naming import Label, WeakIdentityMap, labels
from otel_mlmon.capture.witness import MODEL, Witness
from otel_mlmon.config.schema import Configuration, Identity, ModelRule
from otel_mlmon.config.segments import Segments
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.observe.channel import Channel
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.model_segments import ModelSegments
from otel_mlmon.observe.prediction import Model
from otel_mlmon.observe.row_collector import RowCollector

MAX_ENDPOINTS = 1000
"""Names and addresses of models that are no objects here; all beyond them are one."""


@define(eq=False)
class LiveOperation:
    """Where one operation of one model object is recorded: row by row where that is possible, else by the call."""

    channel: Channel
    collector: RowCollector | None


@define(eq=False)
class LiveModel:
    """One model object: what it is called, what it is for, where it is from, and its operations."""

    model: Model
    task: Task
    file: ModelFile | None
    run_id: str | None = None
    operations: dict[str, LiveOperation] = field(factory=dict)


class LiveModels:
    """Finds out about each model object once, at its first prediction.

    Parameters
    ----------
    configuration
        That holds.
    witness
        Is told which rule each model has; None where nobody asks.
    """

    def __init__(self, configuration: Configuration, witness: Witness | None = None) -> None:
        self._configuration = configuration
        self._witness = witness
        self._live: WeakIdentityMap[LiveModel] = WeakIdentityMap()
        self._endpoints: dict[Endpoint, Endpoint] = {}
        self._stand_ins: dict[Endpoint, Endpoint] = {}
        self._segments: dict[str, ModelSegments] = {}
        self._cut_by: dict[str, Segments] = {}
        self._channels: dict[tuple[str, str | None, ModelRule, str], Channel] = {}
        self.generation = 0

    def of(self, instance: Any, adapter: Adapter) -> LiveModel:
        """Return what is known of a model object."""
        known, generation = self._live.get(instance), self.generation
        if known is None:
            # Without a lock, which a fork could leave taken: two threads find out the same.
            label = labels.get(instance) or _label_of_wrapper(instance, adapter) or Label()
            own, given = adapter.origin(instance) or Origin(), label.origin or Origin()
            label = evolve(label, file=label.file or file_of(given.path or own.path))
            # Who loads a model knows better what it is called than the one who made it.
            origin = Origin(
                name=given.name or label.file_name or own.name,
                version=given.version or own.version,
                run_id=given.run_id or own.run_id,
            )
            model = self._describe(instance, label, origin, adapter)
            known = LiveModel(model, adapter.task(instance), label.file, origin.run_id)
            self._live.set(instance, known)
            if generation != self.generation:
                # It was found under a configuration that holds no more: this call is the last that it is for.
                self._live.remove(instance)
        return known

    def reconfigure(self, configuration: Configuration) -> None:
        """Hold to another configuration: each model is found anew at its next call.

        What waits is recorded as the one of before says, by which the calls also end that are running now.
        """
        self._configuration, before = configuration, self._configuration
        self.generation += 1
        known = self._live.values()
        for entries in (self._live.entries, self._channels, self._endpoints, self._stand_ins):
            entries.clear()
        # Where nothing changes, values that were folded stay so.
        kept = {ModelRule().segments, *(rule.segments for rule in configuration.models)}
        for name, segments in list(self._cut_by.items()):
            if segments not in kept or configuration.limits != before.limits:
                del self._cut_by[name], self._segments[name]
        for operation in [operation for live in known for operation in list(live.operations.values())]:
            if operation.collector is not None:
                operation.collector.leave()

    def operation(self, live: LiveModel, hook: Hook, instance: Any, telemetry: Telemetry) -> LiveOperation:
        """Return where an operation of a model object is recorded."""
        operation = live.operations.get(hook.operation)
        if operation is None:
            channel = self._channel(live.model, hook.operation, telemetry)
            owner = self._live.reference(instance)
            collector = None if owner is None else RowCollector(channel, owner, hook.inputs)
            operation = live.operations.setdefault(hook.operation, LiveOperation(channel, collector))
        return operation

    def stand_in(self, endpoint: Endpoint) -> Endpoint | None:
        """Return the one object that stands for an endpoint; None where it has an address that nobody configured."""
        known = self._endpoints.get(endpoint)
        if known is not None:
            return known
        alike = endpoint
        if endpoint.url is not None:
            pattern = self._configuration.url_pattern(endpoint.url)
            if pattern is None:
                return None
            # Addresses may hold identifiers: all that fit one pattern, and have one name, are one model.
            alike = evolve(endpoint, url=pattern)
        if alike not in self._stand_ins and len(self._stand_ins) >= MAX_ENDPOINTS:
            endpoint = alike = Endpoint(semconv.OTHER)
        known = self._stand_ins.setdefault(alike, endpoint)
        if len(self._endpoints) < MAX_ENDPOINTS:
            self._endpoints[endpoint] = known
        return known

    def begin_anew(self, instance: Any) -> None:
        """Forget what is known of a model object's classes, for it has been trained."""
        known = self._live.get(instance)
        for operation in () if known is None else list(known.operations.values()):
            if operation.collector is not None:
                operation.collector.begin_anew()

    def forget(self, instance: Any) -> None:
        """Forget a model object: it holds another model now."""
        self.begin_anew(instance)
        self._live.remove(instance)

    def _channel(self, model: Model, operation: str, telemetry: Telemetry) -> Channel:
        # Not by the file: a service that loads a new one every hour keeps its channels.
        key = (model.name, model.version, model.rule, operation)
        channel = self._channels.get(key)
        if channel is None:
            # They are gone where the configuration has changed since the model was found.
            segments = self._segments.get(model.name) or ModelSegments(model.rule.segments, self._configuration.limits)
            new = Channel(model, operation, segments, telemetry, self._configuration.models)
            channel = self._channels.setdefault(key, new)
        return channel

    def infos(self) -> Iterable[Mapping[str, str]]:
        """Return the attributes of ``ml.model.info``, once a model."""
        found = {(live.model, live.file, live.run_id): None for live in self._live.values()}
        return [_info(*known) for known in found]

    def _describe(self, instance: Any, label: Label, origin: Origin, adapter: Adapter) -> Model:
        kind = type(instance)
        elsewhere = instance if isinstance(instance, Endpoint) else None
        class_name = kind.__name__ if elsewhere is None else elsewhere.kind
        identity = Identity(
            path=None if label.file is None else label.file.path,
            model_class=f"{kind.__module__}.{kind.__qualname__}" if elsewhere is None else elsewhere.kind,
            framework=adapter.name,
            name=label.name or origin.name or (class_name if elsewhere is None else elsewhere.name),
            url=None if elsewhere is None else elsewhere.url,
        )
        rule = self._configuration.rule_for(identity)
        name = label_text(label.name or rule.name or identity.name)
        if name not in self._segments:
            if len(self._segments) >= self._configuration.limits.models:
                name = semconv.OTHER
            self._segments.setdefault(name, ModelSegments(rule.segments, self._configuration.limits))
            self._cut_by.setdefault(name, rule.segments)
        if self._witness is not None:
            places = (place for place, one in enumerate(self._configuration.models) if one is rule)
            path, place = identity.path, next(places, None)
            self._witness.tell(MODEL, name=name, rule=place, path=path, kind=class_name, framework=adapter.name)
        return Model(
            name=name,
            version=label.version
            or rule.version
            or origin.version
            or (None if elsewhere is None else elsewhere.version),
            framework=adapter.name,
            model_class=class_name,
            rule=rule,
            is_remote=elsewhere is not None and elsewhere.is_remote,
        )


def _label_of_wrapper(instance: Any, adapter: Adapter) -> Label | None:
    # What a service names or loads may be a wrapper, and only that knows what it wraps: a look at each, once a model.
    named = () if adapter.wrapped is no_wrapper else labels.items()
    return next((label for wrapper, label in named if adapter.wrapped(wrapper) is instance), None)


def _info(model: Model, file: ModelFile | None, run_id: str | None) -> Mapping[str, str]:
    attributes = {
        semconv.MODEL_NAME: model.name,
        semconv.MODEL_VERSION: model.version,
        semconv.FRAMEWORK: model.framework,
        semconv.MODEL_CLASS: model.model_class,
        semconv.MODEL_RUN_ID: run_id,
        semconv.MODEL_FINGERPRINT: None if file is None else fingerprint(file),
    }
    return {key: value for key, value in attributes.items() if value is not None}
