"""Alertmanager: whom an alert reaches, and which alert speaks for the others, so that one bug gives one page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.rule import Severity

HEAD: Final = """Routes and inhibition for the alerts that otel-mlmon generates: one bug gives one page.

Made by otel-mlmon generate prometheus; do not edit: take the parts over into the configuration that you have, or run
it as it is. It posts to the addresses in webhook_page.url and webhook_ticket.url beside this file; put yours there, or
replace the receivers: pagerduty_configs, slack_configs, …."""

ROUTES: Final = f"""route:
  receiver: ticket
  # One message a model, so that whoever is called reads all of it in one place.
  group_by: [{names.JOB}, {names.MODEL}]
  # Long enough for a page that says the same, which then holds the ticket back.
  group_wait: 5m
  group_interval: 15m
  repeat_interval: 24h
  routes:
    - matchers: ['severity="page"']
      receiver: page
      group_wait: 30s
      group_interval: 5m
      repeat_interval: 4h

receivers:
  - name: page
    webhook_configs:
      - url_file: webhook_page.url
        send_resolved: true
  - name: ticket
    webhook_configs:
      - url_file: webhook_ticket.url
        send_resolved: true
"""

MODEL: Final = (names.JOB, names.MODEL)


@frozen
class Inhibition:
    """Alerts that hold back others while they fire.

    Attributes
    ----------
    why
        For whoever reads the file.
    source, target
        Matchers of Alertmanager: of the alerts that speak, and of those that are silent.
    equal
        Labels in which both must be the same.
    """

    why: str
    source: tuple[str, ...]
    target: tuple[str, ...]
    equal: tuple[str, ...] = MODEL


_PAGE: Final = f'severity="{Severity.PAGE.value}"'
_TICKET: Final = f'severity="{Severity.TICKET.value}"'

INHIBITIONS: Final = (
    Inhibition(
        "A model that nobody calls has no answers to talk about.",
        ('alertname="ModelNoCalls"',),
        ('symptom=~"input|output|check|segment|version|drift|errors|latency|budget"',),
    ),
    Inhibition(
        "Nor is it news then that it has fewer calls.",
        ('alertname="ModelNoCalls"',),
        ('symptom="traffic"', _TICKET),
    ),
    Inhibition(
        "Calls that fail have no answer: the ones that are left differ, fails burn the budget, and timeouts are slow.",
        ('symptom="errors"', _PAGE),
        ('symptom=~"output|check|drift|latency|budget"',),
    ),
    Inhibition(
        "Bad inputs name the cause; that the answers differ and checks fail follows from it.",
        ('symptom="input"', _PAGE),
        ('symptom=~"output|check|drift"',),
    ),
    Inhibition(
        "When the answers of the whole model move, checks notice, and the day looks different.",
        ('symptom="output"', _PAGE),
        ('symptom=~"check|drift"',),
    ),
    Inhibition(
        "The answers of its segments moved then, too: the page says in which most. One that is silent is news.",
        ('symptom=~"input|output|check|errors"', _PAGE),
        ('alertname="ModelSegmentJump"',),
    ),
    Inhibition(
        "What is bad about the answers says more than that the budget burns. Slow calls are another matter.",
        ('symptom=~"input|output|check"', _PAGE),
        ('alertname="ModelBudgetBurn"',),
    ),
    Inhibition(
        "Answers that are all the same are in other places, and of one class, too.",
        ('alertname="ModelOutputStuck"',),
        ('alertname=~"ModelOutputJump|ModelClassJump"',),
    ),
    Inhibition(
        "A class's share is one of the figures of the page about all answers.",
        ('alertname="ModelOutputJump"',),
        ('alertname="ModelClassJump"',),
    ),
    Inhibition(
        "What somebody is called for needs no ticket about the same.",
        (_PAGE,),
        (_TICKET, 'symptom!="budget"'),
        (*MODEL, "symptom"),
    ),
    Inhibition(
        "A budget that burns fast burns slowly, too.",
        ('symptom="budget"', _PAGE),
        ('symptom="budget"', _TICKET),
        (*MODEL, "alertname"),
    ),
    Inhibition(
        "Of its pages, the one about the faster burn.",
        ('symptom="budget"', 'long_window="1h"'),
        ('symptom="budget"', 'long_window="6h"'),
        (*MODEL, "alertname"),
    ),
    Inhibition(
        "Telemetry that is lost looks like calls that are missing. It never holds back a page.",
        ('alertname="ModelTelemetryLost"',),
        ('alertname=~"ModelTrafficDrop|ModelSegmentSilent"',),
        (names.JOB,),
    ),
    Inhibition(
        "No collector, no figures: name your own alert about it so.",
        ('symptom="agent_down"',),
        ('symptom="traffic"',),
        (),
    ),
)


def alertmanager_file() -> str:
    """Return the configuration; the same for all models, whose alerts have the same names."""
    head = "\n".join(_comment(HEAD, ""))
    return "\n".join([head, "", ROUTES, "inhibit_rules:", *(line for rule in INHIBITIONS for line in _lines(rule)), ""])


def _lines(rule: Inhibition) -> Iterator[str]:
    yield from _comment(rule.why, "  ")
    yield f"  - source_matchers: {_listed(rule.source)}"
    yield f"    target_matchers: {_listed(rule.target)}"
    if rule.equal:
        yield f"    equal: [{', '.join(rule.equal)}]"


def _listed(matchers: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{matcher}'" for matcher in matchers) + "]"


def _comment(said: str, indent: str) -> Iterator[str]:
    for paragraph in said.split("\n"):
        yield from (f"{indent}# {line}" for line in textwrap.wrap(paragraph, 116)) if paragraph else (f"{indent}#",)
