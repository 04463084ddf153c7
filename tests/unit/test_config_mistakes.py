"""Each mistake in ``mlmon.yaml`` has one message, which names the place and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import frozen

from otel_mlmon.config.document import MAX_VALUES
from otel_mlmon.config.load import MAX_BYTES, Loaded, load

CHECK = "models:\n  - name: a\n    checks:\n      - "
ONE_OF = "must say one of above, below, between, outside, missing, constant, class_in, ambiguous"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{key}: &{key} [{', '.join([f'*{before}'] * 10)}]\n" for before, key in zip("abcdefg", "bcdefgh", strict=True)
)


@frozen
class Mistake:
    """A file, the only message about it, and whether only Python can tell."""

    text: str | bytes
    message: str
    only_in_python: bool = False


MISTAKES = {
    "a check without a name": Mistake(
        CHECK + "{rule: {above: 1}}",
        "4:9: wrong value for models[0].checks[0]: needs 'name', such as 'name: extreme-score'",
    ),
    "a check whose name is empty": Mistake(
        CHECK + "{name: '', rule: {above: 1}}",
        "4:10: wrong value for models[0].checks[0].name: needs 'name', such as 'name: extreme-score'",
    ),
    "a check that asks nothing": Mistake(
        CHECK + "{name: extreme}",
        "4:9: wrong value for models[0].checks[0]: check 'extreme' asks nothing: give it a rule, "
        "such as 'rule: {above: 0.99}', or a function, such as 'call: shop.checks:favourite_rank'",
    ),
    "a check with a rule and a function": Mistake(
        CHECK + "{name: extreme, rule: {above: 1}, call: 'shop.checks:extreme'}",
        "4:9: wrong value for models[0].checks[0]: check 'extreme' has a rule and a call: "
        "make it two checks, or leave one out",
    ),
    "a check with two rules": Mistake(
        CHECK + "{name: extreme, rule: {above: 1, below: 0}}",
        "4:25: wrong value for models[0].checks[0].rule: says above and below, and a rule says one thing: "
        "make it a check each",
    ),
    "an empty rule": Mistake(
        CHECK + "{name: extreme, rule: {}}",
        f"4:25: wrong value for models[0].checks[0].rule: {ONE_OF}, count_below, rank_of, contains_any, "
        "duplicate_share, fallback, changed, monotone, agrees_with, latency_above",
    ),
    "an unknown rule": Mistake(
        CHECK + "{name: extreme, rule: {abov: 1}}",
        "4:32: unknown key 'abov' in models[0].checks[0].rule; did you mean 'above'?",
    ),
    "a wrong type in a rule": Mistake(
        CHECK + "{name: extreme, rule: {above: high}}",
        "4:32: wrong value for models[0].checks[0].rule.above: 'high' should be a number",
    ),
    "no number in a rule": Mistake(
        CHECK + "{name: extreme, rule: {above: .nan}}",
        "4:32: wrong value for models[0].checks[0].rule.above: nan should be a number",
        only_in_python=True,
    ),
    "a percentage for a share": Mistake(
        CHECK + "{name: extreme, rule: {above: 1}, usual: 5}",
        "4:43: wrong value for models[0].checks[0].usual: 5 should be a share from 0 to 1, such as 0.05 for 5 %",
    ),
    "a percentage with its sign": Mistake(
        CHECK + "{name: extreme, rule: {above: 1}, usual: 5%}",
        "4:43: wrong value for models[0].checks[0].usual: '5%' should be a number: 0.05 is 5%",
    ),
    "no budget": Mistake(
        CHECK + "{name: rank, call: 'shop.checks:rank', budget: 0}",
        "4:48: wrong value for models[0].checks[0].budget: 0 should be above 0",
    ),
    "a function's place without a colon": Mistake(
        CHECK + "{name: rank, call: shop.checks.rank}",
        "4:22: wrong value for models[0].checks[0].call: 'shop.checks.rank' should be a function's place, "
        "module and function with a colon between: 'shop.checks:rank'",
    ),
    "no classes": Mistake(
        CHECK + "{name: other, rule: {class_in: []}}",
        "4:30: wrong value for models[0].checks[0].rule.class_in: must name one at least",
    ),
    "an interval that is turned around": Mistake(
        CHECK + "{name: odd, rule: {outside: [1, 0]}}",
        "4:28: wrong value for models[0].checks[0].rule.outside: must be two numbers, the smaller one first: [0, 1]",
        only_in_python=True,
    ),
    "an interval of three": Mistake(
        CHECK + "{name: odd, rule: {outside: [0, 1, 2]}}",
        "4:28: wrong value for models[0].checks[0].rule.outside: must be two numbers, the smaller one first",
    ),
    "a rule that is switched off": Mistake(
        CHECK + "{name: gone, rule: {missing: false}}",
        "4:29: wrong value for models[0].checks[0].rule.missing: is true, or left out",
    ),
    "nothing to look for": Mistake(
        CHECK + "{name: rank, rule: {rank_of: {within: 5}}}",
        "4:29: wrong value for models[0].checks[0].rule.rank_of: needs 'item', such as 'item: favourite'",
    ),
    "a number for a mapping": Mistake(
        CHECK + "{name: rank, rule: {rank_of: 5}}",
        "4:29: wrong value for models[0].checks[0].rule.rank_of: 5 should be a mapping with some of the keys "
        "item, within",
    ),
    "ambiguous by nothing": Mistake(
        CHECK + "{name: unsure, rule: {ambiguous: {}}}",
        "4:31: wrong value for models[0].checks[0].rule.ambiguous: needs a confidence, or a margin over the second "
        "class: 'ambiguous: {confidence: 0.6}'",
    ),
    "another model without a key": Mistake(
        CHECK + "{name: shadow, rule: {agrees_with: {model: challenger}}}",
        "4:31: wrong value for models[0].checks[0].rule.agrees_with: needs a model and a key together, that "
        "both models "
        "answer for: 'model: challenger, key: request'",
    ),
    "nobody to agree with": Mistake(
        CHECK + "{name: shadow, rule: {agrees_with: {tolerance: 1}}}",
        "4:31: wrong value for models[0].checks[0].rule.agrees_with: needs the one that is asked, a function or a "
        "model: 'call: shop.rules:baseline'",
    ),
    "a fallback of nothing": Mistake(
        CHECK + "{name: popular, rule: {fallback: {}}}",
        "4:32: wrong value for models[0].checks[0].rule.fallback: needs either the items, or the function that "
        "returns "
        "them: 'items: [bread, milk]'",
    ),
    "a check that stands twice": Mistake(
        CHECK + "{name: odd, rule: {above: 1}}\n      -\n      - {name: odd, rule: {below: 0}}",
        "6:10: wrong value for models[0].checks[2].name: check 'odd' stands twice in this model: give it another name",
        only_in_python=True,
    ),
    "an input without a column": Mistake(
        "models:\n  - inputs:\n      - {range: [0, 1]}",
        "3:9: wrong value for models[0].inputs[0]: must say which column it is about: column: a name, or an "
        "index from 0",
    ),
    "boundaries that do not increase": Mistake(
        "models:\n  - output: {boundaries: [1, 0]}",
        "2:14: wrong value for models[0].output.boundaries: must be a list of numbers that increase",
        only_in_python=True,
    ),
    "no values of a segment": Mistake(
        "models:\n  - segments: {columns: [origin], max_values: 0}",
        "2:35: wrong value for models[0].segments.max_values: 0 should be at least 1",
    ),
    "an empty name": Mistake(
        "models:\n  - name: ''",
        "2:5: wrong value for models[0].name: must not be empty: leave it out, or say what it is",
    ),
    "a version that is no text": Mistake(
        "models:\n  - version: 2.10", "2:5: wrong value for models[0].version: 2.1 should be text: put it into quotes"
    ),
    "one of a few, nearly": Mistake(
        "models:\n  - output: {kind: probabilty}",
        "2:14: wrong value for models[0].output.kind: 'probabilty' should be one of probability, score, label; "
        "did you mean 'probability'?",
    ),
    "a list where a mapping belongs": Mistake(
        "limits: [200]",
        "1:1: wrong value for limits: [200] should be a mapping with some of the keys combinations, classes, "
        "models, series",
    ),
    "a mapping where a list belongs": Mistake(
        "models:\n  name: a", "1:1: wrong value for models: {'name': 'a'} should be a list: begin each item with '- '"
    ),
    "text where a list belongs": Mistake(
        "models:\n  - segments: {columns: origin}",
        "2:16: wrong value for models[0].segments.columns: 'origin' should be a list: [origin]",
    ),
    "much text where a mapping belongs": Mistake(
        "limits: " + "x" * 1000,
        f"1:1: wrong value for limits: '{'x' * 58}… should be a mapping with some of the keys combinations, classes, "
        "models, series",
    ),
    "tabs": Mistake(
        "models:\n\t- name: a",
        "2:1: is no YAML: found character '\\t' that cannot start any token: indent with spaces, and not with tabs",
        only_in_python=True,
    ),
    "a star without quotes": Mistake(
        "models:\n  - match: {path: */delay-*}",
        "2:20: is no YAML: while scanning an alias expected alphabetic or numeric character, but found '/': "
        "text that "
        "begins with * needs quotes, such as '*/delay-*'",
        only_in_python=True,
    ),
    "a colon without quotes": Mistake(
        "models:\n  - name: a: b",
        "2:12: is no YAML: mapping values are not allowed here: text with a colon in it needs quotes, and keys "
        "of one "
        "mapping stand in one column",
        only_in_python=True,
    ),
    "a key that stands twice": Mistake(
        "models:\n  - name: a\n    name: b", "3:5: key 'name' stands twice in models[0]", only_in_python=True
    ),
    "another encoding": Mistake(
        "# é\nmodels:\n  - name: caf".encode() + b"\xe9\n",
        "3:14: is no UTF-8, for it has the byte 0xe9 here: save it as UTF-8",
        only_in_python=True,
    ),
    "a control character": Mistake(
        b"models:\n  - name: a\x00", "2:12: is no YAML: it holds the character 0x0", only_in_python=True
    ),
    "a bomb of aliases": Mistake(
        BOMB,
        f"1:1: holds more than {MAX_VALUES:,} values, each alias (*) counted as all that it stands for",
        only_in_python=True,
    ),
    "an alias of itself": Mistake("models: &a [*a]", "1:9: is nested more than 50 deep", only_in_python=True),
    "brackets without end": Mistake("[" * 2000, "1:1: is nested too deeply", only_in_python=True),
    "a very large file": Mistake(
        "# " + "x" * MAX_BYTES, "1:1: is larger than 1 MiB: is it the right file?", only_in_python=True
    ),
}


def read(mistake: Mistake, folder: Path) -> Loaded:
    file = folder / "mlmon.yaml"
    text = mistake.text
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(str(file))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_one_message_with_its_place_and_mend(name: str, tmp_path: Path) -> None:
    (problem,) = read(MISTAKES[name], tmp_path).problems
    assert str(problem) == f"{tmp_path}/mlmon.yaml:{MISTAKES[name].message}"


def test_a_wrong_check_is_left_out_and_the_others_hold(tmp_path: Path) -> None:
    text = CHECK + "{name: odd, rule: {above: high}}\n      - {name: extreme, rule: {above: 1}, usual: 5}"
    loaded = read(Mistake(text, ""), tmp_path)
    assert [problem.position.line for problem in loaded.problems] == [4, 5]
    (check,) = loaded.configuration.models[0].checks
    assert (check.name, check.usual) == ("extreme", None)


def test_a_device_without_end_is_no_file() -> None:
    (problem,) = load("/dev/zero").problems
    assert problem.message == "is larger than 1 MiB: is it the right file?"
