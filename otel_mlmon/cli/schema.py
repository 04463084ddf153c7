"""The subcommand ``schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from otel_mlmon.config.json_schema import json_schema


def schema(*, out: Annotated[Path | None, typer.Option(help="Where it goes; default: the terminal.")] = None) -> None:
    """Print the JSON Schema of mlmon.yaml, by which editors complete and check it.

    Its first line tells the editor: # yaml-language-server: $schema=mlmon.schema.json
    """
    text = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
