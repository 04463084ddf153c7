"""What a page says, and what is asked in a minute, with no program running."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from rich.console import Console

from examples.flight_delay.data import load_flights
from examples.local_stack.compressed import compressed, divided
from examples.local_stack.page import Page, first_steps, page_of, section
from examples.local_stack.phone import WIDTH, drawn
from examples.local_stack.stack import shipped_rules
from examples.local_stack.traffic import BEGINS, minutes
from examples.local_stack.webhook import Notification, Webhook, notification_of

DESCRIPTION = (
    "In the last [10m]:{{ range query (printf `info{job=%q} unless info{job=%q} offset 1h` $labels.job) }}x{{ end }}"
)

RUNBOOK = """# flight-delay

## Other

1. Nothing.

## OutputJump

Half of the answers moved.

### What to do first

1. **What did *we* change?** A release,
   a flag, `dep_delay`.

   ```promql
   1. no step
   ```

2. The clients.

3. Upstream data.
4. The world.

## OutputDrift

1. Something else.
"""


def posted(*alerts: dict[str, str], receiver: str = "page") -> Notification:
    """Return a message as Alertmanager posts it."""
    return notification_of({"receiver": receiver, "alerts": [body_of(**alert) for alert in alerts]}, arrived=1000.0)


def body_of(
    name: str, severity: str = "page", since: str = "2026-01-01T00:00:00Z", status: str = "firing", **annotations: str
) -> dict[str, object]:
    return {
        "status": status,
        "startsAt": since,
        "labels": {"alertname": name, "severity": severity, "job": "flights"},
        "annotations": annotations,
    }


def test_a_page_leads_before_a_ticket_and_the_earlier_page_before_the_later():
    page = page_of(
        posted(
            {"name": "Ticket", "severity": "ticket", "since": "2026-01-01T00:00:00Z"},
            {"name": "Later", "since": "2026-01-01T00:02:00.5Z"},
            {"name": "First", "since": "2026-01-01T00:02:00.123456789Z", "summary": "half of the answers moved"},
        )
    )
    assert page.title == "PAGE half of the answers moved"
    assert page.also == ("PAGE Later", "TICKET Ticket")


def test_what_is_resolved_is_not_on_the_page():
    page = page_of(posted({"name": "Over", "status": "resolved"}, {"name": "Firing"}))
    assert page.title == "PAGE Firing"
    assert page.also == ()


def test_the_first_page_is_not_a_ticket_and_not_older_than_the_incident():
    early = posted({"name": "Early"})
    ticket = posted({"name": "Ticket", "severity": "ticket"}, receiver="ticket")
    resolved = posted({"name": "Over", "status": "resolved"})
    page = posted({"name": "Page"})
    webhook = Webhook("http://127.0.0.1:1", [ticket, resolved, page])
    assert webhook.first_page(since=999.0) is page
    assert Webhook("http://127.0.0.1:1", [early]).first_page(since=1001.0) is None


def test_the_description_is_read_sentence_by_sentence():
    description = "31 % of the answers moved in 10 minutes. Usual are 5.2 %. Input dep_delay: out_of_range."
    page = page_of(posted({"name": "OutputJump", "description": description}))
    assert page.sentences == (
        "31 % of the answers moved in 10 minutes.",
        "Usual are 5.2 %.",
        "Input dep_delay: out_of_range.",
    )


def test_steps_come_from_the_section_of_the_alert_in_the_runbook():
    message = posted({"name": "OutputJump", "runbook_url": "https://runbooks/flight-delay#outputjump"})
    page = page_of(message, RUNBOOK)
    assert page.steps == ("What did we change? A release, a flag, dep_delay.", "The clients.", "Upstream data.")
    assert page.runbook == "https://runbooks/flight-delay#outputjump"


def test_without_a_runbook_the_steps_come_from_the_alerts_own_advice():
    advice = "What it means: it moved.\n\n1. What did we change?\n\n2. Clients:\nwhich?\n"
    assert page_of(posted({"name": "Shift", "advice": advice})).steps == ("What did we change?", "Clients: which?")
    assert page_of(posted({"name": "Shift"})).steps == ()


@pytest.mark.parametrize("heading", ["Output", "Nothing"])
def test_a_section_is_found_by_the_whole_name_only(heading: str):
    assert section(RUNBOOK, heading) == ""


def test_a_section_ends_with_the_next_heading_of_its_level():
    assert "Something else" not in section(RUNBOOK, "OutputJump")
    assert len(first_steps(section(RUNBOOK, "OutputJump"), count=9)) == 4


def test_the_screen_is_narrow_and_says_how_long_it_took():
    page = Page(
        title="PAGE flight-delay: half of the answers moved",
        sentences=tuple(f"Sentence {number}." for number in range(9)),
        steps=("What did we change? " * 6,),
        runbook="https://runbooks.example/flight-delay#outputjump",
        also=("TICKET something else",),
    )
    screen = io.StringIO()
    Console(file=screen, width=120).print(drawn(page, minutes=12.4))
    lines = [line.strip() for line in screen.getvalue().splitlines()]
    assert max(map(len, lines)) == WIDTH
    assert "12 minutes after" in lines[1]
    assert "Sentence 3." in screen.getvalue()
    assert "Sentence 4." not in screen.getvalue()
    assert "also: TICKET something else" in screen.getvalue()


def test_every_minute_asks_for_flights_that_leave_in_the_next_three_hours():
    flights = load_flights()
    asked = next(minutes(flights, BEGINS, rows=500))
    assert len(asked) == 500
    assert {flight["hour"] for flight in asked} == {11, 12, 13}
    assert {flight["origin"] for flight in asked} == {"EWR", "JFK", "LGA"}


def test_the_same_minute_asks_the_same_and_the_next_one_something_else():
    flights = load_flights()
    first, second = (minutes(flights, BEGINS, rows=50) for _ in range(2))
    minute = next(first)
    assert minute == next(second)
    assert minute != next(first)


def test_nobody_asks_when_no_flight_leaves_in_three_hours():
    assert next(minutes(load_flights(), pd.Timestamp("2013-07-24 00:30"), rows=50)) == []


def test_traffic_ends_with_the_last_flight():
    flights = load_flights().query("time < '2013-01-01 06:00'")
    begins = pd.Timestamp("2013-01-01 05:30")
    assert 0 < len(list(minutes(flights, begins, rows=1))) <= 30


@pytest.mark.parametrize(
    ("duration", "sixtieth"),
    [("1m", "1000ms"), ("30s", "500ms"), ("1h30m", "90000ms"), ("1w", "10080000ms"), ("600ms", "10ms")],
)
def test_a_duration_is_divided_by_sixty(duration: str, sixtieth: str):
    assert divided(duration) == sixtieth


def test_windows_offsets_and_steps_of_queries_are_divided_and_names_and_words_are_not():
    expression = 'max_over_time(job:rate5m{le="1m"}[1h:5m] offset 1w) > rate(a[10m] offset -2m) + b[1h30m]'
    rules = compressed(yaml.safe_dump({"expr": expression, "for": "5m", "description": DESCRIPTION}))
    assert yaml.safe_load(rules) == {
        "expr": 'max_over_time(job:rate5m{le="1m"}[60000ms:5000ms] offset 10080000ms) '
        "> rate(a[10000ms] offset -2000ms) + b[90000ms]",
        "for": "5000ms",
        "description": DESCRIPTION.replace("offset 1h", "offset 60000ms"),
    }


@pytest.mark.parametrize("file", shipped_rules(), ids=lambda file: file.name)
def test_no_time_in_the_expressions_of_the_shipped_rules_is_left_as_it_was(file: Path):
    rules = [rule for group in yaml.safe_load(compressed(file.read_text()))["groups"] for rule in group["rules"]]
    assert rules
    assert not [rule["expr"] for rule in rules if re.search(r"(?<!\w)\d+[smhdw]\b", rule["expr"])]
