"""TensorFlow: SavedModels, called by their objects, functions and signatures."""

from __future__ import annotations

import gc
import operator
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

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
TENSOR = tf.constant(INPUTS)
WRONG = TENSOR[:, :2]
SPEC = [tf.TensorSpec([None, 4], name="inputs")]


class Prices(tf.Module):
    """What people write who use no Keras."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable([[0.5, -0.5, 1.0], [1.0, 1.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]])

    @tf.function(input_signature=SPEC)
    def __call__(self, inputs: Any) -> Any:
        return tf.reduce_sum(inputs @ self.weights, axis=1)

    @tf.function(input_signature=SPEC)
    def several(self, inputs: Any) -> Any:
        best = tf.argmax(inputs @ self.weights, axis=1)
        return {
            "price": self(inputs),
            "best": best,
            "label": tf.gather(tf.constant(["low", "middle", "high"]), best),
            "words": tf.RaggedTensor.from_row_lengths(tf.range(tf.shape(inputs)[0]), tf.ones_like(best)),
        }

    @tf.function(input_signature=SPEC)
    def best(self, inputs: Any) -> Any:
        return tf.argmax(inputs @ self.weights, axis=1)


def exported(units: int, activation: str | None, folder: Path) -> Any:
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, activation=activation)])
    model.export(folder)
    return tf.saved_model.load(folder)


def classifier(folder: Path) -> Any:
    return exported(3, "softmax", folder / "clicks" / "3")


def of_two_classes(folder: Path) -> Any:
    return exported(1, "sigmoid", folder / "clicks")


def regressor(folder: Path) -> Any:
    return exported(1, None, folder / "prices.v2")


def module(folder: Path) -> Any:
    prices = Prices()
    path = folder / "prices"
    tf.saved_model.save(prices, path, signatures={"serving_default": prices.__call__, "several": prices.several})
    return tf.saved_model.load(path)


def of_tensorflow_1(folder: Path) -> Any:
    v1, path = tf.compat.v1, str(folder / "old" / "12")
    with v1.Graph().as_default(), v1.Session() as session:
        inputs = v1.placeholder(tf.float32, [None, 4], name="inputs")
        probabilities = tf.nn.softmax(inputs @ v1.get_variable("weights", initializer=tf.eye(4)))
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, path, {"inputs": inputs}, {"scores": probabilities})
    return tf.saved_model.load(path)


def serve(model: Any) -> Any:
    return model.serve(TENSOR)


def sign(model: Any) -> Any:
    return model.signatures["serving_default"](TENSOR)


def fail(model: Any) -> Any:
    return model.signatures["serving_default"](WRONG)


def only(recorded: Callable[[Any], Recorded]) -> Callable[[Any], Recorded]:
    return lambda answer: recorded(next(iter(answer.values())))


def of_one_unit(answer: Any) -> Recorded:
    positive = np.asarray(answer, dtype=float)[:, 0]
    table = np.stack([1 - positive, positive], axis=1)
    return Recorded(len(table), {ONLY: positive}, {ONLY: table.argmax(axis=1)}, {ONLY: table.max(axis=1)})


def of_several(answer: Any) -> Recorded:
    labels = [label.decode() for label in answer["label"].numpy()]
    return Recorded(7, {"price": answer["price"]}, {"best": answer["best"], "label": labels})


def call_under_a_tape(folder: Path) -> None:
    model = module(folder)
    inputs = tf.Variable(INPUTS)
    with tf.GradientTape() as tape:
        prices = model(inputs)
    assert tape.gradient(prices, inputs) is not None


def call_in_a_function(folder: Path) -> None:
    model = module(folder)
    expected = 3 * (INPUTS @ Prices().weights.numpy()).sum(axis=1)

    @tf.function
    def double(inputs: Any) -> Any:
        return 2 * model(inputs) + model.signatures["serving_default"](inputs)["output_0"]

    np.testing.assert_allclose(double(TENSOR), expected, rtol=1e-5)


def call_functions_of_no_saved_model(_folder: Path) -> None:
    prices = Prices()
    prices(TENSOR)
    prices.several.get_concrete_function()(TENSOR)
    tf.compat.v1.wrap_function(lambda inputs: inputs * 2, [tf.TensorSpec([None, 4])])(TENSOR)


class TestTensorFlow(FrameworkContract):
    adapter = "tensorflow"
    cases = {
        "an endpoint of Keras": Case(
            classifier, serve, of_many, "clicks", "call", lambda m: m.serve(WRONG), version="3"
        ),
        "a signature": Case(classifier, sign, only(of_many), "clicks", "call", fail, version="3"),
        "a signature by keyword": Case(
            classifier,
            lambda model: model.signatures["serve"](**{input_of(model): TENSOR}),
            only(of_many),
            "clicks",
            "call",
            fail,
            version="3",
        ),
        "a sigmoid unit": Case(of_two_classes, sign, only(of_one_unit), "clicks", "call", fail),
        "a sigmoid unit of an endpoint": Case(of_two_classes, serve, of_one_unit, "clicks", "call", fail),
        "numbers": Case(regressor, serve, of_scores, "prices.v2", "call", fail),
        "a module": Case(module, lambda model: model(TENSOR), of_scores, "prices", "call", fail),
        "a function": Case(module, lambda model: model.best(TENSOR), of_labels, "prices", "call", fail),
        "several outputs": Case(
            module, lambda model: model.signatures["several"](TENSOR), of_several, "prices", "call", fail
        ),
    }
    training = {
        "a gradient tape": call_under_a_tape,
        "a function of the service's own": call_in_a_function,
        "no SavedModel": call_functions_of_no_saved_model,
    }


def input_of(model: Any) -> str:
    _, inputs = model.signatures["serve"].structured_input_signature
    return next(iter(inputs))


def names(collected: Collected) -> set[Any]:
    attributes = [point.attributes for point in collected.points("ml.prediction.duration")]
    return {(each["ml.model.name"], each.get("ml.model.version")) for each in attributes}


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("clicks/3", ("clicks", "3")),
        ("clicks/20261125/", ("clicks", "20261125")),
        ("clicks", ("clicks", None)),
        ("clicks-v2.1", ("clicks-v2.1", None)),
    ],
)
def test_a_model_is_called_as_its_folder_and_a_number_is_its_version(
    folder: str, expected: tuple[str, str | None], telemetry: Collected, tmp_path: Path
) -> None:
    path = f"{tmp_path}/{folder}"
    prices = Prices()
    tf.saved_model.save(prices, path)
    tf.saved_model.load(export_dir=path)(TENSOR)
    assert names(telemetry) == {expected}


@pytest.mark.parametrize("load", ["saved_model.load", "compat.v2.saved_model.load", "compat.v1.saved_model.load_v2"])
def test_it_does_not_matter_by_which_name_a_model_is_loaded(load: str, telemetry: Collected, tmp_path: Path) -> None:
    path = tmp_path / "prices"
    tf.saved_model.save(Prices(), path)
    model = operator.attrgetter(load)(tf)(str(path))
    model(TENSOR)
    assert names(telemetry) == {("prices", None)}


def test_a_model_of_tensorflow_1_is_observed_by_its_signatures(telemetry: Collected, tmp_path: Path) -> None:
    expected = of_many(sign(of_tensorflow_1(tmp_path))["scores"])
    assert names(telemetry) == {("old", "12")}
    assert_numbers(telemetry.points("ml.prediction.value"), expected.values)
    assert counted(telemetry.points("ml.predictions")) == count(expected.classes)


def test_a_signature_outlives_its_model(telemetry: Collected, tmp_path: Path) -> None:
    signature = classifier(tmp_path).signatures["serving_default"]
    gc.collect()
    signature(TENSOR)
    assert names(telemetry) == {("clicks", "3")}


def test_a_model_that_is_gone_is_not_kept(telemetry: Collected, tmp_path: Path) -> None:
    model = classifier(tmp_path)
    sign(model)
    reference = weakref.ref(model)
    del model
    gc.collect()
    assert reference() is None


def test_training_says_that_a_call_is_no_prediction(telemetry: Collected, tmp_path: Path) -> None:
    class Trained(tf.Module):
        @tf.function
        def __call__(self, inputs: Any, training: bool = False) -> Any:
            return inputs + 1 if training else inputs

    module = Trained()
    for training in (True, False):
        module.__call__.get_concrete_function(SPEC[0], training=training)
    tf.saved_model.save(module, tmp_path / "trained")
    model = tf.saved_model.load(tmp_path / "trained")
    model(TENSOR, training=True)
    assert telemetry.points("ml.prediction.duration") == []
    model(TENSOR, training=False)
    assert telemetry.count("ml.prediction.duration") == 1


def test_a_model_in_a_model_of_keras_is_one_prediction_of_keras(telemetry: Collected, tmp_path: Path) -> None:
    classifier(tmp_path)
    layer = keras.layers.TFSMLayer(tmp_path / "clicks" / "3", call_endpoint="serve")
    inputs = keras.Input((4,))
    keras.Model(inputs, layer(inputs), name="outer").predict(INPUTS, verbose=0)
    assert names(telemetry) == {("outer", None)}


def test_an_answer_that_is_no_tensor_of_rows_is_a_call_all_the_same(telemetry: Collected, tmp_path: Path) -> None:
    class Splitter(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, texts: Any) -> Any:
            return tf.strings.split(texts)

    tf.saved_model.save(Splitter(), tmp_path / "splitter")
    words = tf.saved_model.load(tmp_path / "splitter")(tf.constant(["a b", "c"]))
    assert words.to_list() == [[b"a", b"b"], [b"c"]]
    assert telemetry.count("ml.prediction.duration") == 1
    assert telemetry.points("ml.predictions") == telemetry.points("ml.prediction.value") == []


def test_the_fingerprint_is_of_what_the_folder_holds(instrument: Callable[..., Collected], tmp_path: Path) -> None:
    tf.saved_model.save(Prices(), tmp_path / "one" / "prices")
    shutil.copytree(tmp_path / "one", tmp_path / "two", copy_function=shutil.copyfile)
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    (tmp_path / "other" / "prices" / "assets" / "words.txt").write_text("new")
    collected, found, models = instrument(), {}, []
    for folder in ("one", "two", "other"):
        models.append(tf.saved_model.load(tmp_path / folder / "prices"))
        models[-1](TENSOR)
        found[folder] = {point.attributes["ml.model.fingerprint"] for point in collected.points("ml.model.info")}
    assert len(found["one"]) == 1
    assert found["two"] == found["one"]
    assert len(found["other"]) == 2


def test_other_functions_are_left_alone(telemetry: Collected) -> None:
    assert "otel_mlmon" not in type(Prices.best).__call__.__code__.co_filename
