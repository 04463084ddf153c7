"""Applies adapters when, and only when, the service imports their frameworks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING

import wrapt

from otel_mlmon import safety
from otel_mlmon.capture.adapter import Adapter, Hook, Loader
from otel_mlmon.capture.patching import Patches

if TYPE_CHECKING:
    from otel_mlmon.capture.call import Around, Engine

GetAround = Callable[["Engine"], "Around"]


class Installation:
    """The adapters that are applied now, or will be at their framework's import.

    wrapt cannot forget an import hook: a closed installation's hooks do nothing.

    Parameters
    ----------
    engine
        Returns the engine, at the first import of a framework; None where nothing is to be observed.
    """

    def __init__(self, engine: Callable[[], Engine | None]) -> None:
        self._engine = engine
        self._patches = Patches()
        self._open = True

    def install(self, adapters: Iterable[Adapter]) -> None:
        """Apply adapters to the frameworks that are imported already, and to the others when they will be."""
        for adapter in adapters:
            for loader in adapter.loaders:
                self._at_import(loader.target, partial(_around_loader, loader))
            for exit_ in adapter.exits:
                self._at_import(exit_.target, _around_exit)
            for hook in adapter.hooks:
                self._at_import(hook.target, partial(_around_hook, hook, adapter))

    def close(self) -> None:
        """Restore every attribute of every framework."""
        self._open = False
        self._patches.undo()

    def _at_import(self, target: str, around: GetAround) -> None:
        module_name, _, qualified_name = target.partition(":")

        def apply(module: ModuleType) -> None:
            if self._open:
                with safety.guard("patch"):
                    engine = self._engine()
                    if engine is not None:
                        self._apply(module, qualified_name, around(engine))

        wrapt.register_post_import_hook(apply, module_name)

    def _apply(self, module: ModuleType, qualified_name: str, around: Around) -> None:
        owner, _, name = qualified_name.rpartition(".")
        target = vars(module).get(owner or name)
        if isinstance(target, type) and owner:
            self._patches.method(target, name, around)
        elif callable(target):
            self._patches.function(module, name, around)
        else:
            safety.logger.debug("otel-mlmon: %s has no %s in this version", module.__name__, qualified_name)


def _around_loader(loader: Loader, engine: Engine) -> Around:
    return engine.around_loader(loader)


def _around_exit(engine: Engine) -> Around:
    return engine.around_exit


def _around_hook(hook: Hook, adapter: Adapter, engine: Engine) -> Around:
    return engine.around(hook, adapter)
