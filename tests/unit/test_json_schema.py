"""The schema that editors use takes what is right, and refuses what is wrong wherever a schema can tell."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
import yaml

from otel_mlmon.config.document import Document, DocumentError
from otel_mlmon.config.json_schema import json_schema
from otel_mlmon.config.load import SCHEMA, structure
from tests.unit.test_config import MISTAKES as FIRST_MISTAKES
from tests.unit.test_config_mistakes import MISTAKES
from tests.unit.test_docs import blocks

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def documents_of_tests() -> Iterator[Any]:
    for file in sorted((ROOT / "tests").rglob("*.py")):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        pieces = [piece for node in nodes if isinstance(node, ast.JoinedStr) for piece in node.values]
        for node in nodes:
            if (
                node not in pieces
                and isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and "models:" in node.value
            ):
                yield pytest.param(node.value, id=f"{file.stem}-{node.lineno}")


def right(candidates: Iterator[Any]) -> list[Any]:
    return [block for block in candidates if is_right(block.values[0])]


def is_right(text: str) -> bool:
    try:
        document = Document.parse(text)
    except DocumentError:
        return False
    # The head of a table of mistakes ends with an item that is still to come.
    is_whole = isinstance(document.value, dict) and not text.endswith("- ")
    return is_whole and structure("mlmon.yaml", document).problems == ()


EXAMPLES = [
    pytest.param(file.read_text(encoding="utf-8"), id=str(file)) for file in (ROOT / "examples").rglob("*.yaml")
]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", right([*blocks("yaml"), *EXAMPLES, *documents_of_tests()]))
def test_what_is_right_is_taken(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(Document.parse(text).value)] == []


def test_there_are_examples_of_most_keys() -> None:
    texts = " ".join(block.values[0] for block in right([*blocks("yaml"), *documents_of_tests()]))
    keys = {key for definition in json_schema()["$defs"].values() for key in definition["properties"]}
    assert len([key for key in keys if f"{key}:" in texts]) > 0.6 * len(keys)


@pytest.mark.parametrize("name", [name for name, mistake in MISTAKES.items() if not mistake.only_in_python])
def test_what_is_wrong_is_refused(name: str) -> None:
    assert not VALIDATOR.is_valid(yaml.safe_load(MISTAKES[name].text))


@pytest.mark.parametrize("name", ["unknown key", "true is no number", "number for text", "no list", "no file of keys"])
def test_what_else_is_wrong_is_refused(name: str) -> None:
    assert not VALIDATOR.is_valid(yaml.safe_load(FIRST_MISTAKES[name].text))


def test_every_class_and_key_of_the_configuration_is_in_it() -> None:
    schema = json_schema()
    objects = {"Configuration": schema, **schema["$defs"]}
    assert objects.keys() == {kind.__name__ for kind in SCHEMA}
    for kind in SCHEMA:
        keys = {attribute.metadata.get("key", attribute.name) for attribute in attrs.fields(kind)}
        assert objects[kind.__name__]["properties"].keys() == keys
        assert objects[kind.__name__]["additionalProperties"] is False


def test_every_key_says_what_it_is() -> None:
    schema = json_schema()
    silent = [
        f"{name}.{key}"
        for name, definition in {"": schema, **schema["$defs"]}.items()
        for key, value in definition["properties"].items()
        if not value.get("description")
    ]
    assert silent == []


def test_the_command_writes_it(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("otel-mlmon")), "schema"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert json.loads(printed) == json_schema()
    subprocess.run([*command, "--out", str(tmp_path / "schema.json")], timeout=60, check=True)
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == printed
