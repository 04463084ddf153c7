"""Classes and functions that are pickled by value: as without us, and observed again where they are loaded.

cloudpickle writes what no other process could import: the methods of a class of ``__main__``, with all that they refer
to. Of an observed method it is to write the original.
"""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from otel_mlmon.safety import guard

if TYPE_CHECKING:
    from otel_mlmon.capture.inside import Method
    from otel_mlmon.capture.patching import Patches

PICKLERS: Final = tuple(f"{place}cloudpickle.cloudpickle" for place in ("", "joblib.externals.", "ray.", "pyspark."))
"""cloudpickle, and the copies of it that libraries ship."""

OWNER: Final = "cloudpickle"
"""Stands for the adapter that these patches are for."""


def pickle_as_without_us(patches: Patches, module: ModuleType) -> None:
    """Patch one of :data:`PICKLERS`."""
    pickler: Any = getattr(module, "CloudPickler", None)
    set_state = getattr(module, "_class_setstate", None)

    def around_reduce(original: Method) -> Method:
        def reduce(self: Any, value: Any) -> Any:
            reduced = original(self, value)
            if type(value) is not FunctionType or reduced is NotImplemented:
                return reduced
            plain = patches.original_of(value)
            return reduced if plain is value else original(self, plain)

        return reduce

    def around_set_state(original: Method) -> Method:
        look_again = guard("patch")(patches.look_again)

        def set_class_state(instance: Any, made: Any, *state: Any, **more: Any) -> Any:
            answer = original(instance, made, *state, **more)
            look_again(made)
            return answer

        return set_class_state

    if isinstance(pickler, type) and hasattr(pickler, "reducer_override") and set_state is not None:
        patches.method(OWNER, pickler, "reducer_override", around_reduce)
        patches.function(OWNER, module, "_class_setstate", around_set_state)
