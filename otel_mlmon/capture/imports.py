"""Applies adapters when, and only when, the service imports their frameworks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING

import wrapt

from otel_mlmon import safety
from otel_mlmon.capture.adapter import Adapter, Exit, Hook, Loader
from otel_mlmon.capture.patching import Patches
from otel_mlmon.capture.versions import installed_version, is_between, is_older

if TYPE_CHECKING:
    from otel_mlmon.capture.call import Engine
    from otel_mlmon.capture.inside import Around

GetAround = Callable[["Engine"], "Around"]


class TargetMissingError(Exception):
    """A function that an adapter is about is not where it was in the versions that the adapter knows."""


class Installation:
    """The adapters that are applied now, or will be at their framework's import.

    wrapt cannot forget an import hook: a closed installation's hooks do nothing.

    Parameters
    ----------
    engine
        Returns the engine, at the first import of a framework; None where nothing is to be observed.
    then
        Runs a function once there is an engine.
    applies
        Tells whether an adapter is to be applied. The models of one that is not are nobody else's either: those of a
        library that builds on another, the other's adapter would misread.
    """

    def __init__(
        self,
        engine: Callable[[], Engine | None],
        then: Callable[[Callable[[], None]], None],
        applies: Callable[[Adapter], bool],
    ) -> None:
        self._engine = engine
        self._then = then
        self._applies = applies
        self._patches = Patches()
        self._open = True
        self._off: set[str] = set()

    def install(self, adapters: Iterable[Adapter]) -> None:
        """Apply adapters to the frameworks that are imported already, and to the others when they will be."""
        for adapter in adapters:
            for loader in adapter.loaders:
                self._at_import(adapter, loader, partial(_around_loader, loader))
            for exit_ in adapter.exits:
                self._at_import(adapter, exit_, _around_exit)
            for hook in adapter.hooks:
                self._at_import(adapter, hook, partial(_around_hook, hook, adapter))

    def close(self) -> None:
        """Restore every attribute of every framework."""
        self._open = False
        self._patches.undo()

    def _at_import(self, adapter: Adapter, place: Hook | Loader | Exit, around: GetAround) -> None:
        module_name = place.target.partition(":")[0]

        @safety.guard("patch")
        def apply(module: ModuleType) -> None:
            if self._open and adapter.name not in self._off:
                engine = self._engine()
                if engine is None or not self._fits(adapter, place):
                    return
                if self._applies(adapter):
                    self._apply(adapter, place, module, around(engine))
                else:
                    self._leave_alone(adapter, place, module)

        def imported(module: ModuleType) -> None:
            if self._open:
                self._then(partial(apply, module))

        wrapt.register_post_import_hook(imported, module_name)

    def _fits(self, adapter: Adapter, place: Hook | Loader | Exit) -> bool:
        version = installed_version(adapter)
        if version is None:
            return True
        if is_older(version, adapter.oldest):
            self._off.add(adapter.name)
            safety.logger.warning(
                "otel-mlmon: %s %s is older than %s, the oldest that adapter '%s' knows: its models are not observed",
                adapter.distributions[0],
                version,
                adapter.oldest,
                adapter.name,
            )
            return False
        return is_between(version, place.since, place.until)

    def _apply(self, adapter: Adapter, place: Hook | Loader | Exit, module: ModuleType, around: Around) -> None:
        owner, _, name = place.target.partition(":")[2].rpartition(".")
        target = vars(module).get(owner or name)
        is_abstract = isinstance(place, Hook) and place.abstract
        if owner and isinstance(target, type) and (is_abstract or hasattr(target, name)):
            inherited = isinstance(place, Hook) and place.inherited
            self._patches.method(adapter.name, target, name, around, inherited=inherited)
        elif callable(target) and not owner:
            self._patches.function(adapter.name, module, name, around)
        else:
            self._switch_off(adapter, place.target)

    def _leave_alone(self, adapter: Adapter, place: Hook | Loader | Exit, module: ModuleType) -> None:
        owner, _, name = place.target.partition(":")[2].rpartition(".")
        target = vars(module).get(owner)
        if isinstance(place, Hook) and place.outputs is not None and isinstance(target, type):
            self._patches.method(adapter.name, target, name, None)

    def _switch_off(self, adapter: Adapter, target: str) -> None:
        self._off.add(adapter.name)
        self._patches.undo_adapter(adapter.name)
        library = " ".join([*adapter.distributions[:1], installed_version(adapter) or ""]).strip() or "this Python"
        message = (
            f"{library} has no {target}: adapter '{adapter.name}' is off, its models are not observed; "
            f"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=otel_mlmon_{adapter.name} silences this"
        )
        safety.tell("adapter", TargetMissingError(message))


def _around_loader(loader: Loader, engine: Engine) -> Around:
    return engine.around_loader(loader)


def _around_exit(engine: Engine) -> Around:
    return engine.around_exit


def _around_hook(hook: Hook, adapter: Adapter, engine: Engine) -> Around:
    return engine.around(hook, adapter)
