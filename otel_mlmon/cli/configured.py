"""The models of a configuration, for commands that write or judge rules."""

from __future__ import annotations

import os
from pathlib import Path

from attrs import frozen

from otel_mlmon.backends.prometheus.configured import GenerationError, subjects
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.cli.failure import Failure
from otel_mlmon.config.environment_variables import OTEL_MLMON_CONFIG
from otel_mlmon.config.load import load


@frozen
class Configured:
    """A configuration file and the models in it."""

    file: Path
    subjects: tuple[Subject, ...]


def configured(config: Path | None) -> Configured:
    """Read a configuration, or the one that ``OTEL_MLMON_CONFIG`` names.

    Raises
    ------
    Failure
        There is none, something in it is wrong, or no rules can be written for it.
    """
    named = config or os.environ.get(OTEL_MLMON_CONFIG, "").strip() or None
    if named is None:
        message = f"which configuration? say --config mlmon.yaml, or set {OTEL_MLMON_CONFIG}"
        raise Failure(message)
    file = Path(named)
    loaded = load(str(file))
    if loaded.problems:
        raise Failure("\n".join(map(str, loaded.problems)))
    try:
        return Configured(file, subjects(loaded.configuration, file.parent))
    except GenerationError as error:
        message = f"{file}: {error}"
        raise Failure(message) from error
