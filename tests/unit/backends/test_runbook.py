"""The runbook: a section for each alert, whose queries ask for what the rules record."""

from __future__ import annotations

import re
from collections.abc import Iterator

import promql_parser
import pytest
from attrs import evolve

from otel_mlmon.backends.prometheus.model_rules import alerts
from otel_mlmon.backends.prometheus.runbook.entries.known import ENTRIES
from otel_mlmon.backends.prometheus.runbook.entry import Entry, Question
from otel_mlmon.backends.prometheus.runbook.page import page, section
from otel_mlmon.backends.prometheus.runbook.section import known_records
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.selectors import selectors
from otel_mlmon.config.alerts import Alerts
from tests.model_subjects import ALL, classifier

RICH = classifier()
SUBJECTS = pytest.mark.parametrize("subject", ALL, ids=lambda subject: subject.name)
QUESTION_OF_ORDER = (
    "What did we change?",
    "What do the clients send?",
    "Is the data upstream all right?",
    "Which segments?",
    "Which inputs are bad?",
    "Did the world change?",
)


def blocks(markdown: str) -> list[str]:
    """Return the PromQL that a page wants pasted, query by query."""
    fenced = re.findall(r"^ *```promql\n(.*?)^ *```$", markdown, re.DOTALL | re.MULTILINE)
    queries = (query for block in fenced for query in re.split(r"^ *# .*$", block, flags=re.MULTILINE))
    return [query.strip() for query in queries if query.strip()]


def asked(entry: Entry) -> Iterator[Question]:
    yield from (step.question for step in entry.first if step.question is not None)
    yield from entry.figures


def records(query: str) -> set[str]:
    return set(re.findall(r"\b\w+:\w+:\w+", query))


@SUBJECTS
def test_each_alert_has_a_section_at_the_address_that_it_links_to(subject: Subject):
    headings = [line.removeprefix("## ") for line in page(subject).splitlines() if line.startswith("## ")]

    assert headings == list(dict.fromkeys(alert.name for alert in alerts(subject)))
    for alert in alerts(subject):
        assert alert.runbook == f"{subject.runbook}#{alert.name.lower()}"


@SUBJECTS
def test_queries_are_promql_and_ask_for_what_the_rules_record(subject: Subject):
    recorded = known_records(subject)

    for query in blocks(page(subject)):
        promql_parser.parse(query)
        assert records(query) <= recorded


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.alert)
def test_no_query_is_left_out_where_a_model_has_everything(entry: Entry):
    recorded = known_records(RICH)

    for question in asked(entry):
        for query in question(RICH):
            named = {selector.metric for selector in selectors(query.expression) if ":" in selector.metric}
            assert named <= recorded, query.says


def test_every_entry_is_of_an_alert_that_a_model_with_everything_has():
    assert set(ENTRIES) == {alert.name for alert in alerts(RICH)}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.alert)
def test_what_finds_most_bugs_comes_first(entry: Entry):
    known = [QUESTION_OF_ORDER.index(step.title) for step in entry.first if step.title in QUESTION_OF_ORDER]

    assert QUESTION_OF_ORDER[0] in [step.title for step in entry.first[:2]]
    if entry.alert != "ModelInputProblems":
        assert known == sorted(known)


def test_a_section_is_what_the_page_says_of_an_alert():
    whole = page(RICH)

    for alert in ("ModelOutputJump", "ModelNoCalls"):
        assert section(RICH, alert) in whole


def test_an_alert_that_is_switched_off_has_no_section():
    quiet = evolve(RICH, rule=evolve(RICH.rule, alerts=Alerts(off=("ModelOutputJump",))))

    assert "ModelOutputJump](" not in page(quiet)
    assert "## ModelOutputJump" not in page(quiet)


def test_the_head_says_what_is_usual_and_what_checks_mean():
    head, _, _ = page(RICH).partition("\n## ")

    assert RICH.baseline is not None
    assert f"{RICH.baseline.rows:,} predictions" in head
    for check in RICH.rule.checks:
        assert f"Check `{check.name}` fails where: " in head
    for level in RICH.segments:
        assert str(level.key) in head


def test_each_alert_says_what_chooses_its_threshold():
    for alert in alerts(RICH):
        assert alert.parameter is not None or ENTRIES[alert.name].tune is not None, alert.name


def test_the_key_that_tunes_an_alert_is_named_with_its_value():
    text = section(RICH, "ModelOutputJump")

    assert f"above {RICH.alerts.jump:g} (`alerts.jump`) for 3m" in " ".join(text.split())
    assert "alerts: {off: [ModelOutputJump]}" in text
