"""``otel-mlmon init`` writes a configuration that holds, and a baseline that is what production reports."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from attrs import frozen
from sklearn.linear_model import LinearRegression, LogisticRegression

from examples.flight_delay.data import FEATURES, first_half, load_flights
from examples.flight_delay.train import build_model
from otel_mlmon import semconv
from otel_mlmon.cli.failure import Failure
from otel_mlmon.cli.init.session import Request, make
from otel_mlmon.config.baseline import Baseline, load, merge
from otel_mlmon.config.buckets import PROBABILITY
from otel_mlmon.config.load import load as load_configuration
from otel_mlmon.config.schema import Match, ModelRule, Output, OutputKind
from otel_mlmon.emit.bucketing import bucket_places
from tests.collected import Collected

ROWS = 10_000
INIT = ["init", "--model", "flight-delay.joblib", "--data", "train.parquet"]
OPTIONS = ["--segment", "origin", "--target", "late"]


@frozen(eq=False)
class Flights:
    """A folder with a model, its data as Parquet and CSV, and what the command made of them there."""

    folder: Path
    frame: pd.DataFrame
    model: Any
    done: subprocess.CompletedProcess[str]

    @property
    def configuration(self) -> Path:
        return self.folder / "mlmon.yaml"

    @property
    def baseline(self) -> Baseline:
        return load(self.folder / "baseline.json")


def run(folder: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("otel-mlmon")), *map(str, arguments)]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    return subprocess.run(
        command,
        cwd=folder,
        env={**clean, "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Flights:
    folder = tmp_path_factory.mktemp("init")
    frame = first_half(load_flights()).sample(ROWS, random_state=1).reset_index(drop=True)
    model = build_model().set_params(classify__max_iter=15).fit(frame, frame["late"].astype(int))
    joblib.dump(model, folder / "flight-delay.joblib")
    frame.to_parquet(folder / "train.parquet")
    frame.to_csv(folder / "train.csv", index=False)
    # Whatever the environment says about telemetry, the command's own is measured.
    switched_off = {"OTEL_SDK_DISABLED": "true", "OTEL_MLMON_ENABLED": "false"}
    done = run(folder, *INIT, *OPTIONS, **switched_off)
    return Flights(folder, frame, model, done)


def counts(numbers: Any, boundaries: tuple[float, ...] = PROBABILITY.boundaries) -> tuple[int, ...]:
    places = bucket_places(np.ascontiguousarray(numbers, dtype=np.float64), boundaries)
    return tuple(np.bincount(places, minlength=len(boundaries) + 1).tolist())


def test_the_flight_model_gets_a_configuration_that_holds(flights: Flights) -> None:
    assert flights.done.returncode == 0, flights.done.stderr
    loaded = load_configuration(str(flights.configuration))
    assert not loaded.problems
    (rule,) = loaded.configuration.models
    assert rule.match == Match(path="*/flight-delay.joblib")
    assert rule.name == "flight-delay"
    assert rule.output == Output(kind=OutputKind.PROBABILITY, positive_class=1)
    assert rule.segments.columns == ("origin",)
    assert dict(rule.segments.values) == {"origin": ("EWR", "JFK", "LGA")}
    assert [watched.column for watched in rule.inputs] == FEATURES


def test_ranges_hold_nearly_all_rows_and_not_much_more(flights: Flights) -> None:
    (rule,) = load_configuration(str(flights.configuration)).configuration.models
    for watched in rule.inputs:
        assert watched.range is not None
        low, high = watched.range
        column = flights.frame[watched.column].dropna()
        assert column.between(low, high).mean() > 0.999
        assert high - low <= 3 * (column.quantile(0.9995) - column.quantile(0.0005))
    ranges = {watched.column: watched.range for watched in rule.inputs}
    assert ranges["visib"] == (0, 10)
    assert ranges["month"] == (1, 6)
    # A delay in seconds instead of minutes is seen.
    assert ranges["dep_delay"] is not None
    assert ranges["dep_delay"][1] < 60 * 20


def test_check_finds_nothing_wrong(flights: Flights) -> None:
    done = run(flights.folder, "check", "--config", "mlmon.yaml", ".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "models[0]" in done.stdout


def test_each_line_says_why_it_is_there(flights: Flights) -> None:
    text = flights.configuration.read_text()
    lines = text.splitlines()
    assert lines[0] == "# yaml-language-server: $schema=mlmon.schema.json"
    assert max(map(len, lines)) <= 120
    watched = [line for line in lines if "{column:" in line]
    assert len(watched) == len(FEATURES)
    assert all("% are from about" in line or "all of them" in line for line in watched)


def test_the_baseline_is_what_the_model_answers(flights: Flights) -> None:
    scores = flights.model.predict_proba(flights.frame)[:, 1]
    baseline = flights.baseline
    assert (baseline.model, baseline.operation, baseline.rows) == ("flight-delay", "predict_proba", ROWS)
    (values,) = baseline.values
    assert values.boundaries == PROBABILITY.boundaries
    assert values.total.counts == counts(scores)
    assert values.total.sum == pytest.approx(scores.sum())
    origin = flights.frame["origin"].to_numpy()
    assert {key: one.counts for key, one in values.segments["origin"].items()} == {
        key: counts(scores[origin == key]) for key in ("EWR", "JFK", "LGA")
    }
    (confidence,) = baseline.confidence
    assert confidence.total.counts == counts(np.maximum(scores, 1 - scores))
    (classes,) = baseline.classes
    assert classes.total == {"0": int((scores <= 0.5).sum()), "1": int((scores > 0.5).sum())}


def test_production_reports_what_the_baseline_says(flights: Flights, instrument: Callable[..., Collected]) -> None:
    telemetry = instrument(str(flights.configuration))
    joblib.load(flights.folder / "flight-delay.joblib").predict_proba(flights.frame)
    points = telemetry.points(semconv.PREDICTION_VALUE, ml_model_name="flight-delay")
    (values,) = flights.baseline.values
    assert {point.attributes["ml.segment.origin"]: (point.bounds, point.buckets) for point in points} == {
        key: (values.boundaries, one.counts) for key, one in values.segments["origin"].items()
    }
    assert telemetry.points(semconv.MONITOR_DROPPED) == []
    assert telemetry.points(semconv.MONITOR_ERRORS) == []


def test_csv_and_parquet_say_the_same(flights: Flights, tmp_path: Path) -> None:
    known = {"model": flights.folder / "flight-delay.joblib", "segments": ("origin",), "target": "late"}
    made = make(Request(data=str(flights.folder / "train.csv"), **known))
    again = make(Request(data=str(flights.folder / "train.parquet"), **known))
    assert made.document == (again.document or "").replace("train.parquet", "train.csv")
    assert made.baseline == again.baseline.replace("train.parquet", "train.csv")


def test_what_is_there_is_not_overwritten(flights: Flights) -> None:
    before = flights.configuration.read_text()
    done = run(flights.folder, *INIT, "--baseline", "new.json")
    assert done.returncode == 1
    assert done.stderr.strip() == "otel-mlmon: mlmon.yaml is there already: --force writes over it"
    done = run(flights.folder, *INIT, "--out", "new.yaml")
    assert done.stderr.strip() == "otel-mlmon: baseline.json is there already: --force writes over it"
    assert flights.configuration.read_text() == before
    assert not (flights.folder / "new.json").exists()
    assert not (flights.folder / "new.yaml").exists()


def test_checks_of_a_configuration_have_their_share_in_the_baseline(flights: Flights, tmp_path: Path) -> None:
    config = tmp_path / "mlmon.yaml"
    config.write_text(
        """
models:
  - match: {path: "*/flight-*.joblib"}
    name: late
    segments: {columns: [origin], bins: {hour: [12]}}
    checks:
      - {name: extreme-score, rule: {above: 0.8}}
      - {name: slow, rule: {latency_above: 0.000001}}
"""
    )
    known = {"model": flights.folder / "flight-delay.joblib", "config": config, "target": "late"}
    made = make(Request(data=str(flights.folder / "train.parquet"), **known))
    assert made.document is None
    (tmp_path / "baseline.json").write_text(made.baseline)
    baseline = load(tmp_path / "baseline.json")
    scores = flights.model.predict_proba(flights.frame)[:, 1]
    extreme = int((scores > 0.8).sum())
    # That a batch of a sample is slow says nothing of calls.
    (check,) = baseline.checks
    assert (check.name, check.total) == ("extreme-score", {"fail": extreme, "pass": ROWS - extreme})
    assert baseline.model == "late"
    assert set(baseline.values[0].segments["hour"]) == {"<12", ">=12"}
    assert f"`usual: {extreme / ROWS:.3g}`" in "\n".join(made.said)


def test_problems_of_a_configuration_are_named(flights: Flights, tmp_path: Path) -> None:
    config = tmp_path / "mlmon.yaml"
    config.write_text("models:\n  - segmnts: {}\n")
    with pytest.raises(Failure, match=r"mlmon\.yaml:2:5: unknown key 'segmnts'"):
        make(Request(data="train.parquet", model=Path("x.joblib"), config=config))


def test_baselines_of_parts_add_up_to_that_of_the_whole(flights: Flights, tmp_path: Path) -> None:
    flights.frame[: ROWS // 2].to_parquet(tmp_path / "part-1.parquet")
    flights.frame[ROWS // 2 :].to_parquet(tmp_path / "part-2.parquet")
    baseline = tmp_path / "baseline.json"
    known = {"model": flights.folder / "flight-delay.joblib", "config": flights.configuration, "target": "late"}
    for number in (1, 2):
        there = baseline if baseline.exists() else None
        made = make(Request(data=str(tmp_path / f"part-{number}.parquet"), baseline=there, **known))
        baseline.write_text(made.baseline)
    whole, parts = flights.baseline, load(baseline)
    assert parts.source == "part-1.parquet, part-2.parquet"
    assert parts.rows == whole.rows
    assert parts.values[0].total.counts == whole.values[0].total.counts
    assert parts.classes == whole.classes
    made = make(Request(data=str(tmp_path / "part-*.parquet"), **known))
    (tmp_path / "both.json").write_text(made.baseline)
    assert load(tmp_path / "both.json").values[0].total.counts == whole.values[0].total.counts
    assert merge(whole, whole).rows == 2 * ROWS


def test_a_baseline_of_other_boundaries_is_not_added_to(tmp_path: Path) -> None:
    for number in (1, 2):
        frame = pd.DataFrame({"price": np.linspace(0, 10.0**number, 500)})
        frame.to_parquet(tmp_path / "data.parquet")
        there = tmp_path / "baseline.json" if number == 2 else None
        request = Request(data=str(tmp_path / "data.parquet"), prediction="price", baseline=there)
        if number == 1:
            (tmp_path / "baseline.json").write_text(make(request).baseline)
    with pytest.raises(Failure, match=r"has other boundaries in one than in the other; .*: --config"):
        make(request)


def test_a_table_without_rows_is_refused(flights: Flights, tmp_path: Path) -> None:
    flights.frame[:0].to_parquet(tmp_path / "data.parquet")
    with pytest.raises(Failure, match=r"data\.parquet has no rows"):
        make(Request(data=str(tmp_path / "data.parquet"), model=flights.folder / "flight-delay.joblib"))
    with pytest.raises(Failure, match=r"'dep_delay' of data\.parquet holds no prediction"):
        make(Request(data=str(tmp_path / "data.parquet"), prediction="dep_delay"))


def test_a_smaller_sample_is_the_same_rows_each_time(flights: Flights) -> None:
    known = {"model": flights.folder / "flight-delay.joblib", "target": "late", "sample": 500}
    made = [make(Request(data=str(flights.folder / "train.parquet"), **known)).baseline for _ in range(2)]
    assert made[0] == made[1]
    assert '"rows": 500,' in made[0]


@pytest.fixture
def recorded(tmp_path: Path) -> pd.DataFrame:
    """Predictions on all boundaries and their neighbours, and segments of many, of few and of no rows."""
    edges = np.array(PROBABILITY.boundaries)
    near = np.concatenate([edges, np.nextafter(edges, 1.0), np.nextafter(edges, 0.0)]).clip(0.0, 1.0)
    scores = np.concatenate([np.tile(near, 6), [np.nan, np.inf, -np.inf]])
    country = np.resize(["DE", "NO", "a: b #c"], len(scores)).astype(object)
    country[:3] = "Tuvalu"
    country[3:28] = None
    return pd.DataFrame({"score": scores, "country": country, "age": np.arange(len(scores)) % 70})


def made_of(folder: Path, frame: pd.DataFrame, **request: Any) -> tuple[ModelRule, Baseline, str]:
    """Return what ``make`` makes of a frame, read back, and the text of both files."""
    frame.to_parquet(folder / "data.parquet")
    made = make(Request(data=str(folder / "data.parquet"), **request))
    (folder / "mlmon.yaml").write_text(made.document or "")
    (folder / "baseline.json").write_text(made.baseline)
    loaded = load_configuration(str(folder / "mlmon.yaml"))
    assert not loaded.problems, made.document
    return loaded.configuration.models[0], load(folder / "baseline.json"), (made.document or "") + made.baseline


def test_recorded_predictions_fall_into_the_buckets_of_production(tmp_path: Path, recorded: pd.DataFrame) -> None:
    rule, baseline, _ = made_of(tmp_path, recorded, prediction="score", segments=("country",), name="churn")
    finite = np.isfinite(recorded["score"])
    assert rule.match == Match(name="churn")
    assert rule.output == Output(kind=OutputKind.PROBABILITY)
    assert baseline.rows == finite.sum()
    (values,) = baseline.values
    assert values.total.counts == counts(recorded["score"][finite])
    country = recorded["country"].map({"DE": "DE", "NO": "NO", "a: b #c": "a: b #c", "Tuvalu": "other"})
    country = country.fillna("missing")
    assert {key: one.counts for key, one in values.segments["country"].items()} == {
        key: counts(recorded["score"][finite & (country == key)]) for key in country.unique()
    }


def test_rare_values_stand_in_neither_file(tmp_path: Path, recorded: pd.DataFrame) -> None:
    rule, _, text = made_of(tmp_path, recorded, prediction="score", segments=("country",))
    assert set(rule.segments.values["country"]) == {"DE", "NO", "a: b #c"}
    watched = {one.column: one for one in rule.inputs}
    assert set(watched["country"].categories or ()) == {"DE", "NO", "a: b #c"}
    assert "Tuvalu" not in text


def test_a_model_gets_its_sample_without_rare_segments(tmp_path: Path, recorded: pd.DataFrame) -> None:
    recorded = recorded[np.isfinite(recorded["score"])]
    model = LogisticRegression().fit(recorded[["age"]], recorded["score"] > 0.5)
    joblib.dump(model, tmp_path / "churn.joblib")
    rule, baseline, text = made_of(
        tmp_path, recorded, model=tmp_path / "churn.joblib", segments=("country",), target="score"
    )
    assert set(baseline.values[0].segments["country"]) == {"DE", "NO", "a: b #c", "missing", "other"}
    assert "Tuvalu" not in text
    # The model is not given the column: only code can say it.
    assert rule.segments.columns == ()
    assert rule.segments.code == ("country",)
    assert rule.output.positive_class is True


def test_labels_are_counted_the_rare_ones_together(tmp_path: Path) -> None:
    frame = pd.DataFrame({"label": [*["a"] * 50, *["b"] * 30, *["patient 7"] * 2, None], "x": range(83)})
    rule, baseline, text = made_of(tmp_path, frame, prediction="label")
    assert rule.output == Output(kind=OutputKind.LABEL)
    assert baseline.classes[0].total == {"a": 50, "b": 30, "other": 3}
    assert "patient" not in text


def test_scores_get_few_readable_boundaries_where_the_scores_are(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"x": random.normal(size=5000), "y": 0.0})
    frame["y"] = 200 + 40 * frame["x"] + random.normal(size=5000)
    joblib.dump(LinearRegression().fit(frame[["x"]], frame["y"]), tmp_path / "price-2026-11.joblib")
    rule, baseline, text = made_of(tmp_path, frame, model=tmp_path / "price-2026-11.joblib", target="y")
    assert rule.match == Match(path="*/price-*.joblib")
    assert rule.name == "price"
    assert rule.output.kind is OutputKind.SCORE
    boundaries = rule.output.boundaries
    assert boundaries is not None
    assert 10 <= len(boundaries) <= 20
    assert all(len(f"{bound:g}".strip("-0").replace(".", "")) <= 3 for bound in boundaries)
    (values,) = baseline.values
    assert values.boundaries == boundaries
    assert max(values.total.counts) < 0.15 * 5000
    assert values.total.counts[0] == values.total.counts[-1] == 0
    assert "99.8 % are from about" in text


def test_names_that_yaml_would_take_for_something_else_stay_as_they_are(tmp_path: Path) -> None:
    names = ["no", "1", "a: b", "# x", "it's", 'say "x"', "ü, [y]", "null", "- z", "*"]
    frame = pd.DataFrame({name: np.resize(["yes", "12", "~"], 90) for name in names})
    frame["score"] = np.linspace(0, 1, 90)
    rule, _, _ = made_of(tmp_path, frame, prediction="score", segments=("no", "# x"), name="on: off")
    assert rule.name == "on: off"
    assert [watched.column for watched in rule.inputs] == names
    assert all(set(watched.categories or ()) == {"yes", "12", "~"} for watched in rule.inputs)
    assert rule.segments.columns == ("no", "# x")
    assert set(rule.segments.values["# x"]) == {"yes", "12", "~"}


def test_columns_of_every_kind_are_watched_as_what_they_are(tmp_path: Path) -> None:
    rows = 400
    frame = pd.DataFrame(
        {
            "score": np.linspace(-5.0, 5.0, rows),
            "whole": pd.array([None, *range(rows - 1)], dtype="Int64"),
            "price": [np.nan, np.inf, *np.linspace(1, 2, rows - 2)],
            "constant": 7,
            "flag": np.resize([True, False], rows),
            "time": pd.date_range("2026-01-01", periods=rows, freq="h"),
            "note": [f"customer {index} wrote" for index in range(rows)],
            "channel": pd.Categorical(np.resize(["web", "app"], rows)),
            "empty": pd.Series([None] * rows, dtype="float64"),
            "tags": [["a"]] * rows,
        }
    )
    rule, _, text = made_of(tmp_path, frame, prediction="score")
    watched = {str(one.column): one for one in rule.inputs}
    assert watched["whole"].range == (0, 500)
    low, high = watched["price"].range or ()
    assert 0.0 <= low <= 1.0
    assert 2.0 <= high <= 3.0
    assert watched["constant"].range == (7, 7)
    assert [str(watched[name].type and watched[name].type.value) for name in ("flag", "time", "note")] == [
        "boolean",
        "time",
        "text",
    ]
    assert set(watched["channel"].categories or ()) == {"web", "app"}
    assert watched["empty"].range is None
    assert "customer" not in text


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"segments": ("countri",)}, "data.parquet has no column 'countri', which --segment names; the nearest is 'co"),
        ({"prediction": "scores"}, "no column 'scores', which --prediction names; the nearest is 'score'"),
        ({"target": "zzz"}, "no column 'zzz', which --target names; it has score, country, age"),
        ({"segments": ("id",)}, "'id' cannot be a segment: none of its values has 20 rows"),
        ({"segments": ("time",)}, "'time' cannot be a segment: its values are no text and no numbers"),
        ({"prediction": None}, "either --model, which is asked, or --prediction"),
        ({"data": "nowhere.parquet"}, "nowhere.parquet cannot be read"),
        ({"data": "table.docx"}, "table.docx is no table that is known: its name should end with .parquet"),
    ],
)
def test_what_is_not_there_is_named(
    tmp_path: Path, recorded: pd.DataFrame, request_: dict[str, Any], message: str
) -> None:
    frame = recorded.assign(id=range(len(recorded)), time=pd.Timestamp("2026-01-01"))
    frame.to_parquet(tmp_path / "data.parquet")
    with pytest.raises(Failure) as failure:
        make(Request(**{"data": str(tmp_path / "data.parquet"), "prediction": "score", **request_}))
    assert message in str(failure.value)


def test_a_column_that_the_model_needs_and_the_data_lacks_is_named_with_the_nearest(
    flights: Flights, tmp_path: Path
) -> None:
    flights.frame[:100].rename(columns={"dep_delay": "departure_delay"}).to_parquet(tmp_path / "data.parquet")
    with pytest.raises(Failure) as failure:
        make(Request(data=str(tmp_path / "data.parquet"), model=flights.folder / "flight-delay.joblib"))
    assert str(failure.value) == (
        "data.parquet has no column 'dep_delay', which the model needs; the nearest is 'departure_delay'"
    )


def test_a_csv_that_changes_its_mind_about_a_column_is_named(tmp_path: Path) -> None:
    lines = ["score,x", *("0.5,1" for _ in range(300_000)), "0.5,oops"]
    (tmp_path / "data.csv").write_text("\n".join(lines))
    with pytest.raises(Failure, match=r"data\.csv cannot be read: .*oops|data\.csv cannot be read: .*[Cc]onver"):
        make(Request(data=str(tmp_path / "data.csv"), prediction="score"))
