"""Every kind of column comes apart into codes and texts, and back together into its values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_mlmon.observe.factorize import MAX_CATEGORIES, MIN_FOR_HASHING, Factors, factorize
from otel_mlmon.observe.grouping import partition
from otel_mlmon.observe.labels import label_text

ROWS = 4 * MIN_FOR_HASHING


def texts_of(factors: Factors | None) -> list[str]:
    assert factors is not None
    return [factors.texts[code] for code in factors.codes]


@given(st.lists(st.sampled_from(["a", "b", "", None, math.nan, 1, 2.0, "c"])))
def test_a_list_of_anything(values: list[object]) -> None:
    assert texts_of(factorize(values)) == [label_text(value) for value in values]


ARRAYS = {
    "text": np.array(["early", "late", "cancelled", "é", ""]),
    "long text": np.array(["a" * 99, "a" * 98 + "b", "b"]),
    "bytes": np.array([b"ab", b"b", b"abc"]),
    "integers": np.array([3, -1, 2**40]),
    "small integers": np.array([3, 200, 0], dtype=np.uint8),
    "numbers": np.array([0.5, -0.0, 0.0, np.nan, 1e300]),
    "short numbers": np.array([0.5, 2.0], dtype=np.float32),
    "truth": np.array([True, False]),
    "days": np.array(["2026-11-24", "2026-11-25"], dtype="datetime64[D]"),
    "objects": np.array(["a", None, 3], dtype=object),
}


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("rows", [1, 5, ROWS])
def test_an_array(kind: str, rows: int) -> None:
    values = ARRAYS[kind]
    array = values[np.random.default_rng(7).integers(0, len(values), rows)]
    assert texts_of(factorize(array)) == [label_text(value) for value in array.tolist()]


@pytest.mark.parametrize("different", [2, 300, ROWS])
def test_an_array_of_many_different_values(different: int) -> None:
    array = np.random.default_rng(7).integers(0, different, ROWS) * 65_536
    assert texts_of(factorize(array)) == [str(value) for value in array.tolist()]


def test_a_column_of_a_matrix() -> None:
    matrix = np.random.default_rng(7).integers(0, 5, (ROWS, 3)).astype(np.float64)
    assert texts_of(factorize(matrix[:, 1])) == [str(int(value)) for value in matrix[:, 1].tolist()]


TEXTS = ("JFK", "LGA", None, "EWR", "")


def _polars_enum(texts: Sequence[str | None]) -> pl.Series:
    return pl.Series(texts, dtype=pl.Enum(["never", "EWR", "", "LGA", "JFK"]))


COLUMNS: dict[str, Callable[[Sequence[str | None]], object]] = {
    "pandas text": pd.Series,
    "pandas objects": lambda texts: pd.Series(texts, dtype=object),
    "pandas categories": lambda texts: pd.Series(pd.Categorical(texts, ["never", "EWR", "", "LGA", "JFK"])),
    "pandas many categories": lambda texts: pd.Series(
        pd.Categorical(texts, [*map(str, range(MAX_CATEGORIES)), "EWR", "", "LGA", "JFK"])
    ),
    "pandas on Arrow": lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
    "pandas index": pd.Index,
    "Arrow array": pa.array,
    "Arrow chunks": lambda texts: pa.chunked_array([texts[:7], texts[7:]]),
    "Arrow dictionary": lambda texts: pa.array(texts).dictionary_encode(),
    "Arrow chunks of dictionaries": lambda texts: pa.chunked_array(
        [pa.array(texts[:7]).dictionary_encode(), pa.array(texts[7:]).dictionary_encode()]
    ),
    "polars text": pl.Series,
    "polars categories": lambda texts: pl.Series(texts, dtype=pl.Categorical),
    "polars enumeration": _polars_enum,
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_of_text(kind: str) -> None:
    texts = [TEXTS[index] for index in np.random.default_rng(7).integers(0, len(TEXTS), ROWS)]
    assert texts_of(factorize(COLUMNS[kind](texts))) == [label_text(text) for text in texts]


OTHERS: dict[str, Callable[[], object]] = {
    "pandas integers with gaps": lambda: pd.Series([1, None, 2], dtype="Int64"),
    "pandas truth": lambda: pd.Series([True, False]),
    "Arrow integers with gaps": lambda: pa.array([1, None, 2]),
    "Arrow truth": lambda: pa.array([True, None, False]),
    "polars integers with gaps": lambda: pl.Series([1, None, 2]),
    "polars truth": lambda: pl.Series([True, None, False]),
    "polars nothing": lambda: pl.Series([None, None]),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_column_of_other_values(kind: str) -> None:
    column = OTHERS[kind]()
    values: list[object] = column.to_list() if hasattr(column, "to_list") else column.to_pylist()  # type: ignore[attr-defined]
    assert texts_of(factorize(column)) == [
        "missing" if value is None or value is pd.NA else label_text(value) for value in values
    ]


def test_where_not_all_combinations_can_have_a_name_the_frequent_ones_do() -> None:
    codes = np.repeat(np.arange(5), [1, 9, 3, 5, 7])
    asked: list[int] = []
    partition(codes, 5, lambda code, _rows: asked.append(code) or code)  # type: ignore[func-returns-value]
    assert asked == [1, 4, 3, 2, 0]
