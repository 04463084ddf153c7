"""PyTorch: modules as services have them, and all that is called in training, tracing and compiling."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import safetensors.torch
import torch
from torch import nn

import otel_mlmon
from otel_mlmon.config.schema import Activation, Configuration, Match, ModelRule, Output, Segments
from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import Collected
from tests.frameworks.contract import (
    ONLY,
    Case,
    FrameworkContract,
    Recorded,
    of_labels,
    of_many,
    of_scores,
    of_two,
)

DURATION, VALUE, ROWS = "ml.prediction.duration", "ml.prediction.value", "ml.prediction.batch.size"
INPUTS = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
WRONG = torch.zeros(7, 3)


@pytest.fixture(autouse=True)
def _alike() -> Iterator[None]:
    torch.manual_seed(0)
    # Tracing makes classes, and one that is collected meanwhile would be missed where nothing may be left behind.
    gc.disable()
    yield
    gc.enable()
    if "torch._dynamo" in sys.modules:
        torch._dynamo.reset()


class Regressor(nn.Module):
    """Two layers and one output."""

    def __init__(self, width: int = 1) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Dropout(0.5))
        self.out = nn.Linear(5, width)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.out(self.hidden(inputs))


class Answering(nn.Module):
    """Makes something of a model's output."""

    def __init__(self, make: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.inner = Regressor(3)
        self.make = make

    def forward(self, inputs: torch.Tensor) -> Any:
        return self.make(self.inner(inputs))


class Pair(NamedTuple):
    score: torch.Tensor
    label: torch.Tensor


@dataclass
class Outcome:
    score: torch.Tensor
    note: str


class ModelOutput(OrderedDict):
    """As transformers' outputs are: a dict with attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def ask(model: Any) -> Any:
    with torch.no_grad():
        return model(INPUTS)


def infer(model: Any) -> Any:
    with torch.inference_mode():
        return model(INPUTS)


@torch.no_grad()
def ask_decorated(model: Any) -> Any:
    return model(INPUTS)


def ask_with_gradients(model: Any) -> Any:
    return model(INPUTS)


def ask_by_name(model: Any) -> Any:
    with torch.no_grad():
        return model(inputs=INPUTS)


def fail(model: Any) -> Any:
    with torch.no_grad():
        return model(WRONG)


def made(width: int = 1) -> Callable[[Path], Any]:
    return lambda _folder: Regressor(width).eval()


def ending(layer: nn.Module, width: int) -> Callable[[Path], Any]:
    return lambda _folder: nn.Sequential(Regressor(width), nn.Sequential(layer)).eval()


def answering(make: Callable[[torch.Tensor], Any]) -> Callable[[Path], Any]:
    return lambda _folder: Answering(make).eval()


def of_state(folder: Path) -> Any:
    torch.save(Regressor().state_dict(), folder / "prices.pt")
    model = Regressor()
    model.load_state_dict(torch.load(folder / "prices.pt"))
    return model.eval()


def of_stripped_state(folder: Path) -> Any:
    torch.save(nn.DataParallel(Regressor()).state_dict(), folder / "prices.pt")
    state = torch.load(folder / "prices.pt")
    model = Regressor()
    model.load_state_dict(state_dict={name.removeprefix("module."): value for name, value in state.items()})
    return model.eval()


def of_checkpoint(folder: Path) -> Any:
    model = Regressor()
    optimizer = torch.optim.SGD(model.parameters(), momentum=0.9)
    model(INPUTS).sum().backward()
    optimizer.step()
    content = {"epoch": 3, "loss": torch.tensor(0.5), "args": {"lr": 1e-3}, "optimizer": optimizer.state_dict()}
    torch.save({**content, "model_state_dict": model.state_dict()}, folder / "best.ckpt")
    checkpoint = torch.load(folder / "best.ckpt")
    model.load_state_dict(checkpoint["model_state_dict"])
    return model.eval()


def of_two_states(folder: Path) -> Any:
    torch.save({"generator": Regressor().state_dict(), "critic": Regressor().state_dict()}, folder / "gan.pt")
    model = Regressor()
    model.load_state_dict(torch.load(folder / "gan.pt")["critic"])
    return model.eval()


def of_file(folder: Path) -> Any:
    torch.save(Regressor().eval(), folder / "whole.pt")
    return torch.load(folder / "whole.pt", weights_only=False)


def of_open_file(folder: Path) -> Any:
    of_file(folder)
    with (folder / "whole.pt").open("rb") as content:
        return torch.load(content, weights_only=False)


def scripted(folder: Path) -> Any:
    torch.jit.script(Regressor().eval()).save(folder / "scripted.pt")
    return torch.jit.load(folder / "scripted.pt")


def traced(folder: Path) -> Any:
    torch.jit.trace(Regressor().eval(), INPUTS).save(folder / "traced.pt")
    return torch.jit.load(folder / "traced.pt")


def exported(folder: Path) -> Any:
    torch.export.save(torch.export.export(Regressor().eval(), (INPUTS,)), folder / "exported.pt2")
    return torch.export.load(folder / "exported.pt2").module()


def of_safetensors(folder: Path) -> Any:
    safetensors.torch.save_file(Regressor().state_dict(), folder / "safe.safetensors")
    model = Regressor()
    model.load_state_dict(safetensors.torch.load_file(folder / "safe.safetensors"))
    return model.eval()


def into_model(folder: Path) -> Any:
    safetensors.torch.save_file(Regressor().state_dict(), folder / "safe.safetensors")
    model = Regressor()
    safetensors.torch.load_model(model, folder / "safe.safetensors")
    return model.eval()


def of_hub(folder: Path) -> Any:
    (folder / "hubconf.py").write_text("import torch\ndef small_net():\n    return torch.nn.Linear(4, 1).eval()\n")
    return torch.hub.load(str(folder), "small_net", source="local")


def compiled(folder: Path) -> Any:
    return torch.compile(of_state(folder), backend="eager", fullgraph=True)


def compiled_in_place(folder: Path) -> Any:
    model = of_state(folder)
    model.compile(backend="eager", fullgraph=True)
    return model


def parallel(folder: Path) -> Any:
    return nn.DataParallel(of_state(folder)).eval()


def of_named(answer: Any) -> Recorded:
    score, label = answer
    return Recorded(7, {"score": score}, {"label": label})


def of_columns(answer: Any) -> Recorded:
    return Recorded(7, {str(index): answer[:, index] for index in range(3)})


def score_case(load: Callable[[Path], Any], name: str, asks: Callable[[Any], Any] = ask) -> Case:
    return Case(load, asks, of_scores, name, "call", fail)


def answer_case(make: Callable[[torch.Tensor], Any], recorded: Callable[[Any], Recorded]) -> Case:
    return Case(answering(make), ask, recorded, "Answering", "call", fail)


def train(folder: Path) -> None:
    model, loss = Regressor(), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters())
    for _ in range(2):
        loss(model(INPUTS), torch.zeros(7, 1)).backward()
        optimizer.step()
    with torch.no_grad():
        model(INPUTS)


def train_frozen(folder: Path) -> None:
    model = Regressor().eval()
    model(INPUTS).sum().backward()
    with torch.enable_grad():
        model(INPUTS)


def lose(folder: Path) -> None:
    with torch.no_grad():
        nn.CrossEntropyLoss().eval()(torch.zeros(7, 3), torch.zeros(7, dtype=torch.long))
        nn.BCEWithLogitsLoss()(torch.zeros(7), torch.zeros(7))


class Perceptual(nn.Module):
    """A metric that asks a model."""

    def __init__(self) -> None:
        super().__init__()
        self.features = [Regressor().eval()]

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.features[0](inputs).mean()


def trace(folder: Path) -> None:
    with torch.no_grad():
        model = Regressor().eval()
        torch.jit.trace(model, INPUTS)
        torch.jit.trace_module(model, {"forward": INPUTS})
        torch.jit.freeze(torch.jit.script(model))
        torch.export.export(model, (INPUTS,))
        torch.fx.symbolic_trace(nn.Sequential(model, nn.Sequential(nn.Linear(1, 2))).eval())


class TestTorch(FrameworkContract):
    adapter = "torch"
    cases = {
        "module": score_case(made(), "Regressor"),
        "in inference mode": score_case(made(), "Regressor", infer),
        "by a decorated function": score_case(made(), "Regressor", ask_decorated),
        "with inputs by name": score_case(made(), "Regressor", ask_by_name),
        "with a loaded state": score_case(of_state, "prices"),
        "with a loaded state of other keys": score_case(of_stripped_state, "prices"),
        "of a checkpoint": score_case(of_checkpoint, "best"),
        "of a file of two states": score_case(of_two_states, "gan.critic"),
        "of a file": score_case(of_file, "whole"),
        "of an open file": score_case(of_open_file, "whole"),
        "of safetensors": score_case(of_safetensors, "safe"),
        "with safetensors loaded into it": score_case(into_model, "safe"),
        "of a hub": score_case(of_hub, "small_net"),
        "scripted": score_case(lambda _: torch.jit.script(Regressor().eval()), "Regressor"),
        "scripted, of a file": score_case(scripted, "scripted"),
        "frozen": score_case(lambda folder: torch.jit.freeze(scripted(folder)), "scripted"),
        "traced": score_case(lambda folder: torch.jit.trace(of_state(folder), INPUTS), "prices"),
        "traced, of a file": score_case(traced, "traced"),
        "exported": Case(exported, ask, of_scores, "exported", "call", None),
        "compiled": Case(compiled, ask, of_scores, "prices", "call", None),
        "compiled in place": Case(compiled_in_place, ask, of_scores, "prices", "call", None),
        "parallel": score_case(parallel, "prices"),
        "of several outputs": Case(made(3), ask, of_columns, "Regressor", "call", fail),
        "that ends in a softmax": Case(ending(nn.Softmax(1), 3), ask, of_many, "Sequential", "call", fail),
        "that ends in a softmax's logarithm": Case(
            ending(nn.LogSoftmax(1), 3), ask, lambda a: of_many(a.exp()), "Sequential", "call", fail
        ),
        "that ends in a sigmoid": Case(
            ending(nn.Sigmoid(), 1), ask, lambda a: of_two(torch.cat([1 - a, a], dim=1)), "Sequential", "call", fail
        ),
        "one number a row": answer_case(lambda out: out[:, 0], of_scores),
        "of axes of one": answer_case(lambda out: out[:, :, None, None], lambda a: of_columns(a[:, :, 0, 0])),
        "half precision": answer_case(lambda out: out[:, 0].half(), of_scores),
        "classes": answer_case(lambda out: out.argmax(1), of_labels),
        "truth values": answer_case(lambda out: out[:, 0] > 0, of_labels),
        "tuple": answer_case(lambda out: (out[:, 0], out.argmax(1)), lambda a: Recorded(7, {"0": a[0]}, {"1": a[1]})),
        "named tuple": answer_case(lambda out: Pair(out[:, 0], out.argmax(1)), of_named),
        "dict": answer_case(lambda out: {"score": out[:, 0], "label": out.argmax(1)}, lambda a: of_named(a.values())),
        "model output": answer_case(
            lambda out: ModelOutput(
                loss=out.mean(), logits=out, hidden_states=(out, out), last=out[:, None].expand(7, 9, 3)
            ),
            lambda a: of_columns(a.logits),
        ),
        "dataclass": answer_case(lambda out: Outcome(out[:, 0], "fine"), lambda a: of_scores(a.score)),
        "sequences": answer_case(lambda out: out[:, None].expand(7, 9, 3), lambda _: Recorded(7)),
        "complex numbers": answer_case(lambda out: torch.complex(out, out), lambda _: Recorded(7)),
    }
    training = {
        "training": train,
        "training with layers that are not trained": train_frozen,
        "losses": lose,
        "metrics": lambda folder: ask(Perceptual()),
        "tracing": trace,
    }


def with_activation(activation: Activation) -> Configuration:
    return Configuration(models=(ModelRule(Match(framework="torch"), output=Output(activation=activation)),))


@pytest.mark.parametrize("spans", ["child", "off"])
def test_logits_are_read_as_probabilities_where_the_configuration_says_so(
    instrument: Callable[..., Collected], spans: str
) -> None:
    collected = instrument(with_activation(Activation.SOFTMAX), spans=spans)
    model = Regressor(3).eval()
    logits = [ask(model) for _ in range(3)]
    expected = of_many(torch.cat(logits).softmax(1))
    assert collected.counts_by("ml.predictions", "ml.prediction.class") == count_of(expected.classes[ONLY])
    assert collected.total("ml.prediction.confidence") == pytest.approx(
        float(expected.confidence[ONLY].sum()), rel=1e-5
    )
    assert collected.total(VALUE, ml_output_name="1") == pytest.approx(float(expected.values["1"].sum()), rel=1e-5)


def test_one_logit_is_read_as_the_probability_of_the_second_class_where_the_configuration_says_so(
    instrument: Callable[..., Collected],
) -> None:
    collected = instrument(with_activation(Activation.SIGMOID))
    second = ask(Regressor().eval()).sigmoid()
    expected = of_two(torch.cat([1 - second, second], dim=1))
    assert collected.total(VALUE) == pytest.approx(float(second.sum()), rel=1e-5)
    assert collected.counts_by("ml.predictions", "ml.prediction.class") == count_of(expected.classes[ONLY])


def test_logits_of_one_by_one_pictures_are_read_as_probabilities_of_each_row(
    instrument: Callable[..., Collected],
) -> None:
    collected = instrument(with_activation(Activation.SOFTMAX))
    answer = ask(Answering(lambda out: out[:, :, None, None]).eval())
    expected = of_many(answer[:, :, 0, 0].softmax(1))
    assert collected.counts_by("ml.predictions", "ml.prediction.class") == count_of(expected.classes[ONLY])


def count_of(labels: Any) -> dict[str, int]:
    return {str(label): list(map(str, labels)).count(str(label)) for label in labels}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float8_e4m3fn, torch.float64])
def test_numbers_of_any_precision_are_read(telemetry: Collected, dtype: torch.dtype) -> None:
    answer = ask(Answering(lambda out: out[:, 0].to(dtype)).eval())
    assert telemetry.total(VALUE) == pytest.approx(float(answer.float().sum()), rel=1e-6)


@pytest.mark.parametrize("spans", ["child", "off"])
def test_numbers_on_a_device_are_never_read_but_rows_and_duration_are_known(
    instrument: Callable[..., Collected], spans: str
) -> None:
    collected = instrument(spans=spans)
    model = Regressor(3).to("meta").eval()
    for _ in range(3):
        with torch.no_grad():
            assert model(INPUTS.to("meta")).is_meta
    assert collected.count(DURATION) == 3
    assert collected.total(ROWS) == 21
    assert collected.points(VALUE) == collected.points("ml.monitor.dropped") == []


def test_an_answer_of_no_rows_or_of_no_tensors_is_only_a_call(telemetry: Collected) -> None:
    total = Answering(lambda out: out.sum()).eval()
    text = Answering(lambda _out: ["a", "b"]).eval()
    nothing = Answering(lambda _out: None).eval()
    for model in (total, text, nothing):
        ask(model)
    assert telemetry.count(DURATION) == 3
    assert telemetry.points(ROWS) == telemetry.points(VALUE) == []


def test_an_answer_is_the_same_object(telemetry: Collected) -> None:
    kept: list[torch.Tensor] = []

    def keep(out: torch.Tensor) -> torch.Tensor:
        kept.append(out)
        return out

    assert ask(Answering(keep).eval()) is kept[0]
    assert telemetry.count(DURATION) == 1


def test_a_tensor_that_needs_gradients_keeps_them(telemetry: Collected) -> None:
    answer = ask(Answering(lambda out: nn.Parameter(out[:, 0])).eval())
    answer.sum().backward()
    assert answer.grad is not None
    assert telemetry.count(VALUE) == 7


def test_only_the_outermost_of_nested_modules_counts(telemetry: Collected) -> None:
    ask(nn.Sequential(nn.Sequential(Regressor(), nn.Linear(1, 2)), nn.ReLU()).eval())
    assert telemetry.counts_by(DURATION, "ml.model.name") == {"Sequential": 1}


def test_validation_inside_a_training_loop_counts_only_without_gradients_and_in_evaluation_mode(
    telemetry: Collected,
) -> None:
    model = Regressor()
    for _ in range(2):
        model.train()
        model(INPUTS).sum().backward()
        model.eval()
        model(INPUTS)
        ask(model)
    assert telemetry.count(DURATION) == 2


def test_threads_count_each_of_their_calls(telemetry: Collected) -> None:
    model = Regressor().eval()

    def work() -> None:
        for _ in range(20):
            ask(model)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (telemetry.count(DURATION), telemetry.count(VALUE)) == (80, 560)


def test_replicas_on_the_devices_of_a_parallel_module_are_parts_of_its_call(telemetry: Collected) -> None:
    replica = Regressor().eval()._replicate_for_data_parallel()
    replica.forward = lambda inputs: inputs
    thread = threading.Thread(target=ask, args=(replica,))
    thread.start()
    thread.join()
    assert telemetry.points(DURATION) == []


def test_forward_hooks_run_as_without_us(telemetry: Collected) -> None:
    model, seen = Regressor().eval(), []
    model.register_forward_pre_hook(lambda _module, args: seen.append("before"))
    model.register_forward_hook(lambda _module, args, out: out + 1)
    model.out.register_forward_hook(lambda _module, args, out: seen.append("inside"))
    plain = copy.deepcopy(model)
    ModelInstrumentor().uninstrument()
    assert torch.equal(ask(plain), ask(model))
    assert seen == ["before", "inside"] * 2


def test_a_module_survives_copying_pickling_and_saving(telemetry: Collected, tmp_path: Path) -> None:
    model = of_state(tmp_path)
    expected = ask(model)
    torch.save(model, tmp_path / "again.pt")
    loaded = torch.load(tmp_path / "again.pt", weights_only=False)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), loaded):
        assert torch.equal(ask(again), expected)
    assert telemetry.counts_by(DURATION, "ml.model.name") == {"prices": 1, "Regressor": 2, "again": 1}


def test_a_module_that_is_loaded_anew_is_another_model(telemetry: Collected, tmp_path: Path) -> None:
    model = of_state(tmp_path)
    ask(model)
    torch.save(model.state_dict(), tmp_path / "later.pt")
    model.load_state_dict(torch.load(tmp_path / "later.pt"))
    ask(model)
    assert telemetry.counts_by(DURATION, "ml.model.name") == {"prices": 1, "later": 1}


def test_a_name_that_the_service_gives_beats_that_of_a_state_dict(telemetry: Collected, tmp_path: Path) -> None:
    model = of_state(tmp_path)
    ask(otel_mlmon.name(model, "mine"))
    model.load_state_dict(torch.load(tmp_path / "prices.pt"))
    ask(model)
    assert telemetry.counts_by(DURATION, "ml.model.name") == {"mine": 2}


def test_classes_with_a_call_of_their_own_are_observed_once_whenever_they_are_made(telemetry: Collected) -> None:
    class Later(Early):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return super().__call__(*args, **kwargs)

    ask(Early().eval())
    ask(Later().eval())
    assert telemetry.counts_by(DURATION, "ml.model.name") == {"Early": 1, "Later": 1}


class Early(Regressor):
    """Is called in its own way, and made before anything is observed."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs)


def test_columns_of_tensors_cut_segments(instrument: Callable[..., Collected]) -> None:
    rule = ModelRule(segments=Segments(columns=(0,)))
    collected = instrument(Configuration(models=(rule,)))
    model = Regressor().eval()
    with torch.no_grad():
        model(torch.tensor([[1.0, 0, 0, 0], [2.0, 0, 0, 0], [2.0, 0, 0, 0]]))
    assert collected.counts_by(VALUE, "ml.segment.0") == {"1": 1, "2": 2}


def test_named_tensors_cut_segments(instrument: Callable[..., Collected]) -> None:
    class ByName(Regressor):
        def forward(self, inputs: torch.Tensor, country: torch.Tensor) -> torch.Tensor:
            return super().forward(inputs) + country[:, None]

    rule = ModelRule(segments=Segments(columns=("country",)))
    collected = instrument(Configuration(models=(rule,)))
    with torch.no_grad():
        ByName().eval()(inputs=INPUTS, country=torch.tensor([1, 1, 1, 2, 2, 2, 2]))
    assert collected.counts_by(VALUE, "ml.segment.country") == {"1": 3, "2": 4}


class Graphs:
    """A compiler's back end that counts the graphs it is given."""

    def __init__(self) -> None:
        self.count = 0
        self.nodes = 0

    def __call__(self, graph: torch.fx.GraphModule, _inputs: Any) -> Any:
        self.count += 1
        self.nodes += len(graph.graph.nodes)
        return graph


class Breaking(Regressor):
    """What Dynamo cannot read stands in its middle."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = self.hidden(inputs)
        torch._dynamo.graph_break()
        return self.out(hidden)


@pytest.mark.parametrize("kind", [Regressor, Breaking, Early])
@pytest.mark.parametrize("hooked", [False, True])
def test_a_compiler_reads_a_module_as_without_us(
    instrument: Callable[..., Collected], kind: type[Regressor], hooked: bool
) -> None:
    def compile_and_ask() -> tuple[int, int, torch.Tensor]:
        torch._dynamo.reset()
        torch.manual_seed(3)
        model, graphs = nn.Sequential(kind(), nn.Linear(1, 2)).eval(), Graphs()
        if hooked:
            model.register_forward_hook(lambda _module, _args, out: out * 2)
        fast = torch.compile(model, backend=graphs, fullgraph=kind is not Breaking)
        answers = [ask(fast) for _ in range(3)]
        return graphs.count, graphs.nodes, answers[-1]

    before = compile_and_ask()
    collected = instrument()
    after = compile_and_ask()
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])
    assert collected.counts_by(DURATION, "ml.model.name") == {"Sequential": 3}


def test_many_compiled_modules_do_not_compile_each_other_anew(telemetry: Collected) -> None:
    graphs = Graphs()
    kinds = [type(f"Kind{number}", (Regressor,), {"forward": forward_of(number)}) for number in range(10)]
    models = [torch.compile(kind().eval(), backend=graphs, fullgraph=True) for kind in kinds]
    for _ in range(2):
        for model in models:
            ask(model)
    assert graphs.count == 10
    assert telemetry.count(DURATION) == 20


def forward_of(number: int) -> Callable[[Regressor, torch.Tensor], torch.Tensor]:
    # Each a code of its own, as each class of a service has.
    namespace: dict[str, Any] = {}
    exec(f"def forward(self, inputs): return self.out(self.hidden(inputs)) + {number}", namespace)
    return namespace["forward"]


def test_a_module_inside_a_compiled_function_is_read_whole(telemetry: Collected) -> None:
    graphs, model = Graphs(), Regressor().eval()

    @torch.compile(backend=graphs, fullgraph=True)
    def serve(inputs: torch.Tensor) -> torch.Tensor:
        return model(inputs).sigmoid()

    with torch.no_grad():
        expected = [model(INPUTS).sigmoid(), model(INPUTS).sigmoid()]
        assert all(torch.equal(serve(INPUTS), one) for one in expected)
    assert graphs.count == 1
    assert telemetry.count(DURATION) == 2


def test_a_module_that_a_compiled_function_must_call_answers_as_without_us(telemetry: Collected) -> None:
    graphs, model = Graphs(), Breaking().eval()

    @torch.compile(backend=graphs)
    def serve(inputs: torch.Tensor) -> torch.Tensor:
        return model(inputs).sigmoid()

    expected = ask(model).sigmoid()
    with torch.no_grad():
        for _ in range(3):
            assert torch.equal(serve(INPUTS), expected)
    assert graphs.count > 1
    assert telemetry.count(DURATION) == 1


@pytest.mark.parametrize("observed", [True, False])
def test_a_compiled_module_that_raises_does_so_with_or_without_a_back_end(
    instrument: Callable[..., Collected], observed: bool, tmp_path: Path
) -> None:
    collected = instrument(enabled=observed)
    for model in (compiled(tmp_path), compiled_in_place(tmp_path)):
        with pytest.raises(Exception, match=r"reduction dim|mat1 and mat2"):
            fail(model)
        ask(model)
    failures = [point.attributes.get("error.type") for point in collected.points(DURATION)]
    assert len(failures) == (2 if observed else 0)


def test_a_compiled_module_works_on_when_no_provider_was_ever_set_and_when_nothing_is_observed_any_more() -> None:
    model = torch.compile(Regressor().eval(), backend="eager", fullgraph=True)
    expected = ask(model)
    torch._dynamo.reset()
    ModelInstrumentor().instrument()
    again = torch.compile(Regressor().eval(), backend="eager", fullgraph=True)
    again.load_state_dict(model.state_dict())
    assert torch.equal(ask(again), expected)
    torch._dynamo.reset()
    ModelInstrumentor().uninstrument()
    assert torch.equal(ask(again), expected)


def test_compiled_training_is_no_prediction(telemetry: Collected) -> None:
    model = torch.compile(Regressor(), backend="aot_eager", fullgraph=True)
    optimizer = torch.optim.SGD(model.parameters())
    model(INPUTS).sum().backward()
    optimizer.step()
    assert telemetry.points(DURATION) == []


SERVICE = """
import sys
from otel_mlmon import safety
from otel_mlmon.instrumentor import ModelInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
safety.set_strict(True)
reader = InMemoryMetricReader()
ModelInstrumentor().instrument(meter_provider=MeterProvider([reader]))
assert "torch" not in sys.modules
import torch
sys.path.insert(0, sys.argv[2])
from tests.collected import Collected
model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(3, 1)))
torch.save(model.state_dict(), sys.argv[1])
model.load_state_dict(torch.load(sys.argv[1]))
model.eval()
inputs = torch.randn(5, 4)
fast = torch.compile(model, backend="eager", fullgraph=True)
with torch.no_grad():
    assert torch.equal(fast(inputs), model(inputs))
    assert torch.equal(torch.export.export(model, (inputs,)).module()(inputs), model(inputs))
    torch.fx.symbolic_trace(model)
collected = Collected(reader, None)
print(collected.counts_by("ml.prediction.duration", "ml.model.name"), collected.count("ml.prediction.value"))
"""


def test_a_service_that_is_instrumented_before_it_imports_pytorch_is_observed(tmp_path: Path) -> None:
    root = str(Path(otel_mlmon.__file__).parents[1])
    command = [sys.executable, "-c", SERVICE, str(tmp_path / "early.pt"), root]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "{'early': 3, 'GraphModule': 1} 20"
