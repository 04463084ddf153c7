"""The table finds the bucket that a search finds, for every float."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_mlmon.config.buckets import DURATION, NUMBER, PROBABILITY, ROWS, Layout
from otel_mlmon.emit.batch import GroupedValues, GroupOfValues
from otel_mlmon.emit.bucketing import MIN_FOR_TABLE, bucket_places

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("layout", [DURATION, NUMBER, PROBABILITY, ROWS], ids=lambda layout: layout.name)
def test_a_table_agrees_with_a_search_at_and_around_every_boundary(layout: Layout) -> None:
    bounds = np.array(layout.boundaries)
    odd = [0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, np.finfo(float).max, np.finfo(float).min]
    values = np.concatenate([bounds, np.nextafter(bounds, np.inf), np.nextafter(bounds, -np.inf), odd])
    values = np.resize(values, 2 * MIN_FOR_TABLE)
    assert (bucket_places(values, layout.boundaries) == np.searchsorted(bounds, values, side="left")).all()


@given(
    boundaries=st.lists(finite, min_size=1, max_size=20, unique=True).map(sorted),
    values=st.lists(finite, min_size=1, max_size=50),
)
def test_a_table_agrees_with_a_search_for_any_boundaries(boundaries: list[float], values: list[float]) -> None:
    many = np.resize(np.array([*values, *boundaries]), MIN_FOR_TABLE)
    expected = np.searchsorted(boundaries, many, side="left")
    assert (bucket_places(many, tuple(boundaries)) == expected).all()


@given(groups=st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=60), min_size=1, max_size=6))
def test_groups_are_summed_up_apart(groups: list[list[float]]) -> None:
    sizes = [len(group) for group in groups]
    starts = np.cumsum([0, *sizes[:-1]])
    grouped = GroupedValues(np.array([value for group in groups for value in group]), starts)
    for index, values in enumerate(groups):
        group = GroupOfValues(grouped, index)
        assert group.values().tolist() == values
        assert group.total == pytest.approx(sum(values), abs=1e-9)
        assert (group.least, group.most) == (min(values), max(values))
        places = np.searchsorted(NUMBER.boundaries, values, side="left")
        assert group.counts(NUMBER.boundaries) == np.bincount(places, minlength=len(NUMBER.boundaries) + 1).tolist()
