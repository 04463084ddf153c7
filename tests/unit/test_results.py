"""Results of queries are the same numbers, whatever form they come in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_mlmon.observe.answers import Results
from otel_mlmon.observe.results import tabulate

WIDTH = 4
FOUND = st.lists(st.lists(st.floats(-1e6, 1e6), max_size=WIDTH), max_size=8)


def table(answer: Results) -> list[tuple[float, ...]]:
    read = tabulate(answer)
    assert read is not None
    return [tuple(None if math.isnan(number) else number for number in row) for row in read.values.tolist()]


def best(found: list[list[float]], pick: Any) -> list[tuple[float, ...]]:
    return [(len(scores), pick(scores) if scores else None) for scores in found]


@given(FOUND)
def test_what_fills_up_an_answer_of_fixed_width_is_no_result(found: list[list[float]]) -> None:
    is_result = np.array([[place < len(scores) for place in range(WIDTH)] for scores in found], dtype=bool)
    is_result = is_result.reshape(-1, WIDTH)
    filled = np.array([(scores + [3e38] * WIDTH)[:WIDTH] for scores in found]).reshape(-1, WIDTH)
    assert table(Results(is_result, filled)) == best(found, lambda scores: scores[0])


@given(FOUND)
def test_the_best_of_results_in_no_order_is_found(found: list[list[float]]) -> None:
    counts, scores = list(map(len, found)), np.array([score for one in found for score in one])
    assert table(Results(counts, scores, best="smallest")) == best(found, min)
    assert table(Results(counts, scores, best="largest")) == best(found, max)


@given(FOUND)
def test_an_array_a_query_says_the_same(found: list[list[float]]) -> None:
    scores = np.empty(len(found), dtype=object)
    for place, one in enumerate(found):
        scores[place] = np.array(one)
    assert table(Results(list(map(len, found)), scores, best="smallest")) == best(found, min)


@pytest.mark.parametrize(
    "scores", [None, [0.5], np.zeros((2, 0)), np.zeros((3, 2)), np.array(["a", "b"]), [[0.5, 1.0], [0.5]]]
)
def test_results_whose_scores_cannot_be_read_are_counted(scores: Any) -> None:
    assert table(Results([2, 0], scores)) == [(2,), (0,)]


@pytest.mark.parametrize("scores", [np.zeros(3), np.array(["a", "b"])])
def test_results_with_more_or_other_scores_than_there_are_results_are_counted(scores: Any) -> None:
    assert table(Results([2, 0], scores, best="smallest")) == [(2,), (0,)]


@pytest.mark.parametrize("counts", [None, "many", [[1, 2]], ["a"]])
def test_counts_that_are_none_are_not_read(counts: Any) -> None:
    assert tabulate(Results(counts)) is None
