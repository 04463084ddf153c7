"""Putting something around a framework's functions, and taking it away again without a trace."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from attrs import define, frozen

if TYPE_CHECKING:
    from otel_mlmon.capture.inside import Around

ABSENT = object()


@define(eq=False)
class Patch:
    """One attribute that was replaced, for an adapter."""

    adapter: str
    owner: Any
    attribute: str
    original: Any
    replacement: Any

    def undo(self) -> None:
        """Put the original back, unless somebody else has replaced ours since."""
        if vars(self.owner).get(self.attribute, ABSENT) is not self.replacement:
            return
        if self.original is ABSENT:
            delattr(self.owner, self.attribute)
        else:
            setattr(self.owner, self.attribute, self.original)


@frozen(eq=False)
class Observed:
    """A method that is observed now, the base of the family that it is observed for, and what that displaced."""

    original: Any
    replacement: Any
    base: type
    displaced: Observed | None


class Patches:
    """All attributes that are replaced now."""

    def __init__(self) -> None:
        self._patches: list[Patch] = []
        self._observed: dict[tuple[type, str], Observed] = {}
        self._families: dict[tuple[str, type], dict[str, Around | None]] = {}
        self._narrow: set[tuple[str, type, str]] = set()

    def function(self, adapter: str, module: ModuleType, name: str, around: Around) -> None:
        """Put ``around`` around a function of a module."""
        original = vars(module)[name]
        method = around(_as_method(original))

        def observed(*args: Any, **kwargs: Any) -> Any:
            return method(None, *args, **kwargs)

        async def observed_coroutine(*args: Any, **kwargs: Any) -> Any:
            return await method(None, *args, **kwargs)

        replacement = observed_coroutine if inspect.iscoroutinefunction(original) else observed
        self._replace(adapter, module, name, original, functools.wraps(original)(replacement))

    def method(self, adapter: str, base: type, name: str, around: Around | None, *, inherited: bool = False) -> None:
        """Put ``around`` around a method wherever ``base``, its bases or its subclasses, also later ones, define it.

        None: leave it as it was, also where another adapter has put something around it. Inherited: leave the bases
        as they are, and let ``base`` itself define it.
        """
        family = (adapter, base)
        if inherited:
            self._narrow.add((*family, name))
            if name not in vars(base):
                self._replace(adapter, base, name, ABSENT, _inherited(base, name))
        first = family not in self._families
        self._families.setdefault(family, {})[name] = around
        if first:
            self._watch_subclasses(family)
        for member in [base, *_subclasses(base)]:
            self._patch_lineage(member, family, {name: around})

    def original_of(self, value: Any) -> Any:
        """Return what an attribute of ours replaces; any other value itself."""
        for patch in reversed(self._patches):
            if patch.replacement is value and patch.original is not ABSENT:
                value = patch.original
        return value

    def look_again(self, made: type) -> None:
        """Observe what a class has got since it was made."""
        for (adapter, base), methods in list(self._families.items()):
            if issubclass(made, base):
                self._patch_lineage(made, (adapter, base), methods)

    def undo(self) -> None:
        """Put every original back, the newest patch first."""
        while self._patches:
            self._patches.pop().undo()
        self._observed.clear()
        self._families.clear()
        self._narrow.clear()

    def undo_adapter(self, adapter: str) -> None:
        """Put back what was replaced for one adapter."""
        for family in [family for family in self._families if family[0] == adapter]:
            del self._families[family]
        for patch in [patch for patch in reversed(self._patches) if patch.adapter == adapter]:
            self._patches.remove(patch)
            over = next((other for other in self._patches if other.original is patch.replacement), None)
            if over is None:
                patch.undo()
            else:
                # Another adapter's stands on ours: when it goes, what was before us comes back.
                over.original = patch.original
            key = (patch.owner, patch.attribute)
            known = self._observed.get(key)
            if known is not None and known.replacement is patch.replacement:
                if known.displaced is None:
                    del self._observed[key]
                else:
                    self._observed[key] = known.displaced

    def _watch_subclasses(self, family: tuple[str, type]) -> None:
        adapter, base = family
        original = vars(base).get("__init_subclass__", ABSENT)
        methods = self._families[family]

        def init_subclass(cls: type, /, **kwargs: Any) -> None:
            if original is ABSENT:
                super(base, cls).__init_subclass__(**kwargs)  # type: ignore[arg-type]
            else:
                original.__get__(None, cls)(**kwargs)
            if methods is self._families.get(family):
                self._patch_lineage(cls, family, methods)

        self._replace(adapter, base, "__init_subclass__", original, classmethod(init_subclass))

    def _patch_lineage(self, member: type, family: tuple[str, type], methods: dict[str, Around | None]) -> None:
        adapter, base = family
        # A mixin outside the family may hold the method: LogisticRegression.predict stands on LinearClassifierMixin.
        for owner in member.__mro__:
            for name in methods.keys() & vars(owner).keys() if owner is not object else ():
                if (adapter, base, name) in self._narrow and not issubclass(owner, base):
                    continue
                original, around = vars(owner)[name], methods[name]
                ours = self._observed.get((owner, name))
                if ours is not None and ours.replacement is original:
                    # A library that builds on another knows its own classes better.
                    if base is ours.base or not issubclass(base, ours.base) or not issubclass(owner, base):
                        continue
                    original = ours.original
                if hasattr(type(original), "__get__") and (around is not None or ours is not None):
                    replacement = original if around is None else _observed(original, around)
                    self._replace(adapter, owner, name, vars(owner)[name], replacement)
                    self._observed[owner, name] = Observed(original, replacement, base, ours)

    def _replace(self, adapter: str, owner: Any, attribute: str, original: Any, replacement: Any) -> None:
        setattr(owner, attribute, replacement)
        self._patches.append(Patch(adapter, owner, attribute, original, replacement))


def _inherited(base: type, name: str) -> Any:
    # Asked for at each call: what the bases have may change.
    def method(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return getattr(super(base, self), name)(*args, **kwargs)

    return functools.wraps(getattr(base, name))(method)


def _observed(original: Any, around: Around) -> Any:
    # What wrapt makes looks like a function, too, and must be bound to know its instance.
    if type(original) is FunctionType:
        return functools.wraps(original)(around(original))
    return ObservedDescriptor(original, around)


class ObservedDescriptor:
    """Stands for a method that is no plain function, such as one that exists only if a pipeline's last step has it.

    What the original gives for an instance, or refuses, is asked for at each access, as without us.
    """

    def __init__(self, original: Any, around: Around) -> None:
        functools.update_wrapper(self, original)  # type: ignore[arg-type]
        self._original = original
        self._around = around
        self._methods: dict[Callable[..., Any], Callable[..., Any]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Be pickled, with a class that is pickled by value, as the original."""
        return copy.copy, (self._original,)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return what the original gives, observed."""
        given = self._original.__get__(instance, owner)
        if instance is None and not isinstance(self._original, classmethod):
            takes_instance = inspect.isfunction(given) and not isinstance(self._original, staticmethod)
            return functools.wraps(given)(self._around(given)) if takes_instance else given
        model = owner if instance is None else instance
        if type(given) is MethodType and given.__self__ is model and self._is_lasting(given.__func__):
            return MethodType(self._method(given.__func__), model)
        return MethodType(functools.wraps(given)(self._around(_as_method(given))), model)

    def _is_lasting(self, function: Any) -> bool:
        # One that is made at each access would be kept for ever.
        return type(function) in {FunctionType, BuiltinFunctionType} or function is self._original

    def _method(self, function: Callable[..., Any]) -> Callable[..., Any]:
        method = self._methods.get(function)
        if method is None:
            method = self._methods.setdefault(function, functools.wraps(function)(self._around(function)))
        return method


def _as_method(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(_instance: Any, /, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    async def coroutine_method(_instance: Any, /, *args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return coroutine_method if inspect.iscoroutinefunction(function) else method


def _subclasses(base: type) -> Iterator[type]:
    seen: set[type] = set()
    pending: list[type] = list(type.__subclasses__(base))
    while pending:
        member = pending.pop()
        if member not in seen:
            seen.add(member)
            pending += type.__subclasses__(member)
            yield member
