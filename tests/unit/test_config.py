"""``mlmon.yaml``: strict, and every mistake is named by line and nearest right key."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import frozen

from otel_mlmon.config.load import Loaded, load
from otel_mlmon.config.parameters import resolve
from otel_mlmon.config.schema import Configuration, Identity, Match, ModelRule, OutputKind, Spans
from otel_mlmon.config.segments import Segments

DESIGN = """\
models:
    - match: {path: "*/delay-*.joblib"}            # or class, framework, name
      name: flight-delay
      version: "2026-11"
      output: {kind: probability, positive_class: 1, boundaries: [0, 0.5, 1]}
      segments: {columns: [origin, 3], max_values: 30}
spans: off
limits: {combinations: 50}
"""


@pytest.fixture
def read(tmp_path: Path):
    def loaded(text: str) -> Loaded:
        file = tmp_path / "mlmon.yaml"
        file.write_text(text)
        return load(str(file))

    return loaded


def messages(loaded: Loaded) -> list[str]:
    return [f"{p.position.line}:{p.position.column}: {p.message}" for p in loaded.problems]


def test_every_key_is_read(read) -> None:
    loaded = read(DESIGN)
    assert loaded.problems == ()
    (rule,) = loaded.configuration.models
    assert rule.match == Match(path="*/delay-*.joblib")
    assert (rule.name, rule.version) == ("flight-delay", "2026-11")
    assert (rule.output.kind, rule.output.positive_class) == (OutputKind.PROBABILITY, 1)
    assert rule.output.boundaries == (0.0, 0.5, 1.0)
    assert (rule.segments.columns, rule.segments.max_values) == (("origin", 3), 30)
    assert loaded.configuration.spans is Spans.OFF
    assert loaded.configuration.limits.combinations == 50


@frozen
class Mistake:
    text: str
    message: str


MISTAKES = {
    "unknown key": Mistake(
        "models:\n  - name: a\n    segmnts: {}\n", "3:5: unknown key 'segmnts' in models[0]; did you mean 'segments'?"
    ),
    "unknown key far from any": Mistake(
        "colour: red\n", "1:1: unknown key 'colour' in the file; known are enabled, spans, own_time, models, limits"
    ),
    "wrong type": Mistake(
        'models:\n  - segments: {max_values: "20"}\n',
        "2:16: wrong value for models[0].segments.max_values: '20' should be a whole number",
    ),
    "true is no number": Mistake(
        "limits: {classes: true}\n", "1:10: wrong value for limits.classes: True should be a whole number"
    ),
    "number for text": Mistake("models:\n  - version: 3\n", "2:5: wrong value for models[0].version: 3 should be text"),
    "one of a few": Mistake(
        "models:\n  - output: {kind: probabilty}\n",
        "2:14: wrong value for models[0].output.kind: 'probabilty' should be one of probability, score, label",
    ),
    "no list": Mistake(
        "models:\n  - segments: {columns: origin}\n",
        "2:16: wrong value for models[0].segments.columns: 'origin' should be a list",
    ),
    "no mapping": Mistake("models: [7]\n", "1:10: wrong value for models[0]: 7 should be a mapping with some of"),
    "out of range": Mistake("limits: {combinations: 0}\n", "1:10: wrong value for limits.combinations"),
    "not ascending": Mistake(
        "models:\n  - output: {boundaries: [1, 1]}\n",
        "2:14: wrong value for models[0].output.boundaries: must be a list of numbers that increase",
    ),
    "edges that do not increase": Mistake(
        "models:\n  - segments:\n      bins:\n        age: [18, 30, 30]\n",
        "4:9: wrong value for models[0].segments.bins.age: must be a list of numbers that increase",
    ),
    "no edges": Mistake(
        "models:\n  - segments:\n      bins:\n        0: []\n",
        "4:9: wrong value for models[0].segments.bins.0: must be a list of numbers that increase",
    ),
    "text for an edge": Mistake(
        "models:\n  - segments:\n      bins: {age: [18, thirty]}\n",
        "3:24: wrong value for models[0].segments.bins.age[1]: 'thirty' should be a number",
    ),
    "no values": Mistake(
        "models:\n  - segments:\n      columns: [origin]\n      values: {origin: []}\n",
        "4:16: wrong value for models[0].segments.values.origin: must name one at least",
    ),
    "values of no key": Mistake(
        "models:\n  - segments:\n      columns: [origin]\n      values: {orign: [JFK]}\n",
        "4:16: wrong value for models[0].segments.values.orign: 'orign' is no segment key; did you mean 'origin'?",
    ),
    "values of a key of code": Mistake(
        "models:\n  - segments:\n      baggage: [client.os]\n      values: {country: [DE]}\n",
        "4:16: wrong value for models[0].segments.values.country: 'country' is no segment key; known are client.os; "
        "those that code sets by otel_mlmon.segment stand in segments.code",
    ),
    "values of bins": Mistake(
        "models:\n  - segments:\n      bins: {age: [18]}\n      values: {age: [1]}\n",
        "4:16: wrong value for models[0].segments.values.age: 'age' has bins: its values are those",
    ),
    "Norway": Mistake(
        "models:\n  - segments:\n      columns: [country]\n      values: {country: [DE, NO]}\n",
        "4:16: wrong value for models[0].segments.values.country: has text and truth values: a word such as no",
    ),
    "a list for a mapping": Mistake(
        "models:\n  - segments: {bins: [18]}\n",
        "2:16: wrong value for models[0].segments.bins: [18] should be a mapping of keys to lists",
    ),
    "no place of a function": Mistake(
        "models:\n  - segments: {call: shop.segments}\n",
        "2:16: wrong value for models[0].segments.call: 'shop.segments' should be a function's place",
    ),
    "too many keys": Mistake(
        "models:\n  - segments: {columns: [" + ", ".join(map(str, range(17))) + "]}\n",
        "2:5: wrong value for models[0].segments: has 17 keys, and a model's predictions are cut by 16 at most",
    ),
    "twice": Mistake("spans: off\nspans: child\n", "2:1: key 'spans' stands twice in the file"),
    "no file of keys": Mistake("- a\n- b\n", "1:1: wrong value for the file: ['a', 'b'] should be a mapping"),
    "no YAML": Mistake("models: [\n", "2:1: is no YAML: "),
    "object of Python": Mistake("enabled: !!python/object/apply:os.getcwd []\n", "1:10: is no YAML: "),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_by_line_column_and_remedy(name: str, read) -> None:
    (message,) = messages(read(MISTAKES[name].text))
    assert message.startswith(MISTAKES[name].message)


def test_segments_are_read_in_their_order_and_can_be_a_key(read) -> None:
    loaded = read(
        "models:\n  - segments:\n      columns: [origin, 3]\n      bins: {age: [18, 30.5], 3: [0]}\n"
        '      call: "shop.segments:of"\n      baggage: [client.os]\n      code: [country]\n'
        '      values: {origin: [JFK, 7, "NO"], basket: [big]}\n'
    )
    assert loaded.problems == ()
    (rule,) = loaded.configuration.models
    assert dict(rule.segments.bins) == {"age": (18, 30.5), 3: (0,)}
    assert dict(rule.segments.values) == {"origin": ("JFK", 7, "NO"), "basket": ("big",)}
    assert rule.segments.row_keys == ("origin", "3", "age", "basket")
    assert rule.segments.call_wide_keys == ("client.os", "country")
    assert {rule: "a key"}[ModelRule(segments=rule.segments)] == "a key"
    assert ModelRule(segments=Segments(bins={"age": [18, 30]})) == ModelRule(segments=Segments(bins={"age": (18, 30)}))
    with pytest.raises(TypeError):
        rule.segments.bins["age"] = (1,)


def test_what_is_right_holds_beside_what_is_wrong(read) -> None:
    loaded = read("spans: sometimes\nmodels:\n  - name: a\n    colour: red\n  - 7\n  - name: b\n    version: 3\n")
    assert len(loaded.problems) == 4
    assert [rule.name for rule in loaded.configuration.models] == ["a", "b"]
    assert loaded.configuration.spans is Spans.CHILD


def test_a_rule_with_a_wrong_match_fits_nothing(read) -> None:
    loaded = read("models:\n  - match: {pth: '*/a.joblib'}\n    name: a\n")
    assert len(loaded.problems) == 1
    assert loaded.configuration.models == ()


def test_an_absent_file_and_an_empty_one(read, tmp_path: Path) -> None:
    absent = load(str(tmp_path / "absent.yaml"))
    assert "No such file" in str(absent.problems[0])
    assert read("") == Loaded(Configuration())
    assert read("# nothing\n") == Loaded(Configuration())


def test_a_document_full_of_mistakes_ends(read) -> None:
    loaded = read("models:\n" + "".join(f"  - key{index}: 1\n" for index in range(500)))
    assert len(loaded.problems) >= 100
    assert load("/dev/null").problems == ()


def test_the_first_rule_that_fits_holds() -> None:
    configuration = Configuration(
        models=(
            ModelRule(match=Match(path="*/a-*"), name="by path"),
            ModelRule(match=Match(model_class="Pipeline"), name="by class"),
            ModelRule(match=Match(framework="sklearn", name="ranker*"), name="by name"),
        )
    )

    def name_of(path: str | None, model_class: str, name: str) -> str | None:
        return configuration.rule_for(Identity(path, model_class, "sklearn", name)).name

    assert name_of("/models/a-1.joblib", "sklearn.pipeline.Pipeline", "a-1") == "by path"
    assert name_of("/models/b.joblib", "sklearn.pipeline.Pipeline", "b") == "by class"
    assert name_of(None, "shop.Ranker", "ranker-home") == "by name"
    assert name_of(None, "shop.Ranker", "other") is None


def test_a_keyword_beats_the_environment_and_that_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mlmon.yaml"
    file.write_text("spans: current\nenabled: false\n")
    environment = {"OTEL_MLMON_CONFIG": str(file), "OTEL_MLMON_SPANS": "OFF", "OTEL_MLMON_ENABLED": "true"}
    assert resolve(environment={"OTEL_MLMON_CONFIG": str(file)}).configuration.spans is Spans.CURRENT
    resolved = resolve(environment=environment).configuration
    assert (resolved.spans, resolved.enabled) == (Spans.OFF, True)
    assert resolve(spans="child", environment=environment).configuration.spans is Spans.CHILD
    assert resolve(config=Configuration(), environment={}).configuration == Configuration()


def test_a_wrong_variable_is_named_with_what_it_accepts() -> None:
    (problem,) = resolve(environment={"OTEL_MLMON_ENABLED": "maybe"}).problems
    assert str(problem) == "OTEL_MLMON_ENABLED is 'maybe' and should be true or false"
