"""PyTorch (2.3 and later): modules in evaluation mode, called with gradients off, however they were made.

A call in training mode, or with gradients on, is no prediction, nor is anything inside of it. What is called beside the
model in an evaluation counts: the function that evaluates cannot be told from one that serves.

Numbers are read from the host's memory only, and of answers of one or two dimensions: where a device computes, nobody
waits for it, and of images and sequences only the rows are counted.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, Origin, argument, into_instance
from otel_mlmon.observe.answers import (
    Answer,
    Labels,
    LogProbabilities,
    Named,
    OneOutput,
    Probabilities,
    RowsOnly,
    Scores,
)

WRAPPERS = {
    "torch._dynamo.eval_frame": ("OptimizedModule", "_orig_mod"),
    "torch.nn.parallel.data_parallel": ("DataParallel", "module"),
    "torch.nn.parallel.distributed": ("DistributedDataParallel", "module"),
    "torch.optim.swa_utils": ("AveragedModel", "module"),
}
"""Modules that only pass calls on, and where they keep the one that answers."""

PARTS = {"_is_replica", "compile_subgraph_reason"}
"""Attributes of modules that are a part of another call, perhaps in another thread: on a device, or of a compiler."""


def predicts(instance: Any, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> bool:
    """Tell whether a call of an outermost module is a prediction."""
    torch = sys.modules["torch"]
    if torch.is_grad_enabled():
        return False
    answering = model(instance, (), {})
    own = vars(answering)
    # Frozen modules have no mode any more; exported ones have another train(), which refuses to change it.
    is_training = getattr(answering, "training", False) and "train" not in own
    if is_training or PARTS & own.keys() or isinstance(answering, torch.nn.modules.loss._Loss):
        return False
    # A compiler asks modules for no more than the shapes that they answer with.
    return not any(type(value).__name__ == "FakeTensor" for value in args)


def model(instance: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Any:
    """Return the module that answers, which is another one where it is compiled or parallel."""
    while (attribute := _where_wrapped(instance)) is not None:
        instance = getattr(instance, attribute)
    return instance


def answer(call: Call) -> Answer | None:
    """Return tensors as labels, if they are of integers, and else as scores; several of them by their names.

    Of a sequence of layers that ends in one that makes probabilities, they are these.
    """
    tensors = _tensors(call.answer)
    found = [(name, output) for name, tensor in tensors if (output := _output(tensor)) is not None]
    if found:
        return _as_last_layer_means(call.instance, found[0][1]) if len(found) == 1 else Named(tuple(found))
    return next((RowsOnly(int(tensor.shape[0])) for _, tensor in tensors if tensor.ndim), None)


def inputs(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the first argument, or those with names, as arrays where they are in the host's memory."""
    given = args[0] if args else kwargs
    if isinstance(given, dict):
        return {name: _array(value) if _is_tensor(value) else value for name, value in given.items()}
    return _array(given) if _is_tensor(given) else given


def origin(instance: Any) -> Origin | None:
    """Return the name of the class that a TorchScript module was made from."""
    is_script = isinstance(instance, sys.modules["torch.jit"].ScriptModule)
    name = getattr(instance, "original_name", None) if is_script else None
    return Origin(name=name) if isinstance(name, str) else None


def loaded(_instance: Any, content: Any) -> Any:
    """Return modules, and for each state dict one tensor of it, by which a module that takes it up is named."""
    if not isinstance(content, dict):
        return content
    members = {name: found for name, value in content.items() if (found := _named_by(value)) is not None}
    return members or [tensor for tensor in content.values() if _is_tensor(tensor)][:1]


def state(_instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterable[Any]:
    """Return the tensors of a state dict."""
    return list(argument(args, kwargs, "state_dict", 0, {}).values())


def first(_instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterable[Any]:
    """Return the module that another one is made from."""
    return (args[0] if args else next(iter(kwargs.values()), None),)


def itself(instance: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Iterable[Any]:
    """Return the exported program that a module is made from."""
    return (instance,)


def hub_model(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Origin:
    """Return the name by which a model is asked for."""
    return Origin(name=argument(args, kwargs, "model", 1))


def compiling() -> Callable[[], bool]:
    """Return what Dynamo takes for true while it reads a module's call."""
    is_compiling: Callable[[], bool] = sys.modules["torch.compiler"].is_compiling
    return is_compiling


def _where_wrapped(instance: Any) -> str | None:
    kind = type(instance)
    name, attribute = WRAPPERS.get(kind.__module__, (None, None))
    return attribute if kind.__name__ == name else None


def _is_tensor(value: Any) -> bool:
    return isinstance(value, sys.modules["torch"].Tensor)


def _named_by(value: Any) -> Any:
    if isinstance(value, dict):
        return next(filter(_is_tensor, value.values()), None)
    return value if isinstance(value, sys.modules["torch"].nn.Module) else None


def _tensors(returned: Any) -> list[tuple[str | None, Any]]:
    if _is_tensor(returned):
        return [(None, returned)]
    items: Iterable[tuple[object, Any]] = ()
    if isinstance(returned, (tuple, list)):
        items = zip(getattr(returned, "_fields", range(len(returned))), returned, strict=True)
    elif isinstance(returned, dict):
        items = returned.items()
    elif hasattr(returned, "__dataclass_fields__"):
        items = vars(returned).items()
    return [(str(name), value) for name, value in items if _is_tensor(value)]


def _as_last_layer_means(module: Any, output: OneOutput) -> OneOutput:
    layers = sys.modules["torch"].nn
    while isinstance(module, layers.Sequential) and len(module):
        module = module[-1]
    values = output.values
    if isinstance(output, Labels):
        return output
    if isinstance(module, layers.Softmax) and values.ndim == 2:
        return Probabilities(values)
    if isinstance(module, layers.LogSoftmax) and values.ndim == 2:
        return LogProbabilities(values)
    return (
        Probabilities(values.reshape(-1))
        if isinstance(module, layers.Sigmoid) and values.size == len(values)
        else output
    )


def _output(tensor: Any) -> OneOutput | None:
    width = max(tensor.shape[1:], default=1)
    # More than one axis beside the rows is an image or a sequence.
    if not tensor.ndim or math.prod(tensor.shape[1:]) > width:
        return None
    array = _array(tensor)
    if array is None:
        return None
    if tensor.ndim > 2:
        array = array.reshape(len(array), width)
    return Scores(array) if tensor.dtype.is_floating_point else Labels(array)


def _array(tensor: Any) -> Any:
    """View a tensor as an array; None where it is on a device, has no plain numbers, or only stands for one."""
    torch = sys.modules["torch"]
    is_itself = type(tensor).__torch_dispatch__ is torch.Tensor.__torch_dispatch__
    if not (is_itself and tensor.is_cpu and tensor.layout is torch.strided):
        return None
    if tensor.is_complex() or tensor.is_quantized:
        return None
    is_known = not tensor.dtype.is_floating_point or tensor.dtype in {torch.float16, torch.float32, torch.float64}
    return (tensor if is_known else tensor.float()).numpy(force=True)


_MODULE = "torch:nn.Module"
# Examples that a model is traced by are no predictions.
_TRACING = ("torch.jit:trace", "torch.jit:trace_module", "torch.export:export", "torch.onnx:export")

ADAPTER = Adapter(
    name="torch",
    distributions=("torch",),
    oldest="2.3",
    origin=origin,
    hooks=(
        Hook(f"{_MODULE}.__call__", answer, inputs, model=model, when=predicts, compiling=compiling, named="call"),
        *(Hook(target, quiet=True) for target in _TRACING),
    ),
    loaders=(
        Loader("torch:load", loaded=loaded, suffixes=(".pt", ".pth")),
        Loader("torch.jit:load", suffixes=(".pt", ".pth")),
        Loader("torch.export:load", suffixes=(".pt2",)),
        Loader("torch.hub:load", source=lambda _args, _kwargs: None, origin=hub_model),
        Loader(f"{_MODULE}.load_state_dict", loaded=into_instance, made_of=state),
        Loader("torch.export.exported_program:ExportedProgram.module", made_of=itself),
        *(
            Loader(f"torch.jit:{name}", made_of=first)
            for name in ("script", "trace", "freeze", "optimize_for_inference")
        ),
        Loader("safetensors.torch:load_file", loaded=loaded, suffixes=(".safetensors",)),
    ),
)
