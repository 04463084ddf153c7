"""Which of many files, or folders, of one name a model was loaded from."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterator

from otel_mlmon.capture.files import ModelFile, file_of

FINGERPRINT_DIGITS = 16
MAX_FINGERPRINT_BYTES = 1 << 30
"""A second of reading, in the thread that exports."""

MAX_FILES = 256
"""In a folder; one with more of them holds other things than a model."""


@functools.lru_cache(maxsize=256)
def fingerprint(file: ModelFile) -> str | None:
    """Return the first digits of the SHA-256 of a file, or of a folder's files; None where they cannot be read.

    They cannot when they are too large or too many, or when the file is no longer as it was. It is asked for at an
    export and not at the load: hashing takes a second a gigabyte.
    """
    if file_of(file.path) != file:
        return None
    digest = hashlib.sha256()
    try:
        files = _files(file.path) if os.path.isdir(file.path) else [file.path]  # noqa: PTH112
        if len(files) > MAX_FILES or sum(map(os.path.getsize, files)) > MAX_FINGERPRINT_BYTES:
            return None
        for path in files:
            if path != file.path:
                digest.update(os.fsencode(os.path.relpath(path, file.path)) + b"\0")
            with open(path, "rb") as content:  # noqa: PTH123
                while chunk := content.read(1 << 20):
                    digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()[:FINGERPRINT_DIGITS]


def _files(folder: str) -> list[str]:
    found: list[str] = []
    for path in _walk(folder):
        found.append(path)
        if len(found) > MAX_FILES:
            break
    return sorted(found)


def _walk(folder: str) -> Iterator[str]:
    for path, _, names in os.walk(folder):
        # Reading a pipe would never end.
        yield from filter(os.path.isfile, (os.path.join(path, name) for name in names))  # noqa: PTH118
