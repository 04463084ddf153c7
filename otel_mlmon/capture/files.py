"""The files that models are loaded from."""

from __future__ import annotations

import os
import stat

from attrs import frozen


@frozen
class ModelFile:
    """A file as it was when a model was loaded from it.

    Attributes
    ----------
    path
        Absolute.
    size
        In bytes.
    modified
        In nanoseconds since 1970.
    is_folder
        Whether the model is a folder of files.
    """

    path: str
    size: int
    modified: int
    is_folder: bool = False


def file_of(source: object) -> ModelFile | None:
    """Return the file that a path, or an open file, stands for; None where it stands for none."""
    if not isinstance(source, (str, os.PathLike)):
        source = getattr(source, "name", None)
    if not isinstance(source, (str, os.PathLike)):
        return None
    try:
        path = os.path.abspath(os.fsdecode(source))  # noqa: PTH100
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return ModelFile(path, status.st_size, status.st_mtime_ns, stat.S_ISDIR(status.st_mode))
