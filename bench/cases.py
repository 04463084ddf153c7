"""The rows of the table."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from attrs import frozen

from bench import models, peers
from bench.timing import Contender, Timed, compare

ROWS = 100_000
SEGMENTS = 20


@frozen
class Result:
    """One case: the first contender is the floor, the second is otel_mlmon."""

    case: str
    timed: list[Timed]


def one_row() -> Result:
    """One row of a logistic regression, metrics only."""
    model = models.logistic_regression()
    row = np.zeros((1, 8))
    contenders = [
        Contender("no monitoring", partial(model.predict_proba, row)),
        Contender("otel_mlmon", partial(_predict, model, row), models.instrument, models.uninstrument),
        Contender("OpenTelemetry by hand", partial(peers.ByOpenTelemetry(model.predict_proba), row)),
        Contender("prometheus_client by hand", partial(peers.ByPrometheus(model.predict_proba), row)),
        Contender("whylogs", partial(peers.by_whylogs, model.predict_proba, row)),
    ]
    return Result("one row, metrics only", compare(contenders, calls=300))


def one_row_with_span() -> Result:
    """The same with a span; the floor has a bare one."""
    model = models.logistic_regression()
    row = np.zeros((1, 8))
    contenders = [
        Contender("a bare span", partial(peers.bare_span, model.predict_proba, row)),
        Contender("otel_mlmon", partial(_predict, model, row), models.instrument_with_spans, models.uninstrument),
        Contender("OpenTelemetry by hand", partial(peers.ByOpenTelemetry(model.predict_proba).with_span, row)),
    ]
    return Result("one row, metrics and a span", compare(contenders, calls=300))


def batch() -> Result:
    """A batch of scores in one segment."""
    scores = np.random.default_rng(7).random(ROWS)
    model = models.Answering(scores)
    contenders = [
        Contender("no monitoring", partial(model.score_samples, None)),
        Contender("otel_mlmon", partial(_score, model), models.instrument, models.uninstrument),
        Contender("numpy.histogram, uniform", partial(np.histogram, scores, bins=20, range=(0.0, 1.0))),
        Contender("prometheus_client, a loop", partial(peers.ByPrometheus(model.predict_proba).observe_all, scores)),
        Contender("whylogs", partial(peers.by_whylogs_batch, scores)),
    ]
    return Result(f"{ROWS:,} scores, one segment", compare(contenders, calls=1))


def segments() -> Result:
    """A batch of three classes in twenty segments."""
    random = np.random.default_rng(7)
    answer = random.dirichlet([1.0, 1.0, 1.0], ROWS)
    names = pd.Categorical(
        np.array([f"segment {index}" for index in range(SEGMENTS)])[random.integers(0, SEGMENTS, ROWS)]
    )
    frame = pd.DataFrame({"a": answer[:, 0], "b": answer[:, 1], "c": answer[:, 2], "segment": names})
    model = models.Answering(answer)
    contenders = [
        Contender("no monitoring", partial(model.predict_proba, frame)),
        Contender(
            "otel_mlmon", partial(_predict, model, frame), partial(models.instrument, "segment"), models.uninstrument
        ),
        Contender("pandas groupby, numpy.histogram", partial(peers.by_groups, frame, ("a", "b", "c"))),
    ]
    return Result(f"{ROWS:,} rows, {SEGMENTS} segments, 3 classes", compare(contenders, calls=1))


CASES = (one_row, one_row_with_span, batch, segments)


def _predict(model: object, inputs: object) -> object:
    # Looked up at the call: instrumenting replaces the method.
    return model.predict_proba(inputs)  # type: ignore[attr-defined]


def _score(model: models.Answering) -> object:
    return model.score_samples(None)
