"""The subcommand ``init``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from otel_mlmon.cli.failure import Failure


def init(
    *,
    data: Annotated[str, typer.Option(help="The model's inputs: Parquet, CSV, or several as 'data/*.parquet'.")],
    model: Annotated[
        Path | None,
        typer.Option(help="Its file. It is loaded, and a pickle runs code as it loads: name only files you trust."),
    ] = None,
    segment: Annotated[list[str] | None, typer.Option(help="A column to tell predictions apart by; repeat it.")] = None,
    target: Annotated[str | None, typer.Option(help="The column of true answers: no input.")] = None,
    prediction: Annotated[
        str | None, typer.Option(help="A column with the model's answers: no model is needed, all rows are counted.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The model's name in every metric; default: its file's.")] = None,
    operation: Annotated[
        str | None, typer.Option(help="The method that the service calls; default: predict_proba, else predict.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A mlmon.yaml that is there: only the baseline is made, with its checks.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the configuration goes.")] = Path("mlmon.yaml"),
    baseline: Annotated[Path, typer.Option(help="Where the baseline goes.")] = Path("baseline.json"),
    sample: Annotated[int, typer.Option(min=1, help="How many random rows the model is asked about.")] = 100_000,
    merge: Annotated[bool, typer.Option("--merge", help="Add to the baseline that is there.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Write a first mlmon.yaml, and the baseline of what the model answers, from the model and its data."""
    from otel_mlmon.cli.init.session import Request, make  # noqa: PLC0415  (needs numpy, which other commands do not)

    for file in ([] if config else [out]) + ([] if merge else [baseline]):
        if file.exists() and not force:
            message = f"{file} is there already: --force writes over it"
            raise Failure(message)
    # As `python` does: what a pickle refers to is often the user's own module.
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    request = Request(
        data=data,
        model=model,
        segments=tuple(segment or ()),
        target=target,
        prediction=prediction,
        name=name,
        operation=operation,
        config=config,
        baseline=baseline if merge and baseline.exists() else None,
        sample=sample,
        baseline_name=Path(os.path.relpath(baseline, out.parent)).as_posix(),
    )
    made = make(request)
    _write(baseline, made.baseline)
    console = Console(highlight=False, soft_wrap=True)
    if made.document is not None:
        _write(out, made.document)
        console.print(f"wrote {out}: read it, then put it into OTEL_MLMON_CONFIG", markup=False)
    first, *more = made.said
    console.print("\n".join([f"wrote {baseline}: {first}", *more]), markup=False)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise Failure(message) from error
