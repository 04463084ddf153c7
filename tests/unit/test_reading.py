"""However an answer is read, by row or by batch, it says the same; and segments stay bounded and exact."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_mlmon.config.schema import Limits, Output, OutputKind
from otel_mlmon.config.segments import Segments
from otel_mlmon.observe.answers import Answer, Labels, Probabilities, Scores
from otel_mlmon.observe.factorize import factorize
from otel_mlmon.observe.grouping import combinations, partition
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.model_segments import ModelSegments
from otel_mlmon.observe.one_row import OneRowReader
from otel_mlmon.observe.rows import read_rows

number = st.floats(allow_nan=False, allow_infinity=False)
weights = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=12)


def distribution(row: list[float]) -> Probabilities:
    total = math.fsum(row)
    return Probabilities(np.array([[value / total for value in row]]), np.arange(len(row)))


answers = (
    number.map(lambda value: Scores(np.array([value])))
    | st.integers(-5, 5).map(lambda value: Scores(np.array([value])))
    | st.sampled_from([1, 2.0, 2.5, True, "yes", "ä" * 300]).map(lambda label: Labels(np.array([label])))
    | weights.map(distribution)
    | weights.map(lambda row: Probabilities(np.array([row]), [f"class {index}" for index in range(len(row))]))
)
outputs = st.builds(
    Output,
    kind=st.sampled_from([None, *OutputKind]),
    positive_class=st.sampled_from([None, 0, 1, "no such"]),
    classes=st.sampled_from([(), ("0", "3")]),
    boundaries=st.sampled_from([None, (0.0, 0.5)]),
)


@given(answer=answers, output=outputs)
def test_an_answer_of_one_row_says_the_same_read_either_way(answer: Answer, output: Output) -> None:
    row, rows = OneRowReader(output).read(answer), read_rows(answer, output)
    assert rows is not None
    if row is None:
        return
    assert rows.count == 1
    assert [(column.name, column.numbers.tolist()) for column in rows.values] == [(n, [v]) for n, v in row.values]
    assert [column.numbers.tolist() for column in rows.confidence] == [
        [value] for value in (row.confidence,) if value is not None
    ]
    texts = [column.factors.texts[column.factors.codes[0]] for column in rows.classes]
    assert texts == [text for text in (row.label,) if text is not None]


@pytest.mark.parametrize(
    ("label", "text"),
    [(1, "1"), (1.0, "1"), (1.5, "1.5"), (True, "true"), (np.int64(3), "3"), (None, "missing"), (math.nan, "missing")],
)
def test_labels_are_the_same_text_whatever_type_they_come_in(label: object, text: str) -> None:
    assert label_text(label) == text


rows_of_three = st.lists(st.tuples(*(st.integers(0, 30).map(str) for _ in range(3))), min_size=1, max_size=300)


@given(rows=rows_of_three, max_values=st.integers(1, 6), limit=st.integers(1, 20))
def test_folding_keeps_totals_and_the_first_keys_sums_exact_and_the_number_bounded(
    rows: list[tuple[str, str, str]], max_values: int, limit: int
) -> None:
    table = ModelSegments(Segments(max_values=max_values), Limits(combinations=limit)).of_rows
    resolved = [table.resolve(tuple(zip("abc", row, strict=True)))[0] for row in rows]
    first_seen = list(dict.fromkeys(row[0] for row in rows))[:max_values]
    expected = Counter(row[0] if row[0] in first_seen else "other" for row in rows)
    assert Counter(dict(pairs)["a"] for pairs in resolved) == expected
    assert len(set(resolved)) <= limit + max_values + 1
    for key in "abc":
        assert len({dict(pairs)[key] for pairs in resolved} - {"other"}) <= max_values
    again = [table.resolve(tuple(zip("abc", row, strict=True)))[0] for row in rows]
    assert set(again) <= set(resolved) | {(("a", pairs[0][1]), ("b", "other"), ("c", "other")) for pairs in resolved}


@given(rows=rows_of_three)
def test_groups_hold_each_row_once_and_under_its_values(rows: list[tuple[str, str, str]]) -> None:
    columns = tuple((key, factorize([row[index] for row in rows])) for index, key in enumerate("abc"))
    codes, pairs = combinations(columns)
    parts = partition(codes, len(pairs), lambda code, _rows: pairs[code])
    assert sum(parts.sizes) == len(rows)
    members = np.repeat(np.arange(len(parts.members)), parts.sizes)
    found = {
        row: tuple(text for _, text in parts.members[member])
        for row, member in zip(parts.sort(np.arange(len(rows))).tolist(), members.tolist(), strict=True)
    }
    assert [found[index] for index in range(len(rows))] == rows


@given(codes=st.lists(st.integers(0, 5), min_size=1, max_size=50))
def test_combinations_that_belong_together_are_one_group(codes: list[int]) -> None:
    even, odd = object(), object()
    parts = partition(np.array(codes), 6, lambda code, _rows: odd if code % 2 else even)
    sizes = dict(zip(parts.members, parts.sizes.tolist(), strict=True))
    expected = {even: sum(code % 2 == 0 for code in codes), odd: sum(code % 2 for code in codes)}
    assert sizes == {member: size for member, size in expected.items() if size}


def test_segment_keys_without_end_are_dropped() -> None:
    table = ModelSegments(Segments(), Limits()).of_calls
    seen = {table.resolve(((f"key{index}", "x"),))[0] for index in range(100)}
    assert len(seen) == 17
