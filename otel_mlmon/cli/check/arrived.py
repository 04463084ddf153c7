"""What arrived from a service: its models, how often they were called, and what was said of their answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final

from attrs import define, field

from otel_mlmon import semconv
from otel_mlmon.cli.points import HistogramPoint, Point, Series

MAX_SERIES: Final = 50_000


@define
class ArrivedModel:
    """One model, over all of its versions.

    Attributes
    ----------
    operations
        Calls by ``ml.operation``.
    failures
        Calls that raised, by ``error.type``.
    segments
        The values of each key.
    checks
        Of each check, its outcomes.
    inputs
        Of each watched column, its values by state.
    dropped
        Values that could not be recorded as asked, by reason.
    """

    name: str
    framework: str = ""
    kind: str = ""
    rows: int = 0
    operations: Counter[str] = field(factory=Counter)
    failures: Counter[str] = field(factory=Counter)
    segments: dict[str, set[str]] = field(factory=lambda: defaultdict(set))
    checks: dict[str, Counter[str]] = field(factory=lambda: defaultdict(Counter))
    inputs: dict[str, Counter[str]] = field(factory=lambda: defaultdict(Counter))
    dropped: Counter[str] = field(factory=Counter)

    @property
    def calls(self) -> int:
        """Of all operations."""
        return sum(self.operations.values())


class Arrived:
    """Takes points from the receiver's threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._latest: dict[Series, float] = {}
        self._rows: dict[Series, float] = {}

    def take(self, points: Iterable[Point]) -> None:
        """Take what one export held: each point stands for all until then."""
        with self._lock:
            for point in points:
                if point.series.scope != semconv.SCOPE or len(self._latest) >= MAX_SERIES:
                    continue
                number = sum(point.counts) if isinstance(point, HistogramPoint) else point.value
                # Processes that cannot be told apart are not added: it is the largest of them.
                self._latest[point.series] = max(number, self._latest.get(point.series, 0))
                if isinstance(point, HistogramPoint) and point.series.metric == semconv.PREDICTION_BATCH_SIZE:
                    self._rows[point.series] = max(point.sum, self._rows.get(point.series, 0))

    def models(self) -> list[ArrivedModel]:
        """Return the models that were called so far."""
        with self._lock:
            latest, rows = dict(self._latest), dict(self._rows)
        models: dict[str, ArrivedModel] = {}
        for series, number in latest.items():
            said = dict(series.attributes)
            name = said.get(semconv.MODEL_NAME)
            if name is not None and number:
                model = models.setdefault(name, ArrivedModel(name))
                _add(model, series.metric, said, int(number))
                model.rows += int(rows.get(series, 0))
        return sorted((model for model in models.values() if model.calls), key=lambda model: model.name)

    def errors(self) -> Counter[tuple[str, str]]:
        """Return how often the instrumentation itself failed, by its stage and the kind of error."""
        with self._lock:
            latest = dict(self._latest)
        found: Counter[tuple[str, str]] = Counter()
        for series, number in latest.items():
            if series.metric == semconv.MONITOR_ERRORS:
                stage, kind = series.attribute(semconv.MONITOR_STAGE), series.attribute(semconv.ERROR_TYPE)
                found[stage or "", kind or ""] += int(number)
        return found


def _add(model: ArrivedModel, metric: str, said: Mapping[str, str], number: int) -> None:
    if metric == semconv.MODEL_INFO:
        model.framework = said.get(semconv.FRAMEWORK, "")
        model.kind = said.get(semconv.MODEL_CLASS, "")
    elif metric == semconv.PREDICTION_DURATION:
        model.operations[said.get(semconv.OPERATION, "")] += number
        if semconv.ERROR_TYPE in said:
            model.failures[said[semconv.ERROR_TYPE]] += number
    elif metric == semconv.QUALITY_CHECKS:
        model.checks[said.get(semconv.QUALITY_CHECK, "")][said.get(semconv.QUALITY_OUTCOME, "")] += number
    elif metric == semconv.INPUT_VALUES:
        model.inputs[said.get(semconv.INPUT_NAME, "")][said.get(semconv.INPUT_STATE, "")] += number
    elif metric == semconv.MONITOR_DROPPED:
        model.dropped[said.get(semconv.MONITOR_REASON, "")] += number
    for key, value in said.items():
        if key.startswith(semconv.SEGMENT_PREFIX):
            model.segments[key.removeprefix(semconv.SEGMENT_PREFIX)].add(value)
