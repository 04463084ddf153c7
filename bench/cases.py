"""The cases that run in this process, beside their peers."""

from __future__ import annotations

from functools import partial
from statistics import median

import numpy as np
import pandas as pd

from bench import models, peers
from bench.report import BATCH, BY_SEGMENT, FEW_ROWS, ONE_ROW, ONE_ROW_WITH_SPAN
from bench.results import Figure, Result, from_timed
from bench.timing import Contender, Timed, compare, time_once
from otel_mlmon.observe.row_collector import MAX_WAITING

ROWS = 100_000
SEGMENTS = 20

GROWTH = "ten times as much costs"


def one_row() -> Result:
    """One row of a logistic regression, metrics only."""
    model = models.logistic_regression()
    row = np.zeros((1, 8))
    predict = partial(_predict, model, row)
    timed = compare(
        [
            Contender("no monitoring", predict),
            Contender("otel_mlmon", predict, models.instrument, models.uninstrument),
            Contender("otel_mlmon, no SDK", predict, models.instrument_without_sdk, models.uninstrument),
            Contender("otel_mlmon, of which wrappers that only call", predict, models.wrap, models.unwrap),
            Contender("OpenTelemetry by hand", partial(peers.ByOpenTelemetry(model.predict_proba), row)),
            Contender("prometheus_client by hand", partial(peers.ByPrometheus(model.predict_proba), row)),
            Contender("whylogs", partial(peers.by_whylogs, model.predict_proba, row), share=0.02),
        ],
        calls=150,
        rounds=40,
    )
    # What a row costs later, when it is read with others.
    handing_on = Timed("otel_mlmon, at export", _handing_on(predict), 0.0)
    return from_timed(ONE_ROW, [*timed, handing_on])


def one_row_with_span() -> Result:
    """The same with a span; the floor has a bare one."""
    model = models.logistic_regression()
    row = np.zeros((1, 8))
    contenders = [
        Contender("a bare span", partial(peers.bare_span, model.predict_proba, row)),
        Contender("otel_mlmon", partial(_predict, model, row), models.instrument_with_spans, models.uninstrument),
        Contender("OpenTelemetry by hand", partial(peers.ByOpenTelemetry(model.predict_proba).with_span, row)),
    ]
    return from_timed(ONE_ROW_WITH_SPAN, compare(contenders, calls=150, rounds=40))


def few_rows() -> Result:
    """A hundred rows of a logistic regression: the candidates of one request."""
    model = models.logistic_regression()
    rows = np.random.default_rng(7).normal(size=(100, 8))
    predict = partial(_predict, model, rows)
    contenders = [
        Contender("no monitoring", predict),
        Contender("otel_mlmon", predict, models.instrument, models.uninstrument),
        Contender("OpenTelemetry by hand", partial(peers.ByOpenTelemetry(model.predict_proba).batch, rows), share=0.1),
        Contender("prometheus_client by hand", partial(peers.ByPrometheus(model.predict_proba).batch, rows), share=0.2),
    ]
    return from_timed(FEW_ROWS, compare(contenders, calls=150, rounds=20))


def batch() -> Result:
    """A batch of scores in one segment."""
    scores = np.random.default_rng(7).random(ROWS)
    model = models.Answering(scores)
    contenders = [
        Contender("no monitoring", partial(model.score_samples, None)),
        Contender("otel_mlmon", partial(_score, model), models.instrument, models.uninstrument),
        Contender("numpy.histogram, uniform", partial(np.histogram, scores, bins=20, range=(0.0, 1.0))),
        Contender("prometheus_client, a loop", partial(peers.ByPrometheus(_nothing).observe_all, scores), share=0.2),
        Contender("whylogs", partial(peers.by_whylogs_batch, scores), share=0.2),
    ]
    return from_timed(BATCH, compare(contenders, calls=5, rounds=9))


def by_segment() -> Result:
    """A batch of three classes in twenty segments."""
    frame = _frame(ROWS, SEGMENTS)
    model = models.Answering(frame[["a", "b", "c"]].to_numpy())
    contenders = [
        Contender("no monitoring", partial(model.predict_proba, frame)),
        Contender("otel_mlmon", partial(_predict, model, frame), _by_segment, models.uninstrument),
        Contender("pandas groupby, numpy.histogram", partial(peers.by_groups, frame, ("a", "b", "c"))),
    ]
    return from_timed(BY_SEGMENT, compare(contenders, calls=5, rounds=9))


def growth() -> Result:
    """The same batch with ten times the rows, and with ten times the segments."""

    def time_of(rows: int, segments: int) -> float:
        frame = _frame(rows, segments)
        model = models.Answering(frame[["a", "b", "c"]].to_numpy())
        _by_segment()
        times = [time_once(partial(_predict, model, frame)) for _ in range(9)]
        models.uninstrument()
        return median(times)

    few = time_of(ROWS, SEGMENTS)
    more_rows, more_segments = time_of(10 * ROWS, SEGMENTS), time_of(ROWS, 10 * SEGMENTS)
    return Result(GROWTH, "times", (Figure("rows", more_rows / few), Figure("segments", more_segments / few)))


def _frame(rows: int, segments: int) -> pd.DataFrame:
    random = np.random.default_rng(7)
    answer = random.dirichlet([1.0, 1.0, 1.0], rows)
    names = [f"segment {index}" for index in range(segments)]
    codes = random.integers(0, segments, rows)
    return pd.DataFrame(
        {"a": answer[:, 0], "b": answer[:, 1], "c": answer[:, 2], "segment": pd.Categorical.from_codes(codes, names)}
    )


def _handing_on(predict: partial[object]) -> float:
    models.instrument()
    predict()
    times = []
    for _ in range(20):
        for _ in range(MAX_WAITING - 1):
            predict()
        full = time_once(models.READER.get_metrics_data)
        times.append((full - time_once(models.READER.get_metrics_data)) / (MAX_WAITING - 1))
    models.uninstrument()
    return median(times)


def _by_segment() -> None:
    models.instrument("segment")


def _predict(model: object, inputs: object) -> object:
    # Looked up at the call: instrumenting replaces the method.
    return model.predict_proba(inputs)  # type: ignore[attr-defined]


def _score(model: models.Answering) -> object:
    return model.score_samples(None)


def _nothing(_inputs: object) -> np.ndarray:
    return np.zeros((1, 2))
