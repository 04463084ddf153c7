"""What stays as it is until rules are generated anew: the baseline's distribution and the widths of buckets."""

from __future__ import annotations

from itertools import accumulate, pairwise

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.recording.comparison import Sample, width_record
from otel_mlmon.backends.prometheus.rule import Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import Expression, any_of, call, labelled
from otel_mlmon.config.baseline import Histogram


def baseline_recordings(subject: Subject, metric: str, histograms: tuple[Histogram, ...]) -> tuple[Recording, ...]:
    """Return the rules of the counts of the baseline."""
    by_output = {histogram.name: histogram.total.counts for histogram in histograms}
    boundaries = histograms[0].boundaries
    cumulative = {name: tuple(accumulate(counts)) for name, counts in by_output.items()}
    rows = any_of(tuple(_of_output(call("vector", sum(counts)), name) for name, counts in by_output.items()))
    return (
        _constant(subject, _record(metric, "in_bucket"), _table(boundaries, by_output)),
        _constant(subject, _record(metric, "up_to"), _table(boundaries, cumulative)),
        _constant(subject, _record(metric, "rows"), rows),
    )


def width_recording(subject: Subject, metric: str, boundaries: tuple[float, ...]) -> Recording:
    """Return the rule of how wide the bucket above each boundary is; the last one has no end, and none."""
    widths = tuple(
        labelled(call("vector", float(f"{above - below:.12g}")), names.LE, names.bucket(below))
        for below, above in pairwise(boundaries)
    )
    return _constant(subject, width_record(metric), any_of(widths))


def baseline_sample(subject: Subject, metric: str) -> Sample:
    """Select the counts of the baseline."""
    return Sample(*(subject.recorded(_record(metric, figure)) for figure in ("in_bucket", "up_to", "rows")))


def _table(boundaries: tuple[float, ...], by_output: dict[str | None, tuple[int, ...]]) -> Expression:
    ends = [*map(names.bucket, boundaries), "+Inf"]
    return any_of(
        tuple(
            _of_output(labelled(call("vector", count), names.LE, end), name)
            for name, counts in by_output.items()
            for end, count in zip(ends, counts, strict=True)
        )
    )


def _of_output(value: Expression, name: str | None) -> Expression:
    return value if name is None else labelled(value, names.OUTPUT, name)


def _constant(subject: Subject, record: str, expression: Expression) -> Recording:
    return Recording(record, expression, labels={names.MODEL: subject.name})


def _record(metric: str, figure: str) -> str:
    return f"model:{metric}:baseline_{figure}"
