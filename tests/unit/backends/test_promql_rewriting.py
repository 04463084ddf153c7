"""Recorded series become what they are recorded from; matchers go to the series that they are about."""

from __future__ import annotations

import promql_parser
import pytest

from otel_mlmon.backends.prometheus.model_rules import alerts
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import (
    DAY,
    HOUR,
    MINUTE,
    Call,
    Expression,
    Matcher,
    Matching,
    Number,
    Selector,
    Subquery,
    aggregated,
    any_of,
    call,
    labelled,
    on,
)
from otel_mlmon.backends.promql.restricting import NOTHING, restricted
from otel_mlmon.backends.promql.rewriting import Recorded, inlined, pieces, shifted, without_own_alerts
from otel_mlmon.backends.promql.text import text
from otel_mlmon.cli.backtest.replay import as_measured, records_of
from tests.model_subjects import ALL

RAW = Selector("calls_total", window=HOUR)
HOURLY = aggregated("sum", call("increase", RAW), "job", "le")
RECORDS = {
    "job:calls:1h": Recorded(HOURLY, {}),
    "job:calls:twice": Recorded(Selector("job:calls:1h") * 2, {}),
    "model:calls:usual": Recorded(
        any_of((labelled(call("vector", 1), "le", "1"), labelled(call("vector", 2), "le", "5"))), {"model": "a"}
    ),
}


def asked(expression: Expression) -> str:
    return text(inlined(expression, RECORDS), 10**9)


def kept(expression: Expression, label: str, value: str) -> str | None:
    found = restricted(expression, [Matcher(label, value)])
    return None if found is None else text(found, 10**9)


def test_an_offset_goes_to_all_that_is_inside():
    assert asked(Selector("job:calls:twice", offset=DAY)) == (
        "sum by (job, le) (increase(calls_total[1h] offset 1d)) * 2"
    )


def test_offsets_add_up():
    assert shifted(Selector("a", offset=HOUR), DAY) == Selector("a", offset=HOUR + DAY)
    inside = Subquery(Selector("a", offset=HOUR), DAY, HOUR)
    assert shifted(inside, MINUTE) == Subquery(Selector("a", offset=HOUR), DAY, HOUR, MINUTE)


def test_what_tells_the_time_cannot_be_put_back():
    with pytest.raises(TypeError, match=r"hour\(\) tells the time"):
        shifted(Selector("a").above(Call("hour", ())), HOUR)


def test_a_stretch_of_a_recorded_series_becomes_a_subquery():
    assert asked(call("avg_over_time", Selector("job:calls:1h", window=DAY))) == (
        "avg_over_time(sum by (job, le) (increase(calls_total[1h]))[1d:1m])"
    )


def test_a_matcher_of_a_kept_label_goes_to_the_raw_series():
    assert asked(Selector("job:calls:twice", (Matcher("le", "5"),))) == (
        'sum by (job, le) (increase(calls_total{le="5"}[1h])) * 2'
    )


def test_a_matcher_chooses_among_constants():
    assert asked(Selector("model:calls:usual", (Matcher("le", "5"), Matcher("model", "a")))) == (
        'label_replace(label_replace(vector(2), "le", "5", "", ""), "model", "a", "", "")'
    )


@pytest.mark.parametrize("label", ["version", "model"])
def test_nothing_has_a_label_that_no_series_has(label: str):
    assert asked(Selector("model:calls:usual", (Matcher(label, "other"),))) == text(NOTHING)


def test_a_bucket_is_found_with_the_ending_and_without():
    whole = call("label_replace", Selector("a"), "le", "$1", "le", r"(.+)\.0")
    assert kept(whole, "le", "-2.5") == (
        r'label_replace(a{le=~"-2\\.5|-2\\.5\\.0"}, "le", "$1", "le", "(.+)\\.0")'.replace("-2", r"\\-2")
    )


def test_the_largest_of_all_is_not_the_largest_of_those_that_match():
    best = aggregated("topk", Selector("a"))
    assert kept(best, "le", "1") == 'topk (a) and on (le) label_replace(vector(1), "le", "1", "", "")'


def test_a_matcher_goes_to_both_sides_where_they_share_the_label_and_else_to_the_many():
    shares = Selector("a").over(Selector("b"), Matching(("job",), group="left"))
    assert kept(shares, "job", "x") == 'a{job="x"} / on (job) group_left () b{job="x"}'
    assert kept(shares, "le", "1") == 'a{le="1"} / on (job) group_left () b'
    assert kept(Selector("a").over(Selector("b"), on("job")), "le", "1") is None


def test_what_is_missing_in_one_part_is_taken_from_the_other():
    either = labelled(Selector("a"), "le", "1").otherwise(labelled(Selector("b"), "le", "2"))
    assert kept(either, "le", "2") == 'label_replace(b, "le", "2", "", "")'
    less = Selector("a").unless(labelled(Selector("b"), "le", "2"), on("le"))
    assert kept(less, "le", "1") == 'a{le="1"}'


def test_an_alert_of_last_week_hides_nothing():
    firing = call("present_over_time", Selector("ALERTS", window=HOUR))
    assert without_own_alerts(Number(2) * Selector("a").unless(firing, on("job"))) == Number(2) * Selector("a")


@pytest.mark.parametrize("subject", ALL, ids=lambda subject: subject.name)
def test_no_alert_asks_for_what_a_history_does_not_have(subject: Subject):
    records = records_of(subject)
    for alert in alerts(subject):
        found = as_measured(alert.expression, records, 300)
        metrics = {piece.metric for piece in pieces(found) if isinstance(piece, Selector)}
        assert not {metric for metric in metrics if ":" in metric or metric == "ALERTS"}, alert.name
        promql_parser.parse(text(found, 10**9))
