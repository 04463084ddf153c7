"""The files that a configuration becomes."""

from __future__ import annotations

from collections.abc import Iterator

from otel_mlmon.backends.prometheus.alertmanager import alertmanager_file
from otel_mlmon.backends.prometheus.configured import slug
from otel_mlmon.backends.prometheus.model_rules import groups
from otel_mlmon.backends.prometheus.rules_file import rules_file
from otel_mlmon.backends.prometheus.runbook.page import page
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.unit_tests.tests_file import history_tests_file, tests_file

HEAD = """Recording and alerting rules of the model {model}, for Prometheus 3.0 or later.

Made from {configuration} and its baseline; do not edit: change those, and make it again by

    {command}

Each alert compares a measure with a threshold of models[].alerts, and says in its runbook_url what to do first.
Test them with: promtool test rules tests/{slug}*.test.yml"""


def files(subjects: tuple[Subject, ...], configuration: str, command: str) -> dict[str, str]:
    """Return all files by their path below the folder that is asked for.

    Parameters
    ----------
    configuration
        The file, as people name it.
    command
        That makes them again.
    """
    return dict(_files(subjects, configuration, command))


def _files(subjects: tuple[Subject, ...], configuration: str, command: str) -> Iterator[tuple[str, str]]:
    for subject in subjects:
        name = slug(subject.name)
        head = HEAD.format(model=subject.name, configuration=configuration, command=command, slug=name)
        yield f"rules/{name}.yml", rules_file(head, subject.name, groups(subject))
        yield f"tests/{name}.test.yml", tests_file(subject, f"../rules/{name}.yml")
        yield f"tests/{name}.history.test.yml", history_tests_file(subject, f"../rules/{name}.yml")
        yield f"runbook/{name}.md", page(subject)
    yield "alertmanager.yml", alertmanager_file()
