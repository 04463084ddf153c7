"""From what was asked for to the text of two files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import frozen

from otel_mlmon.cli.failure import Failure
from otel_mlmon.cli.init.document import Plan, document, share
from otel_mlmon.cli.init.profile import Profiler
from otel_mlmon.cli.init.subjects import MAX_INPUTS, AskedModel, RecordedPredictions, Subject
from otel_mlmon.cli.init.table import Table
from otel_mlmon.config import baseline as baselines
from otel_mlmon.config.baseline import Baseline, BaselineError
from otel_mlmon.config.load import load
from otel_mlmon.config.schema import Configuration, Limits, ModelRule
from otel_mlmon.config.segments import Segments
from otel_mlmon.semconv import OUTCOME_FAIL


@frozen
class Request:
    """What was asked for; as the options of the command, but that ``baseline`` is one to add to.

    Attributes
    ----------
    baseline_name
        Where the new one will be, from the configuration's folder.
    """

    data: str
    model: Path | None = None
    segments: tuple[str, ...] = ()
    target: str | None = None
    prediction: str | None = None
    name: str | None = None
    operation: str | None = None
    config: Path | None = None
    baseline: Path | None = None
    sample: int = 100_000
    baseline_name: str = "baseline.json"


@frozen
class Made:
    """What is to be written, and said.

    Attributes
    ----------
    document, baseline
        The texts of the files; no document where a configuration was given.
    said
        What stands in them, a line each.
    """

    document: str | None
    baseline: str
    said: Sequence[str]


def make(request: Request) -> Made:
    """Make the configuration and the baseline.

    Raises
    ------
    Failure
        Something of what was asked for is not there, or does not fit.
    """
    if request.config is not None and request.segments:
        message = f"the segments are those of {request.config}: leave out --segment, or --config"
        raise Failure(message)
    known = None if request.config is None else _configuration(request.config)
    table = Table.open(request.data)
    table.require(request.segments, "--segment names")
    table.require(filter(None, [request.target]), "--target names")
    profiler = Profiler(table)
    subject = _subject(request, profiler, known)
    if known is not None:
        rule = _rule(request, subject, known)
        baseline = subject.baseline(rule, request.name or rule.name or subject.name, known.limits)
        return Made(None, baselines.dump(_added(request, baseline)), _said(baseline))
    plan = _plan(request, subject, profiler)
    rule = ModelRule(output=plan.described.output, segments=plan.configured)
    baseline = subject.baseline(rule, plan.name, Limits())
    return Made(document(plan), baselines.dump(_added(request, baseline)), _said(baseline))


def _plan(request: Request, subject: Subject, profiler: Profiler) -> Plan:
    watched = [column for column in subject.features if column != request.target]
    profiles = profiler.columns([*watched[:MAX_INPUTS], *request.segments])
    return Plan(
        name=request.name or subject.name,
        source=profiler.table.name,
        baseline=request.baseline_name,
        file=subject.file,
        described=subject.described,
        segments=[profiler.segment(key, Segments().max_values) for key in request.segments],
        not_inputs=[] if subject.known is None else [key for key in request.segments if key not in subject.known],
        inputs=[profiles[column] for column in watched[:MAX_INPUTS]],
        by_index=subject.by_index,
        left_out=max(0, len(watched) - MAX_INPUTS),
    )


def _configuration(file: Path) -> Configuration:
    loaded = load(str(file))
    if loaded.problems:
        raise Failure("\n".join(map(str, loaded.problems)))
    return loaded.configuration


def _subject(request: Request, profiler: Profiler, known: Configuration | None) -> Subject:
    table = profiler.table
    keys = [key for rule in (() if known is None else known.models) for key in _keys(rule.segments)]
    besides = list(request.segments or keys)
    if request.model is not None and request.prediction is None:
        return AskedModel(
            request.model, table, request.sample, request.operation, besides=besides, target=request.target
        )
    if request.prediction is None or request.model is not None:
        message = "either --model, which is asked, or --prediction, a column with its answers"
        raise Failure(message)
    table.require([request.prediction], "--prediction names")
    return RecordedPredictions(request.prediction, profiler, besides=besides, target=request.target)


def _keys(segments: Segments) -> list[str]:
    return [str(key) for key in (*segments.cut_columns, *segments.code, *segments.baggage)]


def _rule(request: Request, subject: Subject, known: Configuration) -> ModelRule:
    named = (rule for rule in known.models if request.name is not None and rule.name == request.name)
    return next(named, None) or known.rule_for(subject.identity)


def _added(request: Request, baseline: Baseline) -> Baseline:
    if request.baseline is None:
        return baseline
    try:
        return baselines.merge(baselines.load(request.baseline), baseline)
    except BaselineError as error:
        message = f"{error}; a baseline is added to under the configuration that it was made with: --config"
        raise Failure(message) from error


def _said(baseline: Baseline) -> list[str]:
    keys = dict.fromkeys(key for segments in _segments(baseline) for key in segments)
    by = f", by {', '.join(keys)}" if keys else ""
    lines = [f"{baseline.rows:,} predictions of {baseline.source}{by}"]
    for check in baseline.checks:
        failed = check.total.get(OUTCOME_FAIL, 0) / sum(check.total.values())
        lines.append(f"check {check.name}: {share(failed)} fail; that is its `usual: {failed:.3g}`")
    return lines


def _segments(baseline: Baseline) -> list[Iterable[str]]:
    return [*(one.segments for one in baseline.values), *(one.segments for one in baseline.classes)]
