"""Times of any form as seconds since 1970, in UTC; a time that names no zone is taken to be in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timezone
from operator import attrgetter, methodcaller

import numpy as np

from otel_mlmon.observe.arrays import Array, Floats

BEGINNING = datetime(1970, 1, 1, tzinfo=timezone.utc)

MAX_SECONDS = 253_402_300_800
"""The year 10,000. A number beyond it is no time in seconds: most likely these are milliseconds."""

MICROSECONDS = 1_000_000
"""In a second."""

UTC_SUFFIXES = ("Z", "+00:00")

DATE_LENGTH = len("2026-12-31")
DASHES_IN_DATE = 2


def seconds_of_moment(moment: date) -> float:
    """Return the seconds of a date, whose first moment is meant, or of a date and time."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - BEGINNING).total_seconds()


def seconds_of_moments(moments: Sequence[datetime]) -> Floats:
    """Return what :func:`seconds_of_moment` says of each date and time, shape (moments,)."""
    zones = set(map(attrgetter("tzinfo"), moments))
    if zones == {None}:
        moments = list(map(methodcaller("replace", tzinfo=timezone.utc), moments))
    elif None in zones:
        return np.fromiter(map(seconds_of_moment, moments), np.float64, len(moments))
    return np.fromiter(map(methodcaller("timestamp"), moments), np.float64, len(moments))


def seconds_of_text(text: str) -> float:
    """Return the seconds of an ISO 8601 text; NaN where it is none."""
    try:
        # Python 3.10 knows no Z.
        return seconds_of_moment(datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith("Z") else text))
    except ValueError:
        return math.nan


def seconds_of_texts(texts: Sequence[str]) -> Floats:
    """Return what :func:`seconds_of_text` says of each text, shape (texts,)."""
    bare = texts
    for suffix in UTC_SUFFIXES:
        if all(map(methodcaller("endswith", suffix), texts)):
            bare = list(map(methodcaller("removesuffix", suffix), texts))
    if _are_plain(bare):
        try:
            return seconds_of_array(np.array(bare, dtype="datetime64[us]"))
        except ValueError:
            pass
    return np.fromiter(map(seconds_of_text, texts), np.float64, len(texts))


def seconds_of_array(moments: Array) -> Floats:
    """Return the seconds of an array of ``datetime64``, NaN for NaT."""
    seconds = moments.astype("datetime64[us]").astype(np.int64) / MICROSECONDS
    seconds[np.isnat(moments)] = np.nan
    return seconds


def _are_plain(texts: Sequence[str]) -> bool:
    """Tell whether numpy, which knows no zones and takes "today" for a time, reads these texts as Python does."""
    joined = "".join(texts)
    if not joined.isascii() or min(map(len, texts), default=0) < DATE_LENGTH:
        return False
    return not joined.encode().translate(None, b"0123456789-:.T ") and joined.count("-") == DASHES_IN_DATE * len(texts)
