"""Quality checks: every rule, a service's own functions, and what they leave: passes, fails, numbers, marked spans."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import otel_mlmon
from otel_mlmon import safety
from otel_mlmon.config.checks import (
    AgreesWith,
    Ambiguous,
    Changed,
    Check,
    Direction,
    Fallback,
    Monotone,
    RankOf,
    Rule,
)
from otel_mlmon.config.schema import Configuration, ModelRule, Segments
from otel_mlmon.observe.checks import functions
from tests.collected import Collected

Outcomes = dict[str, int]


@pytest.fixture(autouse=True)
def _no_checks_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functions.registry, "_checks", {})
    monkeypatch.setattr(functions.registry, "version", functions.registry.version + 1)


@pytest.fixture
def with_checks(instrument: Callable[..., Collected]) -> Callable[..., Collected]:
    """Return a function that instruments with checks of the model ``m``."""

    def start(*checks: Check, spans: str = "child", **more: Any) -> Collected:
        return instrument(Configuration(models=(ModelRule(name="m", checks=checks, **more),)), spans=spans)

    return start


def answers(value: Any, kind: Any = None, inputs: Any = None) -> None:
    """Make the model ``m`` answer with a value."""
    with otel_mlmon.prediction("m", inputs=inputs) as call:
        call.output(value, kind=kind)


def outcomes(collected: Collected, check: str = "c", **attributes: str) -> Outcomes:
    return {
        point.attributes["ml.quality.outcome"]: point.count
        for point in collected.points("ml.quality.checks", ml_quality_check=check, **attributes)
    }


SCORES = np.array([0.1, 0.5, 0.95, np.nan])
RULES: dict[str, tuple[Rule, Any, Any, Outcomes]] = {
    "above": (Rule(above=0.9), SCORES, None, {"fail": 1, "pass": 3}),
    "below": (Rule(below=0.2), SCORES, None, {"fail": 1, "pass": 3}),
    "between": (Rule(between=(0.4, 0.6)), SCORES, None, {"fail": 1, "pass": 3}),
    "outside": (Rule(outside=(0.2, 0.9)), SCORES, None, {"fail": 2, "pass": 2}),
    "a missing value": (Rule(missing=True), SCORES, None, {"fail": 1, "pass": 3}),
    "a missing label": (Rule(missing=True), ["a", "", None], "label", {"fail": 2, "pass": 1}),
    "a missing answer": (Rule(missing=True), None, None, {"fail": 1}),
    "an empty text": (Rule(missing=True), "", None, {"fail": 1}),
    "no results": (Rule(missing=True), [], None, {"fail": 1}),
    "a text": (Rule(missing=True), "there", None, {"pass": 1}),
    "class in": (Rule(class_in=("spam", 3)), ["spam", "ham", "3"], "label", {"fail": 2, "pass": 1}),
    "truth values": (Rule(class_in=(True,)), [True, False], None, {"fail": 1, "pass": 1}),
    "ambiguous": (
        Rule(ambiguous=Ambiguous(confidence=0.6)),
        np.array([0.5, 0.45, 0.9, 0.1]),
        "probability",
        {"fail": 2, "pass": 2},
    ),
    "a small margin of two": (
        Rule(ambiguous=Ambiguous(margin=0.3)), np.array([0.6, 0.7]), "probability", {"fail": 1, "pass": 1}
    ),
    "a small margin of three": (
        Rule(ambiguous=Ambiguous(margin=0.3)),
        np.array([[0.4, 0.35, 0.25], [0.8, 0.1, 0.1]]),
        "probability",
        {"fail": 1, "pass": 1},
    ),
    "few results": (Rule(count_below=3), ["a", "b"], "results", {"fail": 1}),
    "enough results": (Rule(count_below=3), ["a", "b", "c"], "results", {"pass": 1}),
    "an unwanted result": (Rule(contains_any=("x", 7)), ["a", 7], "results", {"fail": 1}),
    "no unwanted result": (Rule(contains_any=("x", 7)), ["a", "b"], "results", {"pass": 1}),
    "duplicates": (Rule(duplicate_share=0.2), ["a", "b", "a", "a"], "results", {"fail": 1}),
    "no duplicates": (Rule(duplicate_share=0.2), ["a", "b", "c"], "results", {"pass": 1}),
    "the fallback": (Rule(fallback=Fallback(items=(1, 2, 3))), [1, 2], "results", {"fail": 1}),
    "not the fallback": (Rule(fallback=Fallback(items=(1, 2, 3))), [2, 1], "results", {"pass": 1}),
    "nothing is not the fallback": (Rule(fallback=Fallback(items=(1, 2, 3))), [], "results", {"pass": 1}),
    "the fallback's class": (
        Rule(fallback=Fallback(items=("other",))), ["other", "a"], "label", {"fail": 1, "pass": 1}
    ),
    "by a function": (
        Rule(fallback=Fallback(call=f"{__name__}:popular")), ["bread", "milk"], "results", {"fail": 1}
    ),
    "fast": (Rule(latency_above=10.0), SCORES, None, {"pass": 4}),
    "slow": (Rule(latency_above=1e-9), SCORES, None, {"fail": 4}),
    "nothing that the rule is about": (Rule(count_below=3), SCORES, None, {}),
}  # fmt: skip


def popular() -> list[str]:
    return ["bread", "milk", "tea"]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_fails_what_it_names_and_passes_the_rest(name: str, with_checks: Callable[..., Collected]) -> None:
    rule, value, kind, expected = RULES[name]
    collected = with_checks(Check("c", rule))
    answers(value, kind)
    assert outcomes(collected) == expected
    (span,) = collected.spans()
    if value is not None and not isinstance(value, str):
        failed = "fail" in expected
        assert span.attributes.get("ml.quality.failed") == (("c",) if failed else None)
        assert span.attributes.get("ml.review") == (True if failed else None)


@pytest.mark.parametrize("name", RULES)
def test_answers_that_wait_are_judged_the_same(name: str, with_checks: Callable[..., Collected]) -> None:
    rule, value, kind, expected = RULES[name]
    collected = with_checks(Check("c", rule), spans="off")
    for _ in range(7):
        answers(value, kind)
    assert outcomes(collected) == {outcome: 7 * count for outcome, count in expected.items()}


def test_a_rule_can_be_about_one_output_of_several(with_checks: Callable[..., Collected]) -> None:
    collected = with_checks(Check("c", Rule(above=1.0), output="price"), Check("any", Rule(above=1.0)))

    @otel_mlmon.monitor(name="m", output=["price", "risk"])
    def offer(price: float, risk: float) -> dict[str, float]:
        return {"price": price, "risk": risk}

    offer(2.0, 0.5)
    offer(0.5, 2.0)
    assert outcomes(collected) == {"fail": 1, "pass": 1}
    assert outcomes(collected, "any") == {"fail": 2}


def test_rows_are_counted_in_their_segments_and_sums_are_exact(with_checks: Callable[..., Collected]) -> None:
    collected = with_checks(Check("c", Rule(above=0.5)), segments=Segments(columns=("country",)), spans="off")
    frame = pd.DataFrame({"country": ["DE", "FR", "DE", "IT"]})
    for _ in range(3):
        answers(np.array([0.9, 0.1, 0.2, 0.8]), inputs=frame)
    assert outcomes(collected, ml_segment_country="DE") == {"fail": 3, "pass": 3}
    assert outcomes(collected, ml_segment_country="FR") == {"pass": 3}
    assert outcomes(collected, ml_segment_country="IT") == {"fail": 3}


def test_the_rank_of_a_known_item_is_measured_and_judged(with_checks: Callable[..., Collected]) -> None:
    collected = with_checks(Check("c", Rule(rank_of=RankOf(item="favourite", within=2))))
    for ranking in (["a", "b", "c"], ["b", "a", "c"], ["c", "b", "a"], ["c"]):
        with otel_mlmon.context(favourite="a"):
            answers(ranking, "results")
    answers(["a"], "results")
    with otel_mlmon.context(favourite=None):
        answers(["a"], "results")
    assert outcomes(collected) == {"fail": 2, "pass": 2}
    (point,) = collected.points("ml.quality.value", ml_quality_check="c")
    assert (point.count, point.sum) == (3, 1 + 2 + 3)


def test_a_known_item_is_not_among_no_results(with_checks: Callable[..., Collected]) -> None:
    collected = with_checks(Check("c", Rule(rank_of=RankOf(item="favourite"))))
    with otel_mlmon.context(favourite="a"):
        answers([], "results")
    assert outcomes(collected) == {"fail": 1}
    assert collected.points("ml.quality.value") == []


def test_a_known_item_may_be_a_column_of_the_inputs(with_checks: Callable[..., Collected]) -> None:
    collected = with_checks(Check("c", Rule(rank_of=RankOf(item="favourite", within=1))))
    answers(["a", "b"], "results", inputs={"favourite": "b"})
    assert outcomes(collected) == {"fail": 1}


def test_the_same_answer_to_different_inputs_is_constant_and_to_the_same_one_is_not(
    with_checks: Callable[..., Collected],
) -> None:
    collected = with_checks(Check("c", Rule(constant=3)))
    for number in (1.0, 1.0, 1.0, 1.0, 2.0):
        answers(0.5, inputs=np.array([[number]]))
    assert outcomes(collected) == {"pass": 5}
    answers(0.5, inputs=np.array([[3.0]]))
    answers(0.5, inputs=np.array([[4.0]]))
    assert outcomes(collected) == {"pass": 5, "fail": 2}
    answers(0.25, inputs=np.array([[5.0]]))
    assert outcomes(collected) == {"pass": 6, "fail": 2}
    answers(np.full(5, 0.75), inputs=np.arange(10.0).reshape(5, 2))
    assert outcomes(collected) == {"pass": 8, "fail": 5}


def test_an_answer_that_differs_from_the_last_one_for_its_key_has_changed(
    with_checks: Callable[..., Collected],
) -> None:
    collected = with_checks(Check("c", Rule(changed=Changed(key="user", tolerance=0.1))))
    for user, value in (("a", 0.5), ("b", 0.9), ("a", 0.55), ("b", 0.1), ("b", 0.1)):
        with otel_mlmon.context(user=user):
            answers(value)
    assert outcomes(collected) == {"pass": 2, "fail": 1}


def baseline(inputs: dict[str, Any]) -> list[float]:
    return [inputs["number"]]


def baseline_label(inputs: dict[str, Any]) -> list[str]:
    return ["late" if inputs["number"] > 1 else "early"]


def test_a_model_is_compared_with_a_function_of_its_inputs(with_checks: Callable[..., Collected]) -> None:
    scores = Check("c", Rule(agrees_with=AgreesWith(call=f"{__name__}:baseline", tolerance=0.2)))
    labels = Check("labels", Rule(agrees_with=AgreesWith(call=f"{__name__}:baseline_label")))
    collected = with_checks(scores, labels)
    answers(0.5, inputs={"number": 0.6})
    answers(0.5, inputs={"number": 0.9})
    answers("late", "label", inputs={"number": 0.9})
    # What is compared with a label is a label, too.
    assert outcomes(collected) == {"pass": 1, "fail": 2}
    assert outcomes(collected, "labels") == {"fail": 1}
    assert collected.count("ml.quality.value", ml_quality_check="c") == 2


def test_champion_and_challenger_are_compared_by_key_whichever_answers_last(
    instrument: Callable[..., Collected],
) -> None:
    check = Check("shadow", Rule(agrees_with=AgreesWith(model="challenger", key="request", tolerance=0.1)))
    rules = (ModelRule(match=otel_match("champion"), name="champion", checks=(check,)),)
    collected = instrument(Configuration(models=rules))

    def answer(model: str, request: int, value: float) -> None:
        with otel_mlmon.context(request=request), otel_mlmon.prediction(model) as call:
            call.output(value)

    for request, (champion, challenger) in enumerate([(0.5, 0.55), (0.5, 0.9), (0.1, 0.1)]):
        answer("champion", request, champion)
        answer("challenger", request, challenger)
    answer("challenger", 7, 0.5)
    answer("champion", 7, 0.9)
    answer("champion", 8, 0.9)
    assert outcomes(collected, "shadow", ml_model_name="challenger") == {"pass": 2, "fail": 1}
    assert outcomes(collected, "shadow", ml_model_name="champion") == {"fail": 1}


def otel_match(name: str) -> Any:
    from otel_mlmon.config.schema import Match

    return Match(name=name)


def test_a_score_that_falls_as_an_input_rises_is_found_by_asking_again_off_the_request(
    instrument: Callable[..., Collected],
) -> None:
    from sklearn.base import BaseEstimator, RegressorMixin

    class Credit(RegressorMixin, BaseEstimator):
        def predict(self, inputs: Any) -> Any:
            return np.minimum(inputs[:, 0], 2.0 - inputs[:, 0])

    rule = Monotone(input=0, step=0.5, direction=Direction.RISING, share=1.0)
    configured = ModelRule(name="m", checks=(Check("c", Rule(monotone=rule)),))
    collected = instrument(Configuration(models=(configured,)))
    Credit().predict(np.array([[0.1], [0.2], [1.5]]))
    deadline = time.monotonic() + 10
    while sum(outcomes(collected).values()) < 3:
        assert time.monotonic() < deadline
    assert outcomes(collected) == {"pass": 2, "fail": 1}
    assert collected.count("ml.prediction.duration") == 1


SAID: dict[str, tuple[Any, Outcomes, int]] = {
    "a truth value": (True, {"pass": 2}, 0),
    "a truth value a row": ([True, False], {"pass": 1, "fail": 1}, 0),
    "an array": (np.array([False, False]), {"fail": 2}, 0),
    "a number": (3, {"pass": 2}, 2),
    "a number a row": ([1.0, 2.0], {"pass": 2}, 2),
    "a result": (otel_mlmon.CheckResult(passed=[True, False], value=2.5), {"pass": 1, "fail": 1}, 2),
    "a result without a verdict": (otel_mlmon.CheckResult(value=[1.0, 2.0]), {"pass": 2}, 2),
    "nothing": (None, {}, 0),
}


@pytest.mark.parametrize("name", SAID)
def test_a_function_says_whether_the_call_is_all_right(name: str, telemetry: Collected) -> None:
    said, expected, numbers = SAID[name]

    @otel_mlmon.check("c", model="m*")
    def say(answered: otel_mlmon.Answered) -> Any:
        return said

    answers(np.array([0.1, 0.2]))
    assert outcomes(telemetry) == expected
    assert telemetry.count("ml.quality.value") == numbers


def test_a_function_is_given_all_that_is_known_of_the_call(telemetry: Collected) -> None:
    given: list[otel_mlmon.Answered] = []
    otel_mlmon.check("c", model="m")(lambda answered: given.append(answered) or None)
    inputs = {"country": "DE"}
    with otel_mlmon.context(user="u-1"), otel_mlmon.segment(client="ios"):
        answers(np.array([0.25]), "probability", inputs)
    answers(["a", "b"], "results")
    first, second = given
    assert (first.model, first.operation, first.rows, first.inputs) == ("m", "predict", 1, inputs)
    assert (first.values[""].tolist(), first.classes) == ([0.25], {"": ["0"]})
    assert (dict(first.context), dict(first.segments)) == ({"user": "u-1"}, {"client": "ios"})
    assert first.seconds > 0
    assert (second.results.tolist(), second.items.tolist()) == ([2.0], [["a", "b"]])


def test_a_function_that_is_defined_after_the_first_calls_is_asked_from_then_on(
    instrument: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otel_mlmon.observe.channel.NANOSECONDS_BETWEEN_LOOKS", 0)
    collected = instrument(spans="off")
    for _ in range(5):
        answers(0.5)
    otel_mlmon.check("c", model="m")(lambda answered: True)
    for _ in range(5):
        answers(0.5)
    assert outcomes(collected) == {"pass": 5}


def test_a_function_at_a_place_in_the_file_is_asked(with_checks: Callable[..., Collected]) -> None:
    collected = with_checks(Check("c", call=f"{__name__}:is_small"))
    answers(0.5)
    answers(5.0)
    assert outcomes(collected) == {"pass": 1, "fail": 1}


def is_small(answered: otel_mlmon.Answered) -> bool:
    return bool(answered.values[""][0] < 1)


@pytest.fixture
def lenient() -> Iterator[None]:
    safety.set_strict(False)
    yield
    safety.set_strict(True)


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("said", [ValueError("secret"), "text", [True, False, True]], ids=["raises", "text", "length"])
def test_a_function_that_raises_or_says_nonsense_is_our_error_and_never_a_fail(said: Any, telemetry: Collected) -> None:
    def say(answered: otel_mlmon.Answered) -> Any:
        if isinstance(said, Exception):
            raise said
        return said

    otel_mlmon.check("c", model="m")(say)
    answers(np.array([0.1, 0.2]))
    assert outcomes(telemetry) == {}
    assert telemetry.count("ml.monitor.errors", ml_monitor_stage="check") == 1
    assert telemetry.count("ml.prediction.value") == 2


@pytest.mark.usefixtures("lenient")
def test_a_function_that_is_not_there_is_our_error_and_other_checks_go_on(
    with_checks: Callable[..., Collected],
) -> None:
    collected = with_checks(Check("gone", call="no_such_module:check"), Check("c", Rule(above=0.4)))
    answers(0.5)
    assert outcomes(collected) == {"fail": 1}
    assert collected.count("ml.monitor.errors", ml_monitor_stage="check") == 1


def test_a_function_over_its_budget_is_asked_about_a_random_share_and_its_fail_share_stays_unbiased(
    instrument: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("otel_mlmon.observe.checks.budget.perf_counter", lambda: clock[0])
    random.seed(3)
    collected = instrument(spans="off")

    @otel_mlmon.check("c", model="m", budget=0.001)
    def slow(answered: otel_mlmon.Answered) -> bool:
        clock[0] += 0.01
        return bool(answered.values[""][0] < 0.9)

    calls = 20_000
    for number in range(calls):
        answers(1.0 if number % 10 == 0 else 0.0)
    found = outcomes(collected)
    asked = sum(found.values())
    assert asked / calls == pytest.approx(0.1, rel=0.1)
    assert asked + collected.count("ml.quality.skipped") == calls
    # Three standard deviations of a share of a tenth among two thousand.
    assert found["fail"] / asked == pytest.approx(0.1, abs=3 * (0.1 * 0.9 / asked) ** 0.5)


WRONG: dict[str, Callable[[], object]] = {
    "no name": lambda: otel_mlmon.check(""),
    "a share above one": lambda: otel_mlmon.check("c", usual=5),
    "no budget": lambda: otel_mlmon.check("c", budget=0),
    "no function": lambda: otel_mlmon.check("c")(3),
    "nothing said": otel_mlmon.context,
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_an_error_when_it_is_written(name: str) -> None:
    with pytest.raises((TypeError, ValueError), match=r"check\(|context\("):
        WRONG[name]()


def test_a_check_leaves_no_input_and_nothing_that_was_said(with_checks: Callable[..., Collected]) -> None:
    collected = with_checks(Check("c", Rule(rank_of=RankOf(item="favourite"))))
    with otel_mlmon.context(favourite="item-secret"):
        answers(["item-secret", "item-other"], "results", inputs={"user": "user-secret"})
    text = repr(
        [point.attributes for metric in ("ml.quality.checks", "ml.result.count") for point in collected.points(metric)]
    )
    assert "secret" not in text + repr([dict(span.attributes) for span in collected.spans()])
