"""Which adapters are active in this environment, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from attrs import frozen

from otel_mlmon.capture.adapter import Adapter
from otel_mlmon.capture.versions import installed_distribution, installed_version, is_older
from otel_mlmon.config.schema import Configuration


class State(Enum):
    """Whether an adapter observes its library here."""

    ACTIVE = "active"
    NOT_INSTALLED = "not installed"
    TOO_OLD = "too old"
    SWITCHED_OFF = "switched off"


@frozen
class AdapterStatus:
    """An adapter in this environment.

    Attributes
    ----------
    library
        What it is installed as; None: it is Python's own.
    installed
        The library's version; None where it is not installed, or Python's own.
    supported
        Its versions.
    """

    adapter: Adapter
    library: str | None
    installed: str | None
    supported: str
    state: State


def status_of(adapter: Adapter, configuration: Configuration, disabled: Iterable[str]) -> AdapterStatus:
    """Return how an adapter fares in this environment.

    Parameters
    ----------
    adapter
        Built in, or from another package.
    configuration
        That holds here.
    disabled
        Names of adapters that ``OTEL_PYTHON_DISABLED_INSTRUMENTATIONS`` names.
    """
    installed = installed_version(adapter)
    library = installed_distribution(adapter) or next(iter(adapter.distributions), None)
    supported = "any" if library is None else f"{adapter.oldest} and later"
    return AdapterStatus(adapter, library, installed, supported, _state(adapter, installed, configuration, disabled))


def _state(adapter: Adapter, installed: str | None, configuration: Configuration, disabled: Iterable[str]) -> State:
    is_allowed = configuration.enabled and adapter.is_allowed(configuration.adapters)
    if not is_allowed or adapter.name in disabled:
        return State.SWITCHED_OFF
    if adapter.distributions and installed is None:
        return State.NOT_INSTALLED
    return State.TOO_OLD if installed is not None and is_older(installed, adapter.oldest) else State.ACTIVE
