"""The statistics against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from otel_mlmon.cli.demo.measures import ks, merged, psi, quantile

counts = arrays(np.float64, 6, elements=st.integers(0, 1000).map(float)).filter(lambda found: found.sum() > 0)


@given(counts, counts)
def test_psi_is_the_divergence_both_ways_of_the_smoothed_counts(observed, expected):
    both_ways = stats.entropy(observed + 0.5, expected + 0.5) + stats.entropy(expected + 0.5, observed + 0.5)
    assert psi(observed, expected) == pytest.approx(both_ways, abs=1e-9)


def test_psi_compares_one_window_with_many():
    windows = np.array([[5.0, 5.0], [9.0, 1.0]])
    assert psi(windows[0], windows) == pytest.approx([0.0, float(psi(windows[0], windows[1]))])


@given(counts, counts)
def test_ks_is_the_statistic_of_the_values_that_the_buckets_hold(observed, expected):
    values = [np.repeat(np.arange(6), found.astype(int)) for found in (observed, expected)]
    assert ks(observed, expected) == pytest.approx(stats.ks_2samp(*values, method="asymp").statistic)


@pytest.mark.parametrize(
    ("share", "value"),
    [(0.0, 0.0), (0.25, 0.5), (0.5, 1.0), (0.75, 2.0), (1.0, 2.0)],
)
def test_a_quantile_is_linear_in_its_bucket_and_ends_at_the_last_bound(share, value):
    assert quantile((1.0, 2.0), np.array([2.0, 1.0, 1.0]), share) == pytest.approx(value)


def test_no_values_have_no_quantile():
    assert np.isnan(quantile((1.0, 2.0), np.zeros(3), 0.5))


def test_joined_buckets_keep_all_values():
    assert merged(np.array([[1.0, 2.0, 3.0, 4.0]]), (0, 1, 3)).tolist() == [[1.0, 5.0, 4.0]]
