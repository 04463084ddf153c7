"""The baseline's file: what was written is read again, two add up, and what is wrong is named by file and key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from otel_mlmon.config.baseline import Baseline, BaselineError, Counts, Histogram, Tally, dump, load, merge


def a_baseline(**changes: Any) -> Baseline:
    values = Histogram(
        None,
        (0.0, 1.0),
        Counts(3.5, (1, 4, 0)),
        {"origin": {"EWR": Counts(3.0, (0, 4, 0)), "JFK": Counts(0.5, (1, 0, 0))}},
    )
    classes = Tally(None, {"0": 3, "1": 2}, {"origin": {"EWR": {"0": 2, "1": 2}, "JFK": {"0": 1}}})
    checks = Tally("extreme-score", {"pass": 5}, {})
    known: dict[str, Any] = {"model": "delay", "operation": "predict_proba", "source": "train.parquet", "rows": 5}
    return Baseline(**{**known, "values": (values,), "classes": (classes,), "checks": (checks,), **changes})


def written(folder: Path, text: str) -> Path:
    file = folder / "baseline.json"
    file.write_text(text, encoding="utf-8")
    return file


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert load(written(tmp_path, dump(a_baseline()))) == a_baseline()


def test_the_file_begins_with_its_version_and_has_a_line_a_segment() -> None:
    lines = dump(a_baseline()).splitlines()
    assert lines[1].strip() == '"version": 1,'
    assert sum('"EWR": {"sum": 3.0, "counts": [0, 4, 0]}' in line for line in lines) == 1


def test_two_baselines_add_up() -> None:
    one = a_baseline()
    other = a_baseline(
        source="july.parquet",
        values=(Histogram(None, (0.0, 1.0), Counts(2.0, (0, 0, 1)), {"origin": {"LGA": Counts(2.0, (0, 0, 1))}}),),
        classes=(Tally(None, {"1": 1}, {"origin": {"LGA": {"1": 1}}}),),
        checks=(Tally("extreme-score", {"fail": 1}, {}),),
        rows=1,
    )
    both = merge(one, other)
    assert both.rows == 6
    assert both.source == "train.parquet, july.parquet"
    assert both.values[0].total == Counts(5.5, (1, 4, 1))
    assert both.values[0].segments["origin"] == {**one.values[0].segments["origin"], "LGA": Counts(2.0, (0, 0, 1))}
    assert both.classes[0].total == {"0": 3, "1": 3}
    assert both.checks[0].total == {"pass": 5, "fail": 1}
    assert merge(other, one).values[0].total == both.values[0].total


@pytest.mark.parametrize("changes", [{"model": "clicks"}, {"operation": "predict"}])
def test_baselines_of_different_things_do_not_add_up(changes: dict[str, Any]) -> None:
    with pytest.raises(BaselineError, match=f"{next(iter(changes))} is "):
        merge(a_baseline(), a_baseline(**changes))


def test_baselines_of_different_boundaries_do_not_add_up() -> None:
    other = Histogram(None, (0.0, 2.0), Counts(0.0, (0, 0, 0)), {})
    with pytest.raises(BaselineError, match="other boundaries"):
        merge(a_baseline(), a_baseline(values=(other,)))


def place(document: Any, *path: str | int) -> tuple[Any, Any]:
    for part in path[:-1]:
        document = document[part]
    return document, path[-1]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("version",), 2, "version: 2 should be 1"),
        (("rows",), "5", "rows: '5' should be a whole number"),
        (("rows",), True, "rows: True should be a whole number"),
        (("model",), None, "model: None should be text"),
        (("values", 0, "boundaries"), [1, 0], r"values\[0\].*: boundaries must be numbers that increase"),
        (("values", 0, "total", "counts"), [1, 2], r"values\[0\].*: total has 2 counts for 2 boundaries"),
        (("values", 0, "total", "counts"), [1, 2, -3], r"values\[0\].total.*: counts must not be negative"),
        (("values", 0, "total", "sum"), float("nan"), r"values\[0\].total.sum: nan should be a number"),
        (("values", 0, "segments", "origin", "EWR", "counts"), [1], r"segments.origin.EWR has 1 counts"),
        (("classes", 0, "totl"), {}, r"classes\[0\]: unknown key 'totl'"),
        (("segmnts",), {}, "baseline: unknown key 'segmnts'"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(
    tmp_path: Path, path: tuple[str | int, ...], value: Any, message: str
) -> None:
    document = json.loads(dump(a_baseline()))
    parent, key = place(document, *path)
    parent[key] = value
    with pytest.raises(BaselineError, match=rf"baseline\.json: .*{message}"):
        load(written(tmp_path, json.dumps(document)))


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    document = json.loads(dump(a_baseline()))
    del document["rows"]
    with pytest.raises(BaselineError, match="rows: is missing"):
        load(written(tmp_path, json.dumps(document)))


@pytest.mark.parametrize(("text", "message"), [("{", "is no JSON"), ("[]", "version: null should be 1")])
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BaselineError, match=rf"baseline\.json.*{message}"):
        load(written(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match=r"baseline\.json cannot be read: No such file"):
        load(tmp_path / "baseline.json")
