"""Thresholds are written into a configuration of which nothing else changes."""

from __future__ import annotations

from difflib import ndiff
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from otel_mlmon.config.alerts import Alerts, Objective
from otel_mlmon.config.document import Document, DocumentError, Position
from otel_mlmon.config.edit import with_alerts
from otel_mlmon.config.load import structure
from otel_mlmon.config.schema import Configuration

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*/mlmon.yaml"))


def configuration(text: str) -> Configuration:
    loaded = structure("mlmon.yaml", Document.parse(text))
    assert loaded.problems == ()
    return loaded.configuration


def changes(before: str, after: str) -> list[str]:
    lines = ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_an_example_gains_lines_and_keeps_its_own(file: Path) -> None:
    before = file.read_bytes().decode()
    after = with_alerts(before, 0, {"latency_ratio": 3.5, "rows": 50})
    alerts = configuration(after).models[0].alerts
    assert (alerts.latency_ratio, alerts.rows) == (3.5, 50)
    assert [line for line in changes(before, after) if line.startswith("-")] == []
    assert with_alerts(after, 0, {"latency_ratio": 3.5, "rows": 50}) == after


COMMENTED = """\
# head
models:
    - match: {path: "*/delay-*.joblib"}            # or class, framework, name
      name:   flight-delay
      output: {kind: probability,boundaries: [0,
               0.5, 1]}   # two lines

      # about the next
    - name: other
spans: off
"""


def test_a_key_comes_after_the_last_one_and_before_the_comments_on_what_follows() -> None:
    before = COMMENTED
    after = with_alerts(before, 0, {"jump": 0.3})
    assert after == before.replace(
        "0.5, 1]}   # two lines\n", "0.5, 1]}   # two lines\n      alerts:\n        jump: 0.3\n"
    )
    assert configuration(after).models[0].alerts == Alerts(jump=0.3)
    assert with_alerts(before, 1, {"jump": 0.3}) == before.replace(
        "- name: other\n", "- name: other\n      alerts:\n        jump: 0.3\n"
    )


STYLES = {
    "a value that is there": (
        "models:\n- alerts:\n    jump: 0.9  # much\n    slo:\n      good: 0.9\n",
        "models:\n- alerts:\n    jump: 0.3  # much\n    slo:\n      good: 0.9\n",
    ),
    "after a nested block and its comments": (
        "models:\n- alerts:\n    slo:\n      good: 0.9  # nine\n      # more\nspans: off\n",
        "models:\n- alerts:\n    slo:\n      good: 0.9  # nine\n    jump: 0.3\n      # more\nspans: off\n",
    ),
    "braces": ("models: [{name: a, version: '1'}]", "models: [{name: a, version: '1', alerts: {jump: 0.3}}]"),
    "braces around alerts": (
        "models:\n- {name: a, alerts: {rows: 9 }}\n",
        "models:\n- {name: a, alerts: {rows: 9, jump: 0.3 }}\n",
    ),
    "a comma at the end": ("models: [{alerts: {rows: 9, }}]\n", "models: [{alerts: {rows: 9, jump: 0.3, }}]\n"),
    "empty braces": ("models: [{}]\n", "models: [{alerts: {jump: 0.3}}]\n"),
    "no end of the last line": ("models:\n- name: a", "models:\n- name: a\n  alerts:\n    jump: 0.3\n"),
    "a text of lines": (
        "models:\n- name: |-\n    a\nspans: off\n",
        "models:\n- name: |-\n    a\n  alerts:\n    jump: 0.3\nspans: off\n",
    ),
    "ends of lines of Windows": (
        "models:\r\n- name: a\r\nspans: off\r\n",
        "models:\r\n- name: a\r\n  alerts:\r\n    jump: 0.3\r\nspans: off\r\n",
    ),
    "a mark of the byte order": ("\ufeffmodels:\n- {name: é𝄞}\n", "\ufeffmodels:\n- {name: é𝄞, alerts: {jump: 0.3}}\n"),
    "an end of the document": (
        "---\nmodels:\n- name: a\n...\n",
        "---\nmodels:\n- name: a\n  alerts:\n    jump: 0.3\n...\n",
    ),
    "the key off": ("models:\n- alerts: {off: [drift]}\n", "models:\n- alerts: {off: [drift], jump: 0.3}\n"),
    "JSON": ('{"models": [{"name": "a"}]}', '{"models": [{"name": "a", alerts: {jump: 0.3}}]}'),
}


EMPTY = {
    "no alerts yet": ("- alerts:   # later\n", "- alerts: {jump: 0.3}   # later\n"),
    "null": ("- alerts: ~\n", "- alerts: {jump: 0.3}\n"),
    "the last value is empty": ("- name:\n# end\n", "- name:\n  alerts:\n    jump: 0.3\n# end\n"),
    "a rule that is empty": ("-\n- name: a\n", "-\n- name: a\n  alerts:\n    jump: 0.3\n"),
}
"""Below ``models``: editors would underline what is empty."""


@pytest.mark.parametrize("name", STYLES)
def test_each_style_is_kept(name: str) -> None:
    before, after = STYLES[name]
    assert with_alerts(before, 0, {"jump": 0.3}) == after
    assert configuration(after).models[0].alerts.jump == 0.3


@pytest.mark.parametrize("name", EMPTY)
def test_what_is_empty_is_filled_in(name: str) -> None:
    before, after = (f"models:\n{rules}" for rules in EMPTY[name])
    assert with_alerts(before, 0, {"jump": 0.3}) == after
    assert configuration(after).models[0].alerts.jump == 0.3


@given(
    jump=some.floats(min_value=0, max_value=1, exclude_min=True),
    overdispersion=some.floats(min_value=1, max_value=1e12),
    rows=some.integers(min_value=1, max_value=10**9),
)
def test_each_number_is_read_again_as_it_was(jump: float, overdispersion: float, rows: int) -> None:
    after = with_alerts("models: [{name: a}]", 0, {"jump": jump, "overdispersion": overdispersion, "rows": rows})
    alerts = configuration(after).models[0].alerts
    assert (alerts.jump, alerts.overdispersion, alerts.rows) == (jump, overdispersion, rows)


def test_an_objective_stays() -> None:
    after = with_alerts("models:\n- alerts:\n    slo: {good: 0.9}\n", 0, {"jump": 0.3, "rows": 50})
    assert configuration(after).models[0].alerts == Alerts(jump=0.3, rows=50, slo=Objective(good=0.9))


REFUSED = {
    "another model": ("models:\n- name: a\n", 1, 1, "there is no models[1]: the file has 1"),
    "no models": ("spans: off\n", 0, 1, "there is no models[0]: the file has 0"),
    "an alias": (
        "models:\n- alerts: &a {rows: 9}\n- alerts: *a\n",
        1,
        3,
        "models[1].alerts is what another place says (*): write its own values there first",
    ),
    "what an alias means": (
        "models:\n- alerts: &a {rows: 9}\n- alerts: *a\n",
        0,
        2,
        "models[0] shares its values with others (&, *, <<): write its own 'alerts' there first",
    ),
    "alerts that are merged": (
        "models:\n- &a {alerts: {rows: 9}}\n- {<<: *a, name: b}\n",
        1,
        3,
        "models[1] shares its values with others (&, *, <<): write its own 'alerts' there first",
    ),
    "a number": ("models:\n- name: a\n  alerts: 7\n", 0, 3, "models[0].alerts should be a mapping"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_change_more_is_refused_by_its_place(name: str) -> None:
    text, model, line, message = REFUSED[name]
    with pytest.raises(DocumentError) as caught:
        with_alerts(text, model, {"jump": 0.3})
    assert (str(caught.value), caught.value.position.line) == (message, line)


def test_a_value_that_may_not_be_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"models\[0\]\.alerts\.jump: 1\.5 should be a share") as caught:
        with_alerts("models:\n- name: a\n", 0, {"jump": 1.5})
    assert caught.value.position == Position(4, 5)
