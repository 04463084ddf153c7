"""What a configuration refers to, and only an environment can tell: functions, adapters, and rules that never hold."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import Path as FilePath
from typing import Any

import attrs

from otel_mlmon.config import baseline
from otel_mlmon.config.baseline import BaselineError
from otel_mlmon.config.document import Document, DocumentError, Path
from otel_mlmon.config.load import Problem, read_text
from otel_mlmon.config.nearest import nearest
from otel_mlmon.config.schema import Configuration, Match
from otel_mlmon.config.validating import dotted

WILD = frozenset("*?[")
ALWAYS_KNOWN = {"name", "model_class", "framework"}
"""What every model has; a pattern that takes all of these asks nothing."""


def wrong_references(file: str, adapters: Collection[str]) -> Iterator[Problem]:
    """Return what a file names and is not here; imports the modules of the functions that it names.

    Parameters
    ----------
    file
        That can be read.
    adapters
        Names of all that there are.
    """
    document, folder = _document(file), FilePath(file).parent
    for path, value in _walk(document.value, ()):
        message = _wrong(path, value, adapters, folder)
        if message is not None:
            yield Problem(file, document.position(path), message)


def rules_that_never_hold(file: str, configuration: Configuration) -> Iterator[Problem]:
    """Return the rules for models that come after one that fits all of their models; the file has no other problem."""
    document = _document(file)
    models = document.value.get("models") if isinstance(document.value, dict) else None
    written = [place for place, rule in enumerate(models or ()) if rule is not None]
    for place, rule in enumerate(configuration.models):
        for earlier in range(place):
            if _covers(configuration.models[earlier].match, rule.match):
                one, other = written[place], written[earlier]
                message = f"models[{one}] never holds: models[{other}] fits all of its models; put it before that one"
                yield Problem(file, document.position(("models", one)), message)
                break


def _document(file: str) -> Document:
    try:
        return Document.parse(read_text(file))
    except DocumentError:
        # It has been named already.
        return Document(value=None)


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        below = (*path, key if isinstance(key, int) and isinstance(value, list) else str(key))
        yield below, item
        yield from _walk(item, below)


def _wrong(path: Path, value: Any, adapters: Collection[str], folder: FilePath) -> str | None:
    if not isinstance(value, str):
        return None
    if path[-1] == "call":
        return _wrong_function(value)
    if path[0] == "models" and path[2:] == ("baseline",):
        return _wrong_baseline(folder / value)
    is_adapter = path[:-1] in (("adapters", "only"), ("adapters", "except"))
    is_framework = path[0] == "models" and path[2:] == ("match", "framework") and not WILD & set(value)
    if (is_adapter or is_framework) and value not in adapters:
        return f"there is no adapter '{value}'{nearest(value, sorted(adapters))}"
    return None


def _wrong_baseline(file: FilePath) -> str | None:
    try:
        baseline.load(file)
    except BaselineError as error:
        return str(error).partition("\n")[0]
    return None


def _wrong_function(place: str) -> str | None:
    try:
        dotted(None, None, place)
    except ValueError:
        # It has been named already.
        return None
    module, _, name = place.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        is_own = missing.partition(".")[0] == module.partition(".")[0]
        hint = ": run this in the folder where the service is started, or with its PYTHONPATH" if is_own else ""
        return f"'{place}' cannot be imported, for there is no module '{missing}'{hint}"
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a module of the user's may do anything)
        return f"'{place}' cannot be imported: {type(error).__name__}: {error}"
    above = module
    for part in name.split("."):
        if not hasattr(found, part):
            known = [known for known in dir(found) if not known.startswith("_")]
            close = difflib.get_close_matches(part, known, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            return f"there is no '{part}' in {above}{hint}"
        found, above = getattr(found, part), f"{above}.{part}"
    return None if callable(found) else f"'{place}' is no function, but {type(found).__name__}"


def _covers(earlier: Match, later: Match) -> bool:
    """Tell whether a rule fits each model that a later one fits."""
    for attribute in attrs.fields(Match):
        ours, theirs = getattr(earlier, attribute.name), getattr(later, attribute.name)
        takes_all = ours is None or (ours == "*" and attribute.name in ALWAYS_KNOWN)
        if takes_all or (theirs is not None and (ours in ("*", theirs))):
            continue
        if theirs is None or WILD & set(theirs) or not fnmatchcase(theirs, ours):
            return False
    return True
