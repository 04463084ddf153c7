"""Applies adapters when, and only when, the service imports their frameworks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import wrapt
from attrs import frozen

from otel_mlmon import safety
from otel_mlmon.capture.adapter import Adapter, Exit, Hook, Loader
from otel_mlmon.capture.around import around_fulfilment
from otel_mlmon.capture.exits import around_exit
from otel_mlmon.capture.loading import around_loader
from otel_mlmon.capture.patching import Patches
from otel_mlmon.capture.pickling import PICKLERS, pickle_as_without_us
from otel_mlmon.capture.versions import installed_version, is_between, is_older
from otel_mlmon.capture.witness import APPLIED, IMPORTED, Witness

if TYPE_CHECKING:
    from otel_mlmon.capture.call import Engine
    from otel_mlmon.capture.inside import Around, Method

GetAround = Callable[["Engine"], "Around"]


class TargetMissingError(Exception):
    """A function that an adapter is about is not where it was in the versions that the adapter knows."""


@frozen
class WhenBuilt:
    """What is done with an engine if there is one already: none is made for it.

    Attributes
    ----------
    export
        Exports what the process has answered, unless the adapter is not to be applied.
    forget
        Forgets what is known of an object.
    may_apply
        Tells whether an adapter is to be applied, as far as that is known.
    """

    export: Callable[[Adapter], None] = lambda _adapter: None
    forget: Callable[[Any], None] = lambda _instance: None
    may_apply: Callable[[Adapter], bool] = lambda _adapter: True


NOTHING_BUILT = WhenBuilt()


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
    built
        What is done with an engine if there is one already; it makes none.
    witness
        Is told of what is imported and called; None where nobody asks.
    """

    def __init__(
        self,
        engine: Callable[[], Engine | None],
        then: Callable[[Callable[[], None]], None],
        applies: Callable[[Adapter], bool],
        built: WhenBuilt = NOTHING_BUILT,
        witness: Witness | None = None,
    ) -> None:
        self._engine = engine
        self._then = then
        self._applies = applies
        self._built = built
        self._witness = witness
        self._patches = Patches()
        self._open = True
        self._off: set[str] = set()

    def install(self, adapters: Iterable[Adapter]) -> None:
        """Apply adapters to the frameworks that are imported already, and to the others when they will be."""
        for pickler in PICKLERS:
            wrapt.register_post_import_hook(self._pickler_imported, pickler)
        for adapter in adapters:
            for loader in adapter.loaders:
                self._at_import(adapter, loader, partial(_around_loader, loader))
            for exit_ in adapter.exits:
                self._end_at_import(adapter, exit_)
            for hook in adapter.hooks:
                self._at_import(adapter, hook, partial(_around_hook, hook, adapter))

    def close(self) -> None:
        """Restore every attribute of every framework."""
        self._open = False
        self._patches.undo()

    @safety.guard("patch")
    def _pickler_imported(self, module: ModuleType) -> None:
        if self._open:
            pickle_as_without_us(self._patches, module)

    def _at_import(self, adapter: Adapter, place: Hook | Loader, around: GetAround) -> None:
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

        @safety.guard("patch")
        def apply_late(place: Hook | Loader, module: ModuleType) -> None:
            if adapter.name not in self._off and self._fits(adapter, place):
                if isinstance(place, Hook):
                    around = self._around_late(adapter, place)
                else:
                    around = self._around_late_loader(adapter, place)
                self._apply(adapter, place, module, around)

        def imported(module: ModuleType) -> None:
            if self._witness is not None and adapter.hooks:
                self._witness.tell(IMPORTED, adapter=adapter.name, version=installed_version(adapter))
            if self._open and adapter.late:
                apply_late(place, module)
            elif self._open:
                self._then(partial(apply, module))

        wrapt.register_post_import_hook(imported, module_name)

    def _around_late(self, adapter: Adapter, hook: Hook) -> Around:
        """Return what stands around a function of an adapter that is ``late``."""
        if hook.fulfils:
            return around_fulfilment(hook)
        model = safety.guard("begin")(hook.model or _instance)
        around_call: Around | None = None

        @safety.guard("patch")
        def observed_by_engine(original: Method) -> Method | None:
            nonlocal around_call
            if around_call is None:
                engine = self._engine() if self._applies(adapter) else None
                around_call = _as_it_is if engine is None else engine.around(hook, adapter)
            return around_call(original)

        def around(original: Method) -> Method:
            method: Method | None = None

            def observed(*args: Any, **kwargs: Any) -> Any:
                nonlocal method
                if method is None:
                    if model(args[0], args[1:], kwargs) is None:
                        return original(*args, **kwargs)
                    method = observed_by_engine(original) or original
                return method(*args, **kwargs)

            return observed

        return around

    def _around_late_loader(self, adapter: Adapter, loader: Loader) -> Around:
        return around_loader(loader, self._built.forget, lambda: self._open and self._built.may_apply(adapter))

    def _end_at_import(self, adapter: Adapter, place: Exit) -> None:
        # Servers are imported by many processes that have no model: an engine is only asked for at their end.
        @safety.guard("patch")
        def imported(module: ModuleType) -> None:
            if self._open and adapter.name not in self._off and self._fits(adapter, place):
                self._apply(adapter, place, module, around_exit(place, partial(self._built.export, adapter)))

        wrapt.register_post_import_hook(imported, place.target.partition(":")[0])

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
        target = _at(module, owner or name)
        if self._witness is not None:
            self._witness.tell(APPLIED, adapter=adapter.name)
            around = self._witness.around(around, place, adapter)
        is_abstract = isinstance(place, Hook) and place.abstract
        if owner and isinstance(target, type) and (is_abstract or hasattr(target, name)):
            inherited = isinstance(place, Hook) and place.inherited
            self._patches.method(adapter.name, target, name, around, inherited=inherited)
        elif callable(target) and not owner:
            self._patches.function(adapter.name, module, name, around)
        else:
            self._switch_off(adapter, place.target)

    def _leave_alone(self, adapter: Adapter, place: Hook | Loader, module: ModuleType) -> None:
        owner, _, name = place.target.partition(":")[2].rpartition(".")
        target = _at(module, owner)
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


def _at(module: ModuleType, path: str) -> Any:
    """Return what stands at a dotted path of a module; None where nothing does."""
    owner: Any = module
    for name in path.split("."):
        owner = getattr(owner, "__dict__", {}).get(name)
    return owner


def _around_loader(loader: Loader, engine: Engine) -> Around:
    return engine.around_loader(loader)


def _as_it_is(original: Method) -> Method:
    return original


def _instance(instance: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Any:
    return instance


def _around_hook(hook: Hook, adapter: Adapter, engine: Engine) -> Around:
    return engine.around(hook, adapter)
