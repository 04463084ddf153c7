"""Files for ``promtool test rules``, as text that people read and review."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import evolve, frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.model_rules import alerts, groups
from otel_mlmon.backends.prometheus.rule import Alert
from otel_mlmon.backends.prometheus.rules_file import scalar
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.unit_tests.incident import HOURS, MINUTES, Clock, Incident
from otel_mlmon.backends.prometheus.unit_tests.incidents import INCIDENTS
from otel_mlmon.backends.prometheus.unit_tests.traffic import Part, Phase, Traffic, histories
from otel_mlmon.backends.prometheus.unit_tests.usual import usual
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Matcher, Selector
from otel_mlmon.backends.promql.text import duration, text

HEAD: Final = """Tests of the alerts of the model {model}. Made with its rules; do not edit.

Each service below is what one alert is for: its traffic is usual, and then something happens that is said above its
series. Its alert must be silent before, and fire then. The service calm has usual traffic only."""

CALM: Final = "calm"
LONG: Final = 100_000
"""Of a line that is not broken."""


def tests_file(subject: Subject, rules: str) -> str:
    """Return the tests of alerts that an hour or two are enough for.

    Parameters
    ----------
    rules
        Path of the rules file, from the folder of this one.
    """
    return _file(subject, rules, MINUTES)


def history_tests_file(subject: Subject, rules: str) -> str:
    """Return the tests of alerts that look at a day, or compare with last week; rules are evaluated once an hour."""
    return _file(subject, rules, HOURS)


@frozen
class _Service:
    """A service to which an incident happens."""

    alert: Alert
    incident: Incident

    @property
    def name(self) -> str:
        """The value of ``job``."""
        return " ".join((self.alert.name, self.alert.severity.value, *self.alert.labels.values()))

    @property
    def firing(self) -> int:
        """Second at which the alert must fire."""
        return self.incident.fires(self.alert)


def _file(subject: Subject, rules: str, clock: Clock) -> str:
    services = [
        _Service(alert, incident)
        for alert in alerts(subject)
        for incident in [INCIDENTS[alert.name](subject, alert)]
        if incident.clock == clock
    ]
    end = max((service.firing for service in services), default=clock.begin)
    lines = [f"# {line}".rstrip() for line in HEAD.format(model=subject.name).split("\n")]
    lines += ["", f"rule_files: [{scalar(rules)}]", f"evaluation_interval: {duration(clock.evaluation)}"]
    # Else promtool takes any order, and a group sees nothing of those that come after it.
    order = (scalar(f"{subject.name} {group.name}") for group in groups(subject))
    lines += ["group_eval_order:", *(f"  - {name}" for name in order), "", "tests:"]
    lines += ["  - name: each alert fires for the service that it is about", f"    interval: {duration(clock.sample)}"]
    lines.append("    input_series:")
    looked_at = {metric for service in services for metric in service.incident.metrics}
    calm = _reported(subject, CALM, looked_at)
    lines += _series("nothing happens", (*_past(clock, calm), Phase(end - clock.start + clock.evaluation, calm)), clock)
    for service in services:
        said = f"{service.alert.name}: {service.incident.story}"
        lines += _series(said, tuple(_phases(subject, service, end)), clock)
    lines.append("    promql_expr_test:")
    for second in _quiet(clock):
        lines += _asked(Selector("ALERTS"), second)
    for service in services:
        lines += _fires(subject, service)
    lines += _asked(Selector("ALERTS", (Matcher(names.JOB, CALM),)), end)
    return "\n".join(lines) + "\n"


def _quiet(clock: Clock) -> Iterator[int]:
    """Return the seconds at which nothing is even pending: just begun, in full swing, and before the incidents."""
    yield from (clock.start + after for after in (2 * clock.evaluation, HOUR + clock.evaluation))
    yield clock.begin


def _series(said: str, phases: tuple[Phase, ...], clock: Clock) -> Iterator[str]:
    yield f"      # {said}"
    for history in histories(phases, clock.sample):
        yield f"      - series: {_quoted(history.series)}"
        yield f"        values: {_quoted(history.values)}"


def _past(clock: Clock, healthy: Traffic) -> tuple[Phase, ...]:
    """Return the week before; nothing lies between, as rules look only at both ends of a week."""
    if not clock.last_week:
        return ()
    return Phase(clock.last_week, healthy), Phase(clock.start - clock.last_week, ())


def _phases(subject: Subject, service: _Service, end: int) -> Iterator[Phase]:
    incident = service.incident
    clock, healthy = incident.clock, _reported(subject, service.name, set(incident.metrics))
    yield from _past(clock, healthy)
    before = clock.begin - clock.start
    if incident.before is not None:
        yield Phase(before - incident.before, ())
        before = incident.before
    yield Phase(before, healthy)
    *slowly, last = (_of_job(service.name, change(healthy)) for change in incident.changes)
    yield from (Phase(incident.step, each) for each in slowly)
    yield Phase(end + clock.evaluation - clock.begin - incident.step * len(slowly), last)


def _reported(subject: Subject, job: str, metrics: set[str]) -> Traffic:
    return _of_job(job, tuple(part for part in usual(subject) if part.family in metrics))


def _of_job(job: str, traffic: Traffic) -> Traffic:
    return tuple(_moved(part, job) for part in traffic)


def _moved(part: Part, job: str) -> Part:
    return evolve(part, labels=((names.JOB, job), *(pair for pair in part.labels if pair[0] != names.JOB)))


def _fires(subject: Subject, service: _Service) -> Iterator[str]:
    alert = service.alert
    model = {names.MODEL: subject.name} if names.MODEL in alert.level.labels else {}
    own = {"severity": alert.severity.value, "symptom": alert.symptom, **alert.labels}
    labels = {"alertname": alert.name, "alertstate": "firing", names.JOB: service.name}
    where = {label: value for label, value in service.incident.where.items() if label in alert.level.labels}
    firing = _alerts({**labels, **own, **model, **where})
    yield from _asked(_alerts({**labels, **own}), service.firing, text(firing, LONG))


def _asked(expression: Selector, second: int, *series: str) -> Iterator[str]:
    yield f"      - expr: {_quoted(text(expression, LONG))}"
    yield f"        eval_time: {second // MINUTE}m"
    if not series:
        yield "        exp_samples: []"
        return
    yield "        exp_samples:"
    yield from (f"          - {{labels: {_quoted(each)}, value: 1}}" for each in series)


def _alerts(labels: dict[str, str]) -> Selector:
    return Selector("ALERTS", tuple(Matcher(label, value) for label, value in labels.items()))


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
