"""Which of many files of one name a model was loaded from."""

from __future__ import annotations

import functools
import hashlib

from otel_mlmon.capture.files import ModelFile, file_of

FINGERPRINT_DIGITS = 16
MAX_FINGERPRINT_BYTES = 1 << 30
"""A second of reading, in the thread that exports."""


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
