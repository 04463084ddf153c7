"""Which version of a framework is installed, and whether a place of an adapter exists in it."""

from __future__ import annotations

import functools
from importlib import metadata

from otel_mlmon.capture.adapter import Adapter


@functools.cache
def _version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def installed_distribution(adapter: Adapter) -> str | None:
    """Return what an adapter's framework is installed as; None where it is not, or is Python's own."""
    return next((name for name in adapter.distributions if _version_of(name) is not None), None)


def installed_version(adapter: Adapter) -> str | None:
    """Return the version of an adapter's framework; None where it is not known, or Python's own."""
    return next(filter(None, map(_version_of, adapter.distributions)), None)


def is_older(version: str, bound: str) -> bool:
    """Tell whether a version comes before another; false for one that is none."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415  (a process without a framework needs none)

    try:
        # A pre-release of a version has what that version has.
        return Version(Version(version).base_version) < Version(bound)
    except InvalidVersion:
        return False


def is_between(version: str, since: str | None, until: str | None) -> bool:
    """Tell whether a version is in a half-open range; a bound that is None is none."""
    return not (since is not None and is_older(version, since)) and (until is None or is_older(version, until))
