"""The files that models are loaded from."""

from __future__ import annotations

import functools
import hashlib
import os

from otel_mlmon.observe.prediction import ModelFile

FINGERPRINT_DIGITS = 16
MAX_FINGERPRINT_BYTES = 1 << 30
"""A second of reading, in the thread that exports."""


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
    return ModelFile(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def fingerprint(file: ModelFile) -> str | None:
    """Return the first digits of the SHA-256 of a file; None where it is too large, or no longer as it was.

    It is asked for at an export and not at the load: hashing takes a second a gigabyte.
    """
    if file.size > MAX_FINGERPRINT_BYTES or file_of(file.path) != file:
        return None
    digest = hashlib.sha256()
    try:
        with open(file.path, "rb") as content:  # noqa: PTH123
            while chunk := content.read(1 << 20):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()[:FINGERPRINT_DIGITS]
