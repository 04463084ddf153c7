"""What a configuration refers to is looked up where it stands, and what it says is shown in words."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from otel_mlmon.cli.check.references import rules_that_never_hold, wrong_references
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
from otel_mlmon.config.inputs import ColumnType, Input
from otel_mlmon.config.load import load
from otel_mlmon.config.schema import Match
from otel_mlmon.config.segments import Segments
from otel_mlmon.config.words import check_in_words, input_in_words, match_in_words, segments_in_words

ADAPTERS = {"sklearn", "lightgbm", "onnxruntime"}

SHOP = """
def favourite_rank(answered):
    return True


class Rules:
    def baseline(self, inputs):
        return 0


LIMIT = 5
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "toy_shop.py").write_text(SHOP)
    (tmp_path / "toy_broken.py").write_text("raise OSError('no disk')")
    (tmp_path / "toy_script.py").write_text("import sys; sys.exit(3)")
    (tmp_path / "toy_incomplete.py").write_text("import toy_helper")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("toy_")]:
        del sys.modules[name]


def problems(folder: Path, text: str) -> list[str]:
    file = folder / "mlmon.yaml"
    file.write_text(text)
    return [
        str(problem).removeprefix(f"{file}:").replace(f"{folder}/", "")
        for problem in wrong_references(str(file), ADAPTERS)
    ]


HERE = "run this in the folder where the service is started, or with its PYTHONPATH"
CHECK = "models:\n  - checks:\n      - {name: c, call: '%s'}\n"
WRONG = {
    "an adapter, nearly": (
        "adapters: {only: [lightgbm, sklern]}",
        "1:29: there is no adapter 'sklern'; did you mean 'sklearn'?",
    ),
    "an adapter, far from any": (
        "adapters:\n  except:\n    - zzz",
        "3:7: there is no adapter 'zzz'; known are lightgbm, onnxruntime, sklearn",
    ),
    "a framework": (
        "models:\n  - match: {framework: onnxruntim}",
        "2:13: there is no adapter 'onnxruntim'; did you mean 'onnxruntime'?",
    ),
    "no module": (
        CHECK % "toy_shp:rank",
        f"3:19: 'toy_shp:rank' cannot be imported, for there is no module 'toy_shp': {HERE}",
    ),
    "a module that needs another": (
        CHECK % "toy_incomplete:rank",
        "3:19: 'toy_incomplete:rank' cannot be imported, for there is no module 'toy_helper'",
    ),
    "a module that breaks": (
        CHECK % "toy_broken:rank",
        "3:19: 'toy_broken:rank' cannot be imported: OSError: no disk",
    ),
    "a module that is a script": (
        CHECK % "toy_script:rank",
        "3:19: 'toy_script:rank' cannot be imported: SystemExit: 3",
    ),
    "no such function": (
        CHECK % "toy_shop:favorite_rank",
        "3:19: there is no 'favorite_rank' in toy_shop; did you mean 'favourite_rank'?",
    ),
    "no such method": (
        CHECK % "toy_shop:Rules.basline",
        "3:19: there is no 'basline' in toy_shop.Rules; did you mean 'baseline'?",
    ),
    "no function": (CHECK % "toy_shop:LIMIT", "3:19: 'toy_shop:LIMIT' is no function, but int"),
    "a function of a rule": (
        "models:\n  - checks:\n      - name: c\n        rule: {agrees_with: {call: 'toy_shop:gone'}}",
        "4:30: there is no 'gone' in toy_shop",
    ),
    "a function of segments": (
        "models:\n  - segments:\n      call: toy_shop:gone",
        "3:7: there is no 'gone' in toy_shop",
    ),
    "a baseline": (
        "models:\n  - name: a\n    baseline: toy_shop.py",
        "3:5: toy_shop.py is no JSON: Expecting value: line 2 column 1 (char 1)",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_here_is_named_by_its_place(name: str, folder: Path) -> None:
    text, message = WRONG[name]
    assert problems(folder, text) == [message]


RIGHT = {
    "functions": CHECK % "toy_shop:favourite_rank" + "      - {name: d, call: 'toy_shop:Rules.baseline'}",
    "adapters": "adapters: {only: [sklearn]}\nmodels:\n  - match: {framework: 'light*'}\n",
    "what is named elsewhere": "models:\n  - checks: [{name: c, call: toy_shop.gone}]\nadapters: {only: 7}",
    "no YAML": "models: [",
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_here_or_named_elsewhere_is_not_named(name: str, folder: Path) -> None:
    assert problems(folder, RIGHT[name]) == []


@pytest.mark.parametrize(
    ("earlier", "later", "never_holds"),
    [
        ("{}", "{path: '*/a-*'}", True),
        ("{name: '*'}", "{path: '*/a-*'}", True),
        ("{class: '*', framework: '*'}", "{}", True),
        ("{path: '*'}", "{path: '*/a-*'}", True),
        ("{path: '*'}", "{name: a}", False),
        ("{path: '*/a-*'}", "{path: '*/a-*', name: b}", True),
        ("{path: '*/a-*', name: b}", "{path: '*/a-*'}", False),
        ("{name: 'rank*'}", "{name: ranking}", True),
        ("{name: 'rank*'}", "{name: 'rank?'}", False),
        ("{name: 'rank*'}", "{name: clicks}", False),
        ("{url: '*'}", "{name: a}", False),
    ],
)
def test_a_rule_after_one_that_fits_all_of_its_models_is_named(
    earlier: str, later: str, never_holds: bool, folder: Path
) -> None:
    file = folder / "mlmon.yaml"
    file.write_text(f"models:\n  - match: {earlier}\n  -\n  - match: {later}\n")
    found = [str(problem) for problem in rules_that_never_hold(str(file), load(str(file)).configuration)]
    message = f"{file}:4:5: models[2] never holds: models[0] fits all of its models; put it before that one"
    assert found == ([message] if never_holds else [])


WORDS = {
    "value above 0.99": Rule(above=0.99),
    "value below 0": Rule(below=0.0),
    "value from 0.4 to 0.6": Rule(between=(0.4, 0.6)),
    "value not from 0 to 1": Rule(outside=(0.0, 1.0)),
    "no answer": Rule(missing=True),
    "the same answer 50 times in a row": Rule(constant=50),
    "class is one of other, 7": Rule(class_in=("other", 7)),
    "confidence below 0.6 or margin below 0.1": Rule(ambiguous=Ambiguous(0.6, 0.1)),
    "fewer than 3 results": Rule(count_below=3),
    "favourite is not among the first 5": Rule(rank_of=RankOf("favourite", 5)),
    "a result is one of sold-out": Rule(contains_any=("sold-out",)),
    "more than 20 % of the results stand twice": Rule(duplicate_share=0.2),
    "the fallback: bread, milk": Rule(fallback=Fallback(items=("bread", "milk"))),
    "the fallback of shop.popular:items": Rule(fallback=Fallback(call="shop.popular:items")),
    "another answer than last time for the same user, by more than 0.1": Rule(changed=Changed("user", 0.1)),
    "the score falls as income rises by 1000 (asked of 0.01 of the calls)": Rule(monotone=Monotone("income", 1000.0)),
    "the score rises as 0 rises by 1 (asked of 1 of the calls)": Rule(
        monotone=Monotone(0, direction=Direction.FALLING, share=1.0)
    ),
    "another answer than shop.rules:baseline": Rule(agrees_with=AgreesWith(call="shop.rules:baseline")),
    "another answer than model challenger for the same request": Rule(
        agrees_with=AgreesWith(model="challenger", key="request")
    ),
    "takes more than 0.2 s": Rule(latency_above=0.2),
}


@pytest.mark.parametrize("words", WORDS)
def test_a_rule_is_said_in_words(words: str) -> None:
    assert check_in_words(Check("c", WORDS[words])) == words


def test_every_rule_has_words() -> None:
    assert {rule.kind for rule in WORDS.values()} == {attribute.name for attribute in attrs.fields(Rule)}


def test_the_rest_of_a_plan_is_said_in_words() -> None:
    assert check_in_words(Check("c", call="shop.checks:rank")) == "as shop.checks:rank says"
    assert check_in_words(Check("c", Rule(above=1.0), output="price")) == "price: value above 1"
    assert match_in_words(Match()) == "any model"
    assert match_in_words(Match(path="*/a-*", model_class="Pipeline")) == "path */a-*, class Pipeline"
    assert input_in_words(Input("age", range=(0.0, 120.0))) == "age: from 0 to 120"
    assert input_in_words(Input(3, categories=("a", "b"))) == "3: a, b"
    assert input_in_words(Input("at", type=ColumnType.TIME, max_age=60.0)) == "at: time, at most 60 s ago"
    assert input_in_words(Input("any")) == "any"
    segments = Segments(
        columns=("origin", "age"), bins={"age": (18, 65)}, values={"origin": ("JFK",)}, code=("client",)
    )
    assert segments_in_words(segments) == ["origin: JFK", "age cut at 18, 65", "client, 20 values"]
    assert segments_in_words(Segments(call="shop.cut:by")) == ["as shop.cut:by says"]


def test_the_command_prints_the_plan_and_warns_of_what_never_holds(folder: Path) -> None:
    (folder / "mlmon.yaml").write_text(
        "models:\n  - name: ranking\n    inputs: [{column: age, range: [0, 120]}]\n    checks:\n"
        "      - {name: empty, rule: {count_below: 1}, usual: 0.05}\n"
        "      - {name: first, call: 'toy_shop:favourite_rank', budget: 0.002}\n  - match: {name: clicks}\n"
    )
    done = check(folder)
    assert done.returncode == 0, done.stderr
    lines = [re.split(r" {2,}", line.strip()) for line in done.stdout.splitlines()]
    assert ["ranking", "any model", "age: from 0 to 120", "empty", "fewer than 1 results", "5 %"] in lines
    assert ["first", "as toy_shop:favourite_rank says", "2 ms"] in lines
    assert "warning: mlmon.yaml:7:5: models[1] never holds: models[0] fits all of its models" in done.stdout


def test_the_command_fails_for_what_is_not_here(folder: Path) -> None:
    (folder / "mlmon.yaml").write_text(
        "adapters: {only: [sklern]}\nmodels:\n  - checks: [{name: c, call: 'toy_shop:gone'}]\n"
    )
    done = check(folder)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "otel-mlmon: mlmon.yaml:1:19: there is no adapter 'sklern'; did you mean 'sklearn'?",
        "mlmon.yaml:3:24: there is no 'gone' in toy_shop",
    ]


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("otel-mlmon")), "check", "--config", "mlmon.yaml"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    return subprocess.run(
        command, cwd=folder, env={**clean, "COLUMNS": "160"}, capture_output=True, text=True, timeout=60, check=False
    )
