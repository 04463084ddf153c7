"""Files that look like models, and what these would be called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from attrs import frozen

from otel_mlmon.capture.adapter import Adapter
from otel_mlmon.capture.files import file_of
from otel_mlmon.capture.naming import Label
from otel_mlmon.config.schema import Configuration, Identity, ModelRule

MAX_FILES = 200
SKIPPED = {"node_modules", "site-packages", "__pycache__"}


@frozen
class FoundModel:
    """A file that an adapter's loader reads.

    Attributes
    ----------
    name
        That the model will have in every metric.
    rule
        Its place among the configured models, from 0; None where none fits by the path.
    """

    file: Path
    adapter: str
    name: str
    rule: int | None


def find(folders: Iterable[Path], adapters: Iterable[Adapter], configuration: Configuration) -> list[FoundModel]:
    """Return the files in folders, and below them, that some loader reads: at most :data:`MAX_FILES`."""
    # The first adapter that knows a suffix is the one that stands closest to Python.
    by_suffix: dict[str, str] = {}
    for adapter in adapters:
        for loader in adapter.loaders:
            for suffix in loader.suffixes:
                by_suffix.setdefault(suffix, adapter.name)
    files = (file for folder in folders for file in _files(folder) if file.suffix in by_suffix)
    return [_describe(file, by_suffix[file.suffix], configuration) for file in islice(files, MAX_FILES)]


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in SKIPPED or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _files(entry)
        else:
            yield entry


def _describe(file: Path, adapter: str, configuration: Configuration) -> FoundModel:
    name = Label(file=file_of(file)).file_name or file.stem
    identity = Identity(path=str(file.absolute()), model_class="", framework=adapter, name=name)
    rule = configuration.rule_for(identity)
    # What a rule asks of the class is known only once the model is loaded.
    place = None if rule == ModelRule() else configuration.models.index(rule)
    return FoundModel(file, adapter, rule.name or name, place)
