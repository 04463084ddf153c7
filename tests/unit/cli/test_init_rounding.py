"""Numbers that data has become numbers that people can read, and hold what they must hold."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from otel_mlmon.cli.init.document import match_of, name_of, share
from otel_mlmon.cli.init.profile import MIDDLE
from otel_mlmon.cli.init.rounding import MAX_BOUNDARIES, about, lower_end, nice_step, readable_boundaries, upper_end

numbers = some.floats(-1e9, 1e9, allow_nan=False)


@pytest.mark.parametrize(
    ("size", "step"), [(1.0, 1.0), (4.9, 2.0), (5.0, 5.0), (99.0, 50.0), (0.03, 0.02), (1e-7, 1e-7)]
)
def test_a_step_is_the_largest_nice_one(size: float, step: float) -> None:
    assert nice_step(size) == step


@pytest.mark.parametrize(
    ("median", "low", "high", "ends"),
    [
        (-2.0, -18.1, 412.0, (-30.0, 700.0)),
        (55.0, 12.1, 93.3, (0.0, 120.0)),
        (0.5, 0.4, 0.6, (0.34, 0.66)),
        (7.0, 7.0, 7.0, (7.0, 7.0)),
    ],
)
def test_ranges_are_what_a_person_would_write(
    median: float, low: float, high: float, ends: tuple[float, float]
) -> None:
    assert (lower_end(median, low, low - 5), upper_end(median, high, high + 5)) == ends


@given(some.lists(numbers, min_size=3, max_size=3).map(sorted))
def test_a_range_holds_nearly_all_numbers(ordered: list[float]) -> None:
    low, median, high = ordered
    slack = 1e-9 * max(1.0, *map(abs, ordered))
    assert lower_end(median, low, -1e10) <= low + slack
    assert upper_end(median, high, 1e10) >= high - slack


def test_no_range_and_no_boundary_goes_below_zero_where_no_number_does() -> None:
    assert lower_end(3.0, 0.2, 0.1) == 0.0
    assert upper_end(-3.0, -0.2, -0.1) == 0.0
    assert min(readable_boundaries(np.linspace(1, 90, len(MIDDLE)).tolist(), 0.0)) >= 0.0


@given(some.lists(numbers, min_size=len(MIDDLE), max_size=len(MIDDLE)).map(sorted))
def test_boundaries_are_few_and_ascend(quantiles: list[float]) -> None:
    boundaries = readable_boundaries(quantiles, quantiles[0])
    assert 1 <= len(boundaries) <= MAX_BOUNDARIES
    assert all(a < b for a, b in pairwise(boundaries))


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (0.0, "0 %"),
        (0.00001, "< 0.01 %"),
        (0.0006, "0.06 %"),
        (0.036, "3.6 %"),
        (0.36, "36 %"),
        (0.9999, "> 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_shares_are_said_as_people_say_them(part: float, text: str) -> None:
    assert share(part) == text


@pytest.mark.parametrize(("number", "text"), [(4983.2, "5,000"), (-18.12, "-18"), (0.0123, "0.012"), (0.0, "0")])
def test_numbers_are_said_as_people_say_them(number: float, text: str) -> None:
    assert about(number) == text


@pytest.mark.parametrize(
    ("file", "name", "pattern"),
    [
        ("delay.joblib", "delay", "*/delay.joblib"),
        ("flight-delay-2026-11.joblib", "flight-delay", "*/flight-delay-*.joblib"),
        ("delay_v3.pkl", "delay", "*/delay_*.pkl"),
        ("resnet50.onnx", "resnet50", "*/resnet50.onnx"),
        ("2026.onnx", "2026", "*/2026.onnx"),
        ("a[1].onnx", "a[1]", "*/a[[]1].onnx"),
        ("model.tar.gz", "model", "*/model.tar.gz"),
    ],
)
def test_a_file_and_its_later_versions_are_one_model(file: str, name: str, pattern: str) -> None:
    assert name_of(Path("/models") / file) == name
    assert match_of(Path("/models") / file, name) == {"path": pattern}
