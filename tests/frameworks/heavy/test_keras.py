"""Keras on TensorFlow: predict, calls, heads, and all that must be no prediction."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from otel_mlmon.config.schema import Activation, Configuration, Match, ModelRule, Output
from tests.collected import Collected
from tests.frameworks.contract import (
    ONLY,
    Case,
    FrameworkContract,
    Recorded,
    assert_numbers,
    count,
    counted,
    of_labels,
    of_many,
    of_scores,
)

INPUTS = np.random.default_rng(3).normal(size=(7, 4)).astype(np.float32)
WRONG = INPUTS[:, :2]
TARGET = (INPUTS[:, :1] > 0).astype(np.float32)


def sequential(units: int, activation: str | None, name: str | None = "clicks") -> Any:
    keras.utils.set_random_seed(5)
    return keras.Sequential([keras.Input((4,)), layers.Dense(units, activation=activation)], name=name)


def heads(by_name: bool) -> Any:
    keras.utils.set_random_seed(5)
    inputs = keras.Input((4,))
    outputs = {
        "size": layers.Dense(1, name="size")(inputs),
        "kind": layers.Dense(3, activation="softmax", name="kind")(inputs),
        "bought": layers.Activation("sigmoid", name="bought")(layers.Dense(1)(inputs)),
    }
    return keras.Model(inputs, outputs if by_name else list(outputs.values()), name="orders")


def around_other() -> Any:
    inputs = keras.Input((4,))
    return keras.Model(inputs, sequential(3, "softmax", "inner")(layers.Dropout(0.5)(inputs)), name="outer")


class Ranker(keras.Model):
    def __init__(self, activation: str) -> None:
        super().__init__()
        self.hidden = layers.Dense(5, activation="sigmoid")
        self.head = layers.Dense(3, activation=activation)

    def call(self, inputs: Any) -> Any:
        return self.head(self.hidden(inputs))


def highest() -> Any:
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.ops.argmax(layers.Dense(3)(inputs), axis=-1), name="highest")


def segmenter() -> Any:
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Reshape((40, 40, 1))(layers.Dense(1600)(inputs)), name="segmenter")


def saved(model: Any) -> Callable[[Path], Any]:
    def load(folder: Path) -> Any:
        path = folder / "prices.keras"
        model().save(path)
        return keras.models.load_model(path)

    return load


def made(model: Callable[..., Any], *arguments: Any) -> Callable[[Path], Any]:
    return lambda _folder: model(*arguments)


def of_one_unit(answer: Any) -> Recorded:
    positive = np.asarray(answer, dtype=float)[:, 0]
    table = np.stack([1 - positive, positive], axis=1)
    return Recorded(len(table), {ONLY: positive}, {ONLY: table.argmax(axis=1)}, {ONLY: table.max(axis=1)})


def of_two_units(answer: Any) -> Recorded:
    return of_one_unit(answer[:, 1:])


def of_heads(answer: Any) -> Recorded:
    size, kind, bought = answer if isinstance(answer, list) else (answer[key] for key in ("size", "kind", "bought"))
    kinds, bought = of_many(kind), of_one_unit(bought)
    values = {f"kind.{name}": numbers for name, numbers in kinds.values.items()}
    return Recorded(
        len(size),
        {"size": size, "bought": bought.values[ONLY], **values},
        {"kind": kinds.classes[ONLY], "bought": bought.classes[ONLY]},
        {"kind": kinds.confidence[ONLY], "bought": bought.confidence[ONLY]},
    )


def of_tags(answer: Any) -> Recorded:
    tags = {str(index): of_one_unit(answer[:, index : index + 1]) for index in range(answer.shape[1])}
    return Recorded(
        len(answer),
        {name: tag.values[ONLY] for name, tag in tags.items()},
        {name: tag.classes[ONLY] for name, tag in tags.items()},
        {name: tag.confidence[ONLY] for name, tag in tags.items()},
    )


def predict(model: Any) -> Any:
    return model.predict(INPUTS, verbose=0)


def call(model: Any) -> Any:
    return model(INPUTS)


def fail(model: Any) -> Any:
    return model.predict(WRONG, verbose=0)


def fail_called(model: Any) -> Any:
    return model(WRONG)


class PredictsAtEpochs(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.predict(INPUTS, verbose=0)
        self.model(INPUTS)


def compiled(**options: Any) -> Any:
    model = sequential(1, "sigmoid")
    model.compile(loss="binary_crossentropy", metrics=["accuracy"], **options)
    return model


def fit(_folder: Path) -> None:
    data = {"x": INPUTS, "y": TARGET, "verbose": 0}
    compiled().fit(**data, epochs=2, validation_data=(INPUTS, TARGET), callbacks=[PredictsAtEpochs()])


def train_eagerly(_folder: Path) -> None:
    model = compiled(run_eagerly=True)
    model.fit(INPUTS, TARGET, verbose=0, validation_split=0.5)
    model.evaluate(INPUTS, TARGET, verbose=0)
    model.train_on_batch(INPUTS, TARGET)
    model.test_on_batch(INPUTS, TARGET)


def train_by_hand(_folder: Path) -> None:
    model = sequential(1, None)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(INPUTS, training=False) - TARGET) ** 2)
    assert all(gradient is not None for gradient in tape.gradient(loss, model.trainable_variables))
    model(INPUTS, training=True)

    @tf.function
    def step(inputs: Any) -> Any:
        return model(inputs, training=False)

    step(tf.constant(INPUTS))


def build(folder: Path) -> None:
    model = around_other()
    keras.models.clone_model(model)
    model.save(folder / "outer.keras")
    keras.models.load_model(folder / "outer.keras").summary(print_fn=lambda _line: None)
    model.export(folder / "exported")
    layers.Dense(2)(INPUTS)


class TestKeras(FrameworkContract):
    adapter = "keras"
    cases = {
        "one sigmoid unit": Case(made(sequential, 1, "sigmoid"), predict, of_one_unit, "clicks", "predict", fail),
        "softmax": Case(made(sequential, 3, "softmax"), predict, of_many, "clicks", "predict", fail),
        "two softmax units": Case(
            made(sequential, 2, "softmax"), lambda m: m.predict(INPUTS), of_two_units, "clicks", "predict", fail
        ),
        "many labels": Case(made(sequential, 3, "sigmoid"), predict, of_tags, "clicks", "predict", fail),
        "numbers from a file": Case(saved(lambda: sequential(1, None)), predict, of_scores, "prices", "predict", fail),
        "heads in a list": Case(made(heads, False), predict, of_heads, "orders", "predict", fail),
        "heads by name": Case(made(heads, True), predict, of_heads, "orders", "predict", fail),
        "a batch": Case(
            made(sequential, 3, "softmax"),
            lambda model: model.predict_on_batch(INPUTS),
            of_many,
            "clicks",
            "predict_on_batch",
            lambda model: model.predict_on_batch(WRONG),
        ),
        "a call": Case(made(sequential, 3, "softmax"), call, of_many, "clicks", "call", fail_called),
        "a call with no training": Case(
            made(sequential, 1, None), lambda m: m(INPUTS, training=False), of_scores, "clicks", "call", fail_called
        ),
        "a call of heads": Case(made(heads, True), call, of_heads, "orders", "call", fail_called),
        "a model in a model": Case(made(around_other), call, of_many, "outer", "call", fail_called),
        "a subclass": Case(made(Ranker, "softmax"), call, of_many, "Ranker", "call", None),
        "classes": Case(made(highest), predict, of_labels, "highest", "predict", fail),
        "pictures": Case(made(segmenter), predict, lambda a: Recorded(len(a)), "segmenter", "predict", fail),
    }
    training = {
        "fit with validation and callbacks": fit,
        "eager training and evaluation": train_eagerly,
        "a loop of one's own": train_by_hand,
        "making, loading and exporting": build,
    }


def batches() -> Iterator[Any]:
    yield INPUTS[:4], TARGET[:4]
    yield INPUTS[4:], TARGET[4:]


@pytest.mark.parametrize(
    "inputs",
    [batches, lambda: tf.data.Dataset.from_tensor_slices(INPUTS).batch(3)],
    ids=["generator", "tf.data"],
)
def test_lazy_inputs_stay_lazy_and_the_answer_tells_the_rows(inputs: Callable[[], Any], telemetry: Collected) -> None:
    model = sequential(3, "softmax")
    answer = model.predict(inputs(), verbose=0)
    np.testing.assert_allclose(answer, model.predict(INPUTS, verbose=0), rtol=1e-5)
    assert telemetry.count("ml.prediction.duration") == 2
    assert telemetry.total("ml.prediction.batch.size") == 2 * len(INPUTS)


def test_raw_numbers_become_probabilities_by_configuration(instrument: Callable[..., Collected]) -> None:
    rule = ModelRule(Match(name="clicks"), output=Output(activation=Activation.SOFTMAX))
    collected = instrument(Configuration(models=(rule,)))
    numbers = sequential(3, None).predict(INPUTS, verbose=0)
    expected = of_many(np.exp(numbers) / np.exp(numbers).sum(axis=1, keepdims=True))
    assert counted(collected.points("ml.predictions")) == count(expected.classes)
    assert_numbers(collected.points("ml.prediction.confidence"), expected.confidence)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("module", ["keras.models", "keras.saving", "tensorflow.keras.models"])
def test_a_model_is_called_as_its_file(
    module: str, suffix: str, instrument: Callable[..., Collected], tmp_path: Path
) -> None:
    path = tmp_path / f"churn{suffix}"
    sequential(1, None).save(path)
    loaded_from = importlib.import_module(module)
    collected = instrument()
    loaded_from.load_model(str(path))(INPUTS)
    assert names(collected) == {"churn"}


def names(collected: Collected) -> set[Any]:
    return {point.attributes["ml.model.name"] for point in collected.points("ml.prediction.duration")}


def test_a_name_that_keras_made_up_is_none(telemetry: Collected) -> None:
    sequential(1, None, name=None)(INPUTS)
    inputs = keras.Input((4,))
    keras.Model(inputs, layers.Dense(1)(inputs))(INPUTS)
    Ranker("softmax")(INPUTS)
    assert names(telemetry) == {"Sequential", "Functional", "Ranker"}


def test_a_service_s_own_function_over_a_model_answers_as_without_us(
    instrument: Callable[..., Collected],
) -> None:
    model = around_other()
    expected = tf.function(model)(INPUTS)
    collected = instrument()

    @tf.function
    def serve(inputs: Any) -> Any:
        return model(inputs) if tf.reduce_sum(inputs) != 0 else model(inputs, training=False)

    np.testing.assert_allclose(serve(INPUTS), expected, rtol=1e-6)
    assert collected.points("ml.prediction.duration") == []


def test_other_layers_are_left_alone(telemetry: Collected) -> None:
    assert "otel_mlmon" not in layers.Dense.__call__.__code__.co_filename
    assert "__call__" in vars(keras.Model)


def test_a_model_under_a_layer_is_one_prediction(telemetry: Collected) -> None:
    inner = sequential(1, None)
    model = keras.Sequential([keras.Input((3, 4)), layers.TimeDistributed(inner)], name="steps")
    model(np.ones((2, 3, 4), np.float32))
    assert names(telemetry) == {"steps"}
