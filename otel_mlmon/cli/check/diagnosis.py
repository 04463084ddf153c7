"""What did not arrive, though it was configured, and why, as far as the service tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import frozen

from otel_mlmon import semconv
from otel_mlmon.cli.check.arrived import ArrivedModel
from otel_mlmon.cli.check.told import Told
from otel_mlmon.config.checks import Check
from otel_mlmon.config.schema import Configuration, ModelRule
from otel_mlmon.config.words import match_in_words

MAX_NAMED: Final = 5


@frozen
class Run:
    """What a service did while it was watched.

    Attributes
    ----------
    seconds
        For which it ran.
    models
        That arrived.
    told
        What it told of itself.
    errors
        How often the instrumentation failed, by stage and kind of error.
    """

    seconds: float
    models: Sequence[ArrivedModel]
    told: Told
    errors: Mapping[tuple[str, str], int]


def missing(configuration: Configuration, run: Run) -> list[str]:
    """Return what did not arrive, a line each; nothing where all did."""
    if not run.models:
        return [f"no prediction seen in {run.seconds:.0f} s: {_why_nothing(configuration, run.told)}"]
    return [*_of_rules(configuration, run), *_of_models(configuration, run), *_of_errors(run)]


def _why_nothing(configuration: Configuration, told: Told) -> str:
    reasons = (
        (
            not told.instrumented,
            "no Python process of the command has otel-mlmon; is it installed where the service is?",
        ),
        (told.disabled, "OTEL_SDK_DISABLED is true"),
        (not configuration.enabled, "'enabled' is false"),
    )
    switched_off = next((reason for holds, reason in reasons if holds), None)
    return _why_no_call(told) if switched_off is None else switched_off


def _why_no_call(told: Told) -> str:
    if told.models:
        names = ", ".join(sorted({model.name for model in told.models}))
        return f"{names} was called, but no metrics came; does the service set up providers of its own?"
    if told.called:
        return _why_no_call_counts(told)
    if told.imported:
        libraries = _are(told.imported)
        if not told.imported.keys() & told.applied:
            return f"{libraries} imported, but switched off, or too old: the table of adapters says"
        return f"{libraries} imported, but nothing of it that is observed was called"
    return "no supported framework was imported; otel-mlmon check lists them, and otel_mlmon.monitor is for own code"


def _why_no_call_counts(told: Told) -> str:
    libraries = _are(told.imported)
    predicting = [target for target, what in told.called.items() if what == "predicts"]
    if predicting:
        return f"{libraries} imported, and {_few(predicting)} was called, but not as a prediction"
    what = " and ".join(sorted(set(told.called.values())))
    return f"{libraries} imported, but only {_few(told.called)} was called, which {what}"


def _of_rules(configuration: Configuration, run: Run) -> Iterator[str]:
    held = {model.rule for model in run.told.models}
    seen = [
        f"{model.name} ({model.kind} of {model.framework}{f', {model.path}' if model.path else ''})"
        for model in run.told.models
    ]
    for place, rule in enumerate(configuration.models):
        if place not in held:
            wanted = match_in_words(rule.match)
            yield f"models[{place}] fits no model that was called: {wanted}; called were {_few(seen)}"


def _of_models(configuration: Configuration, run: Run) -> Iterator[str]:
    for model in run.models:
        rules = {told.rule for told in run.told.models if told.name == model.name}
        for place in sorted(rule for rule in rules if rule is not None):
            if place < len(configuration.models):
                yield from _of_model(model, configuration.models[place])
        unreadable = model.dropped.get(semconv.DROPPED_UNREADABLE)
        if unreadable:
            yield f"{model.name}: {unreadable} answers could not be read; output.kind, or otel_mlmon.monitor, may help"


def _of_model(model: ArrivedModel, rule: ModelRule) -> Iterator[str]:
    for check in rule.checks:
        if check.name not in model.checks and not _may_be_silent(check, model):
            yield f"{model.name}: check '{check.name}' said nothing: {_why_silent(check)}"
    for key in rule.segments.row_keys:
        if model.segments.get(key, set()) <= {semconv.MISSING}:
            yield f"{model.name}: segment '{key}' was missing in every call: {_where(key, rule)}"
    for key in rule.segments.call_wide_keys:
        if key not in model.segments:
            where = "no call had it in its baggage" if key in rule.segments.baggage else "no otel_mlmon.segment said it"
            yield f"{model.name}: segment '{key}' was missing in every call: {where}"
    for watched in rule.inputs:
        if set(model.inputs.get(str(watched.column), ())) <= {semconv.MISSING}:
            yield f"{model.name}: input '{watched.column}' was missing in every call: its inputs have no such column"


def _where(key: str, rule: ModelRule) -> str:
    if key in map(str, rule.segments.cut_columns):
        return "the inputs have no such column"
    return f"{rule.segments.call} did not say it"


def _may_be_silent(check: Check, model: ArrivedModel) -> bool:
    # It is asked about a few of the calls only.
    monotone = None if check.rule is None else check.rule.monotone
    return monotone is not None and model.calls * monotone.share < 10


def _why_silent(check: Check) -> str:
    rule = check.rule
    if rule is None:
        return f"{check.call} returned None for every call, or raised"
    if rule.rank_of is not None:
        return f"no call had '{rule.rank_of.item}', by otel_mlmon.context or in a column, or the results were not read"
    if rule.changed is not None:
        return f"no call had '{rule.changed.key}', by otel_mlmon.context or in a column, or each had another one"
    if rule.agrees_with is not None and rule.agrees_with.model is not None:
        return f"{rule.agrees_with.model} did not answer for the same '{rule.agrees_with.key}'"
    if check.output is not None:
        return f"the model has no output '{check.output}', or the rule is about something else than it answers"
    return f"'{rule.kind}' is about something else than the model answers"


def _of_errors(run: Run) -> Iterator[str]:
    for (stage, kind), times in run.errors.items():
        yield f"{times} times {kind} in '{stage}': the service's log has the first one (ml.monitor.errors)"


def _are(libraries: Mapping[str, str | None]) -> str:
    listed = [f"{name} {version}" if version else name for name, version in libraries.items()]
    return f"{', '.join(listed)} {'is' if len(listed) == 1 else 'are'}"


def _few(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - MAX_NAMED} more" if len(listed) > MAX_NAMED else ""
    return ", ".join(listed[:MAX_NAMED]) + more
