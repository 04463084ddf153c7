"""What counts as found, as soon, and as told for nothing."""

from __future__ import annotations

import numpy as np
import yaml

from bench.alerts.firings import HEALTHY, Firing, episodes
from bench.alerts.gaps import Gap
from bench.alerts.others import Hour, at_equal_alarms, by_default
from bench.alerts.rules import needed
from bench.alerts.verdicts import WEEK, Stretch, false_alarms, judged

HOUR = 3600.0


def fired(run: str, alert: str, at: float, until: float, *, severity: str = "page", text: str = "") -> Firing:
    return Firing(run, alert, severity, {"alertname": alert}, at, until, text, "")


def an_incident(at: float) -> Stretch:
    return Stretch(
        "unit-report-0", "unit", "report", "a unit", ("dep_delay",), at, at + 24 * HOUR, np.arange(1440) * 10
    )


def test_an_incident_is_found_by_the_first_alert_that_fires_after_its_beginning():
    firings = [
        fired("unit-report-0", "Early", 900.0, 990.0),
        fired("unit-report-0", "Jump", 1600.0, 5000.0, text="the answers moved"),
        fired("unit-report-0", "Input", 1300.0, 5000.0, text="dep_delay is bad"),
    ]
    (verdict,) = judged([an_incident(1000.0)], sorted(firings, key=lambda firing: firing.fired))
    assert verdict.first is not None
    assert (verdict.first.alert, verdict.minutes, verdict.predictions) == ("Input", 5.0, 50.0)
    assert verdict.names_suspect


def test_an_alert_that_fires_without_the_incident_too_does_not_count():
    both = [fired(run, "Jump", 1500.0, 3000.0) for run in (HEALTHY, "unit-report-0")]
    (verdict,) = judged([an_incident(1000.0)], both)
    assert verdict.first is None
    assert verdict.minutes == float("inf")


def test_people_are_told_once_of_pages_that_follow_each_other_and_not_of_tickets_meanwhile():
    firings = [
        fired(HEALTHY, "Jump", 0.0, 1000.0),
        fired(HEALTHY, "Class", 900.0, 2000.0),
        fired(HEALTHY, "Segment", 1500.0, 1600.0, severity="ticket"),
        fired(HEALTHY, "Jump", 20 * HOUR, 21 * HOUR),
        fired(HEALTHY, "Segment", 40 * HOUR, 41 * HOUR, severity="ticket"),
    ]
    told = false_alarms(firings, 0.0, WEEK, ())
    assert (len(told.pages), len(told.tickets), told.tickets_a_week) == (2, 1, 1.0)
    assert len(false_alarms(firings, 0.0, WEEK, [Gap(19 * HOUR, 22 * HOUR)]).pages) == 1


def test_a_long_firing_keeps_an_episode_together_after_a_short_one_in_it():
    firings = [
        fired(HEALTHY, "A", 0.0, 10 * HOUR),
        fired(HEALTHY, "B", 100.0, 200.0),
        fired(HEALTHY, "C", 9 * HOUR, 9.5 * HOUR),
    ]
    assert len(list(episodes(firings, HOUR))) == 1


def test_another_tools_threshold_gives_it_as_many_alarms_as_are_allowed():
    random = np.random.default_rng(1)
    sizes = random.exponential(size=14 * 24)
    hours = [Hour("tool", HEALTHY, place * HOUR, {"score": float(size)}, ()) for place, size in enumerate(sizes)]
    incident = Hour("tool", "unit-report-0", 14 * 24 * HOUR, {"score": 100.0}, ("score",))
    alarms = at_equal_alarms([*hours, incident], 14 * 24 * HOUR, a_week=1.0)
    assert len(list(episodes((alarm for alarm in alarms if alarm.run == HEALTHY), HOUR))) == 2
    assert [alarm.summary for alarm in alarms if alarm.run != HEALTHY] == ["score"]
    assert [alarm.run for alarm in by_default([*hours, incident])] == ["unit-report-0"]


def test_only_what_alerts_and_their_texts_ask_for_is_evaluated():
    rules = [
        {"record": "job:a:rate", "expr": "rate(a[5m])"},
        {"record": "job:b:sum", "expr": "sum(job:a:rate)"},
        {"record": "job:told:mean", "expr": "avg(a)"},
        {"record": "job:graph:p50", "expr": "job:a:rate"},
        {"alert": "B", "expr": "job:b:sum > 1", "annotations": {"summary": "{{ query `job:told:mean` }}"}},
    ]
    kept = yaml.safe_load(needed(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]})))
    assert [rule.get("record", rule.get("alert")) for rule in kept["groups"][0]["rules"]] == [
        "job:a:rate",
        "job:b:sum",
        "job:told:mean",
        "B",
    ]
