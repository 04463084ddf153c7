"""Quiet while all is well; one page, with what to do, when a unit changes and when nobody asks the model any more."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

import pytest

from examples.flight_delay.data import load_flights
from examples.local_stack.page import first_steps, section
from examples.local_stack.replay import Flight, Replay, delay_in_seconds
from examples.local_stack.service import Service
from examples.local_stack.session import HEALTHY_MINUTES, MINUTE, paced
from examples.local_stack.stack import RUNBOOK, Stack, shipped_rules
from examples.local_stack.traffic import BEGINS, ROWS_A_MINUTE, minutes
from examples.local_stack.waiting import await_until
from examples.local_stack.webhook import Alert

pytestmark = pytest.mark.e2e

INCIDENT_MINUTES = 60
"""Long enough for a window of ten minutes and a wait of three, on a busy machine."""

CONSEQUENCES = {"ModelClassJump", "ModelOutputJump"}
"""Pages that follow from bad inputs."""

StartService = Callable[[str], Service]


def test_an_hour_of_healthy_flights_is_quiet_and_a_changed_unit_is_one_page(stack: Stack, start_service: StartService):
    service = start_service("unit-change")
    replay = Replay(service.address)
    traffic = minutes(load_flights(), BEGINS, ROWS_A_MINUTE)

    for _ in paced(replay, islice(traffic, HEALTHY_MINUTES)):
        pass
    assert_quiet(stack, service.name)

    for _ in paced(replay, map(delay_in_seconds, islice(traffic, INCIDENT_MINUTES))):
        if stack.notifier.inhibited(service.name) == CONSEQUENCES and stack.webhook.firing(service.name):
            break
    page = paged(stack, "ModelInputProblems", service.name, first_step="What did we change?")
    assert "values of the input dep_delay" in page.annotations["description"]
    assert "out_of_range" in page.annotations["description"]

    # The answers are others, too: that follows from it, and nobody is told.
    assert stack.notifier.inhibited(service.name) == CONSEQUENCES
    assert {alert.name for alert in stack.webhook.firing(service.name)} == {page.name}
    # Latency and errors stay green: that is why nobody would have noticed.
    assert stack.ask.alerts_fired(service.name) == CONSEQUENCES | {page.name}


def test_a_model_that_is_not_called_any_more_pages(stack: Stack, start_service: StartService, july: list[Flight]):
    service = start_service("not-called")
    Replay(service.address).send(july[:3000], batch=20, seconds=5 * MINUTE)

    await_until(
        "the page arrives",
        lambda: stack.webhook.first("ModelNoCalls", service.name),
        within=INCIDENT_MINUTES * MINUTE,
    )
    page = paged(stack, "ModelNoCalls", service.name, first_step="Do figures arrive at all?")
    assert "Nobody has called the model for 10m" in page.annotations["description"]
    assert "it runs, and nobody asks it" in page.annotations["description"]


def test_every_metric_that_the_rules_ask_for_is_one_that_the_service_reports(
    stack: Stack, start_service: StartService, july: list[Flight]
):
    service = start_service("names")
    Replay(service.address).send(july[:100], batch=20)
    reported = await_until("metrics arrive", lambda: stack.ask.metrics(service.name), within=INCIDENT_MINUTES * MINUTE)

    rules = "".join(file.read_text(encoding="utf-8") for file in shipped_rules())
    named = set(re.findall(r"(?<![\w:])ml_\w+(?=\{)", rules))
    assert "ml_prediction_value_bucket" in named
    only_after_failures = {metric for metric in named if metric.startswith("ml_monitor_")}
    assert named - only_after_failures <= reported


def assert_quiet(stack: Stack, job: str) -> None:
    """No alert has fired, although the rules have seen the service: silence alone would prove nothing."""
    for figure in (
        "job_model:ml_prediction_value:moved_hour_before",
        "job_model_input:ml_input_values:excess_bad_share",
        "job_model:ml_prediction_duration:total10m",
    ):
        assert stack.ask.query(f'{figure}{{job="{job}"}}'), figure
    assert stack.ask.alerts_fired(job) == set()
    assert stack.webhook.firing(job) == []


def paged(stack: Stack, name: str, job: str, first_step: str) -> Alert:
    """Return the page: it names the model, and its link leads to what to do first."""
    page = stack.webhook.first(name, job)
    assert page is not None, f"no page; fired: {stack.ask.alerts_fired(job)}"
    assert page.receiver == "page"
    assert page.labels["ml_model_name"] == "flight-delay"
    assert page.annotations["runbook_url"] == f"runbook/{RUNBOOK.name}#{name.lower()}"
    steps = first_steps(section(RUNBOOK.read_text(encoding="utf-8"), name))
    assert steps[0].startswith(first_step)
    return page
