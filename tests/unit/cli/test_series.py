"""How many series a model may have is told before it has them."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from otel_mlmon import semconv
from otel_mlmon.cli.check.series import excesses, segment_sets, series_bound, series_bounds
from otel_mlmon.config.checks import Check, RankOf, Rule
from otel_mlmon.config.inputs import Input
from otel_mlmon.config.schema import Configuration, Limits, ModelRule, Output, OutputKind
from otel_mlmon.config.segments import Segments
from otel_mlmon.emit.instruments import DESCRIPTIONS

SETS = {
    "no segments": (Segments(), Limits(), (1, 1)),
    "a column": (Segments(columns=("origin",)), Limits(), (1, 20 + 2)),
    "a list": (Segments(columns=("origin",), values={"origin": ("JFK", "LGA", "JFK")}), Limits(), (1, 2 + 2)),
    "bins": (Segments(bins={"age": (18, 30, 50)}), Limits(), (1, 4 + 1)),
    "bins of a column": (Segments(columns=("age",), bins={"age": (18,)}), Limits(), (1, 2 + 1)),
    "baggage": (Segments(baggage=("client.os",), max_values=3), Limits(), (3 + 2 + 1, 3 + 2 + 1)),
    "code": (Segments(code=("country",), values={"country": ("DE",)}), Limits(), (1 + 2 + 1, 1 + 2 + 1)),
    "two keys": (Segments(columns=("a", "b"), max_values=5), Limits(), (1, 7 * 7)),
    "as many as there may be": (Segments(columns=("a", "b"), max_values=5), Limits(combinations=49), (1, 49)),
    "more than there may be": (Segments(columns=("a", "b"), max_values=5), Limits(combinations=48), (1, 48 + 7 + 2)),
    "a function": (Segments(call="shop:of"), Limits(), (1, 200 + 22 + 2)),
    "a function with a list": (Segments(call="shop:of", values={"a": ("x",)}), Limits(), (1, 200 + 3 + 2)),
    "baggage that columns hide": (Segments(columns=("a",), baggage=("a",)), Limits(), (1, 22)),
}


@pytest.mark.parametrize("name", SETS)
def test_combinations_of_segments_are_counted_by_what_is_configured(name: str) -> None:
    segments, limits, expected = SETS[name]
    assert segment_sets(segments, limits) == expected


def sets(rule: ModelRule, limits: Limits = Limits()) -> dict[str, int]:  # noqa: B008  (frozen)
    return {bound.metric: bound.attribute_sets for bound in series_bound(rule, limits)}


def test_metrics_multiply_segments_by_what_else_they_are_told_apart_by() -> None:
    rule = ModelRule(
        output=Output(positive_class=1),
        segments=Segments(columns=("origin",), values={"origin": ("JFK",)}, baggage=("os",), max_values=2),
        checks=(
            Check("high", Rule(above=1.0)),
            Check("rank", Rule(rank_of=RankOf(item="x"))),
            Check("own", call="shop:is_right"),
        ),
        inputs=(Input("distance", boundaries=(0.0, 1.0)), Input("hour")),
    )
    calls, rows = 2 + 2 + 1, 3 * (2 + 2 + 1)
    assert sets(rule) == {
        "ml.prediction.duration": calls * (1 + 10 + 2),
        "ml.prediction.batch.size": calls,
        "ml.prediction.time_to_first": calls,
        "ml.prediction.value": rows,
        "ml.predictions": rows * (2 + 2),
        "ml.prediction.confidence": rows,
        "ml.quality.checks": (rows + calls) * 2 * 3,
        "ml.quality.value": (rows + calls) * 2,
        "ml.quality.skipped": 1,
        "ml.input.values": calls * 6 * 2,
        "ml.input.rows": calls * 2,
        "ml.input.value": calls,
    }


def test_what_is_said_of_the_answers_is_believed_and_the_rest_is_at_its_limit() -> None:
    assert sets(ModelRule())["ml.prediction.value"] == 11
    assert sets(ModelRule())["ml.predictions"] == 22
    assert sets(ModelRule(), Limits(classes=3))["ml.predictions"] == 5
    assert sets(ModelRule(output=Output(classes=("a", "b"))))["ml.prediction.value"] == 2
    scores = sets(ModelRule(output=Output(kind=OutputKind.SCORE)))
    assert not {"ml.predictions", "ml.prediction.confidence"} & scores.keys()
    assert "ml.prediction.value" not in sets(ModelRule(output=Output(kind=OutputKind.LABEL)))


def test_every_metric_of_a_model_is_counted() -> None:
    rule = ModelRule(checks=(Check("own", call="shop:is_right"),), inputs=(Input("distance", boundaries=(0.0,)),))
    own = {semconv.MODEL_INFO, semconv.MONITOR_ERRORS, semconv.MONITOR_TIME, semconv.MONITOR_DROPPED}
    assert sets(rule).keys() == DESCRIPTIONS.keys() - own


def test_prometheus_has_a_series_a_bucket_and_two_more_of_a_histogram_and_one_of_a_counter() -> None:
    rule = ModelRule(output=Output(boundaries=(0.0, 1.0, 2.0), positive_class=1))
    bounds = {bound.metric: bound for bound in series_bound(rule, Limits())}
    assert bounds["ml.prediction.value"].prometheus == (3 + 1) + 2
    assert bounds["ml.predictions"].prometheus == bounds["ml.predictions"].attribute_sets
    (model,) = series_bounds(Configuration(models=(rule,)))
    assert model.attribute_sets == sum(bound.attribute_sets for bound in bounds.values())
    assert model.prometheus == sum(bound.prometheus for bound in bounds.values())


rules = st.builds(
    lambda columns, max_values, positive: ModelRule(
        segments=Segments(columns=tuple("abc"[:columns]), max_values=max_values),
        output=Output(positive_class=positive),
    ),
    st.integers(0, 3),
    st.integers(1, 50),
    st.sampled_from([None, 1]),
)


@given(rule=rules, combinations=st.integers(1, 500), classes=st.integers(1, 50), series=st.integers(30, 3000))
def test_the_key_to_lower_is_one_that_helps_and_no_lower_than_it_must_be(
    rule: ModelRule, combinations: int, classes: int, series: int
) -> None:
    limits = Limits(combinations=combinations, classes=classes, series=series)
    found = list(excesses(Configuration(models=(rule,), limits=limits)))
    assert len(found) == (sum(sets(rule, limits).values()) > series)
    if not found or "no limit alone is enough" in found[0]:
        return
    key, _, numbers = found[0].partition("lower ")[2].partition(" from ")
    value = int(numbers.partition(" to ")[2].replace(",", ""))

    def total(value: int) -> int:
        name = key.rpartition(".")[2]
        if name == "max_values":
            return sum(sets(evolve(rule, segments=evolve(rule.segments, max_values=value)), limits).values())
        return sum(sets(rule, evolve(limits, **{name: value})).values())

    assert total(value) <= series < total(value + 1)
