"""Functions that a compiler may read instead of calling them: it is to read what it would read without us."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

from otel_mlmon.capture.inside import Around, Method, inside, quiet

if TYPE_CHECKING:
    from otel_mlmon.capture.call import Engine


def unless_compiling(around: Around, is_compiling: Callable[[], bool], engine: Engine) -> Around:
    """Return ``around`` for methods that a compiler reads.

    Parameters
    ----------
    around
        Stands around the calls that are made; those within another are left alone here already, for there are many.
    is_compiling
        Which the compiler itself takes for true while it reads.
    engine
        Which may be closed.
    """
    is_inside = inside.get

    def is_compiled(_instance: Any) -> bool:
        # Of code that it runs, the compiler reads this, too; and it skips functions that get nothing of the framework.
        return is_compiling()

    def around_unless_compiling(original: Method) -> Method:
        observed = around(quiet(original))

        # In this order: of what comes after the first, the compiler reads nothing. Where it runs a function in which it
        # could not read a call, that is not observed: the code that observes is none to be compiled.
        def call(*args: Any, **kwargs: Any) -> Any:
            if is_compiling() or is_inside() or engine.closed or is_compiled(args[:1]):
                return original(*args, **kwargs)
            return observed(*args, **kwargs)

        code = getattr(original, "__code__", None)
        if isinstance(code, CodeType):
            # A compiler tells by the file what it reads and what it calls: this is to it what the original is.
            own = call.__code__
            call.__code__ = own.replace(
                co_filename=code.co_filename, co_firstlineno=code.co_firstlineno, co_name="otel_mlmon"
            )
        return call

    return around_unless_compiling
