"""The models of a configuration, and the mistakes for which no rules can be written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from otel_mlmon.backends.prometheus.runbook.entries.known import ENTRIES
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.config import baseline as baselines
from otel_mlmon.config.baseline import Baseline, BaselineError
from otel_mlmon.config.nearest import nearest
from otel_mlmon.config.schema import Configuration, ModelRule


class GenerationError(ValueError):
    """Why no rules can be written, and what to do."""


def subjects(configuration: Configuration, folder: Path) -> tuple[Subject, ...]:
    """Return the models.

    Parameters
    ----------
    folder
        Where the configuration is: its paths begin there.

    Raises
    ------
    GenerationError
        There is no model, one has no name, two have the same one, or a baseline does not fit.
    """
    if not configuration.models:
        message = "it has no models: otel-mlmon init begins one from your data"
        raise GenerationError(message)
    found = tuple(_each(configuration, folder))
    known = [subject.name for subject in found]
    for place, name in enumerate(known):
        if name in known[:place]:
            message = f"models[{place}]: another model is named '{name}', too, and their rules would be the same"
            raise GenerationError(message)
    return found


def slug(name: str) -> str:
    """Return the name of a model's files."""
    return "".join(character if character.isalnum() or character in "-_." else "_" for character in name)


def _each(configuration: Configuration, folder: Path) -> Iterator[Subject]:
    base = (configuration.runbooks or "runbook").rstrip("/")
    for place, rule in enumerate(configuration.models):
        known = None if rule.baseline is None else _baseline(folder / rule.baseline, place)
        name = _name(rule, known, place)
        if known is not None and known.model != name:
            message = (
                f"models[{place}].baseline: {rule.baseline} is of the model '{known.model}' and not of '{name}': "
                f"otel-mlmon init --config … makes the right one"
            )
            raise GenerationError(message)
        _check_known(rule, known, name, place)
        _check_off(rule, place)
        yield Subject(name, rule, known, f"{base}/{slug(name)}.md")


def _check_known(rule: ModelRule, known: Baseline | None, name: str, place: int) -> None:
    if known is None and rule.output.kind is None and rule.output.boundaries is None:
        message = (
            f"models[{place}]: nothing is known of the answers of '{name}': give it a baseline, which otel-mlmon "
            f"init makes of your data, or say 'output: {{kind: probability}}', or label, or output.boundaries"
        )
        raise GenerationError(message)


def _check_off(rule: ModelRule, place: int) -> None:
    for alert in rule.alerts.off:
        if alert not in ENTRIES:
            message = f"models[{place}].alerts.off: there is no alert '{alert}'{nearest(alert, tuple(ENTRIES))}"
            raise GenerationError(message)


def _baseline(file: Path, place: int) -> Baseline:
    try:
        return baselines.load(file)
    except BaselineError as error:
        message = f"models[{place}].baseline: {error}"
        raise GenerationError(message) from error


def _name(rule: ModelRule, known: Baseline | None, place: int) -> str:
    name = rule.name or (None if known is None else known.model)
    if name is None:
        message = (
            f"models[{place}] has neither a name nor a baseline, and rules are for a model by its name: give it 'name'"
        )
        raise GenerationError(message)
    return name
