"""From measures over time to what would have fired, and to thresholds that are quiet enough."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from otel_mlmon.backends.prometheus import level
from otel_mlmon.backends.prometheus.model_rules import alerts
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import DAY, HOUR, MINUTE, Number
from otel_mlmon.cli.backtest import times
from otel_mlmon.cli.backtest.episodes import Episode, Track, episodes, peaks, track
from otel_mlmon.cli.backtest.history import Span
from otel_mlmon.cli.backtest.overdispersion import overdispersion
from otel_mlmon.cli.backtest.prometheus import Prometheus, Series, new_prometheus
from otel_mlmon.cli.backtest.proposals import Quiet, propose
from otel_mlmon.cli.backtest.replay import History, Replayed
from otel_mlmon.cli.failure import Failure
from tests.model_subjects import classifier

QUIET = Quiet(pages_a_month=1, tickets_a_week=1)


def alert_of(subject: Subject, parameter: str) -> Alert:
    return next(alert for alert in alerts(subject) if alert.parameter == parameter)


def waiting(wait: int, keep: int) -> Alert:
    return Alert(
        name="Any",
        severity=Severity.PAGE,
        symptom="output",
        level=level.MODEL,
        measure=Number(0),
        threshold=0.5,
        wait=wait,
        keep=keep,
        summary="",
        description="",
        runbook="",
    )


def minutes(text: str) -> Iterator[tuple[int, int]]:
    """Return the first minute of firing, and the first after it, of an alert that waits 3 and keeps 5 minutes."""
    alert = waiting(3 * MINUTE, keep=5 * MINUTE)
    values = np.array([1.0 if character == "x" else 0.0 for character in text])
    span = Span(0, (len(text) - 1) * MINUTE, MINUTE)
    for each in episodes(Track({}, values), span, alert, 0.5):
        yield each.start // MINUTE, each.end // MINUTE


@pytest.mark.parametrize(
    ("measured", "fires"),
    [
        (".xxx............", []),
        (".xxxx...........", [(4, 10)]),
        (".xxxx....x......", [(4, 15)]),
        (".xxxx.....x.....", [(4, 16)]),
        (".xxxx......xxxx.", [(4, 10), (14, 15)]),
        ("xxxxxxxxxxxxxxxx", [(3, 15)]),
    ],
)
def test_an_alert_waits_and_goes_on_as_in_prometheus(measured: str, fires: list[tuple[int, int]]):
    found = list(minutes(measured))
    expected = [(start, min(end, len(measured) - 1)) for start, end in fires]
    assert found == expected


def test_an_episode_tells_its_highest_value():
    alert = waiting(0, keep=0)
    found = list(episodes(Track({"job": "a"}, np.array([0.0, 0.3, 0.4, 0.0])), Span(600, 780, 60), alert, 0.25))
    assert found == [Episode({"job": "a"}, 660, 780, 0.4)]


def test_a_step_longer_than_the_wait_takes_what_is_seen_once_as_held():
    alert = waiting(3 * MINUTE, keep=0)
    track = Track({}, np.array([0.0, 1.0, 0.0]))
    assert [each.start for each in episodes(track, Span(0, 600, 300), alert, 0.5)] == [300]


def test_a_peak_is_what_held_for_as_long_as_the_alert_waits():
    alert = waiting(10 * MINUTE, keep=0)
    values = np.full(400, 0.1)
    values[[50, 51, 52]] = 0.5, 0.4, 0.6
    values[200] = 9.0
    first, second, *_ = peaks([Track({}, values)], Span(0, 399 * 300, 300), alert, 3)
    assert (first.moment, first.value) == (50 * 300, 0.4)
    assert second.value == 0.1


def test_what_is_excluded_or_missing_is_not_judged():
    series = Series({"__name__": "x", "job": "a"}, np.array([0.0, 60, 180]), np.array([1.0, np.nan, 2.0]))
    found = track(series, Span(0, 240, 60), [Span(170, 200, 60)])
    assert found.labels == {"job": "a"}
    assert found.values.tolist() == [1.0] + [-np.inf] * 4


def history(days: float) -> History:
    return History(Prometheus("", {}), Span(0, int(days * DAY), 300), ())


def replayed(alert: Alert, peak_values: list[float], days: float) -> Replayed:
    values = np.zeros(int(days * DAY) // 300 + 1)
    for place, value in enumerate(peak_values):
        values[(place + 1) * 100 : (place + 1) * 100 + 6] = value
    return Replayed(alert, (Track({}, values),))


@pytest.mark.parametrize(
    ("parameter", "seen", "value"),
    [
        # One page in four weeks is allowed: the second highest must not fire, nor a tenth more of it.
        ("jump", [0.5, 0.405, 0.2], 0.45),
        ("jump", [0.5], 0.13),
        ("jump", [2.0, 1.5], None),
        # Four tickets are; a ratio is turned round.
        ("traffic", [5, 5, 5, 5, 2.0], 0.45),
        ("traffic", [], 0.75),
        ("latency_ratio", [], 1.5),
    ],
)
def test_the_proposal_is_the_smallest_that_is_quiet_enough(parameter: str, seen: list[float], value: float | None):
    subject = classifier()
    (proposal,) = propose(subject, [replayed(alert_of(subject, parameter), seen, 28)], history(28), QUIET)
    assert (proposal.parameter, proposal.value) == (parameter, value)


def test_nothing_is_proposed_from_an_alert_that_saw_nothing():
    subject = classifier()
    assert propose(subject, [Replayed(alert_of(subject, "jump"), ())], history(28), QUIET) == []


def counts(repeated: int) -> tuple[dict, dict]:
    random = np.random.default_rng(3)
    shares = random.dirichlet(np.full(24, 0.5))
    recent, before = (random.multinomial(rows // repeated, shares, size=3000).T * repeated for rows in (1000, 6000))
    return {(): recent.astype(float)}, {(): before.astype(float)}


@pytest.mark.parametrize("repeated", [1, 10])
def test_overdispersion_is_how_often_each_question_is_asked(repeated: int):
    assert overdispersion(*counts(repeated), rows=200) == pytest.approx(repeated, rel=0.05)


def test_overdispersion_of_two_classes_is_that_of_the_mean_and_not_of_the_median():
    random = np.random.default_rng(3)
    recent, before = (np.array([ones, 100_000 - ones], float) for ones in random.binomial(100_000, 0.3, size=(2, 5000)))
    assert overdispersion({(): recent}, {(): before}, rows=200) == pytest.approx(1, rel=0.06)


def test_a_history_too_thin_tells_no_overdispersion():
    assert overdispersion(*counts(1), rows=2000) is None


def test_days_are_whole_and_times_are_exact():
    start, end = times.stretch("2026-10-03..2026-10-05")
    assert (times.moment(start), times.moment(end)) == ("2026-10-03 00:00", "2026-10-05 23:59")
    start, end = times.stretch("2026-10-03T14:00..2026-10-03T18:30")
    assert (times.moment(start), end - start) == ("2026-10-03 14:00", 4.5 * HOUR)


@pytest.mark.parametrize("text", ["2026-10-05..2026-10-03", "yesterday", "2026-13-01..2026-13-02"])
def test_a_stretch_that_is_none_is_named(text: str):
    with pytest.raises(Failure, match="--without '"):
        times.stretch(text)


@pytest.mark.parametrize("text", ["5", "0m", "2h", "5 m", "1d"])
def test_a_step_that_makes_no_sense_is_named(text: str):
    with pytest.raises(Failure, match="should be a time from 15s to 1h, such as 5m"):
        times.step(text)


@pytest.mark.parametrize(("seconds", "text"), [(300, "5m"), (5100, "1h 25m"), (97200, "1d 3h")])
def test_lengths_are_short(seconds: int, text: str):
    assert times.length(seconds) == text


def test_the_address_may_be_that_of_the_api_and_hold_a_password():
    found = new_prometheus("https://team:s%40cret@mimir.example:8080/prometheus/api/v1/", ("X-Scope-OrgID: a",), None)
    assert found.address == "https://mimir.example:8080/prometheus"
    assert found.headers == {"Authorization": "Basic dGVhbTpzQGNyZXQ=", "X-Scope-OrgID": "a"}
    assert "cret" not in repr(found)


def test_a_header_beats_the_token_of_the_environment():
    found = new_prometheus("http://prometheus", ("authorization: Basic abc",), "token")
    assert found.headers == {"Authorization": "Basic abc"}


@pytest.mark.parametrize("url", ["prometheus:9090", "ftp://prometheus", "http://", "http://prometheus:port"])
def test_an_address_that_is_none_is_named(url: str):
    with pytest.raises(Failure, match="--prometheus: "):
        new_prometheus(url, (), None)


def test_parts_of_a_span_have_each_moment_once():
    span = Span(300, 100_200, 300)
    moments = [moment for part in span.parts(DAY) for moment in part.moments]
    assert moments == span.moments.tolist()
