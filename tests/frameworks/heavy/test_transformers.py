"""Hugging Face Transformers: pipelines of each kind of answer, read at once and lazily, and ``generate``."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import transformers
from packaging.version import Version
from torch.utils.data import Dataset
from transformers import pipeline
from transformers.pipelines.pt_utils import PipelineIterator

from tests.collected import Collected
from tests.frameworks.contract import (
    ONLY,
    Case,
    FrameworkContract,
    Recorded,
    assert_numbers,
    counted,
    of_many,
    of_scores,
    of_two,
)
from tests.frameworks.heavy import tiny
from tests.frameworks.heavy.tiny import TEXTS

IS_OLD = Version(transformers.__version__) < Version("5")
"""Pipelines for question answering and from text to text are there no more in later versions."""

THREE = ["bad", "good", "mixed"]
SPEECH = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
GREEDY: dict[str, Any] = {"max_new_tokens": 5, "do_sample": False}


def of(task: str, kind: str, config: Callable[[], Any], **options: Any) -> Callable[[Path], Any]:
    def load(folder: Path) -> Any:
        path = tiny.save(folder, getattr(transformers, kind), config(), chat_template=SPEECH)
        return pipeline(task, model=path, device="cpu", **options)

    return load


def classifier(labels: list[str], **options: Any) -> Callable[[Path], Any]:
    more = {"problem_type": options.pop("problem_type", None)}
    return of("text-classification", "BertForSequenceClassification", lambda: tiny.bert(labels, **more), **options)


entities = of("token-classification", "BertForTokenClassification", lambda: tiny.bert(["O", "PLACE", "THING"]))
masks = of("fill-mask", "BertForMaskedLM", tiny.bert)
writer = of("text-generation", "GPT2LMHeadModel", tiny.gpt2)
zero_shot = of(
    "zero-shot-classification",
    "BertForSequenceClassification",
    lambda: tiny.bert(["contradiction", "neutral", "entailment"]),
)


def of_best(answers: list[dict[str, Any]]) -> Recorded:
    labels, scores = [one["label"] for one in answers], [one["score"] for one in answers]
    return Recorded(len(answers), classes={ONLY: labels}, confidence={ONLY: scores})


def table(answers: list[list[dict[str, Any]]], names: list[str]) -> list[list[float]]:
    return [[next(one["score"] for one in row if one["label"] == name) for name in names] for row in answers]


def of_found(answers: list[list[dict[str, Any]]]) -> Recorded:
    top = [max(float(one["score"]) for one in row) for row in answers if row]
    return Recorded(len(answers), {ONLY: top} if top else {}, results=[len(row) for row in answers])


def of_lengths(lengths: list[int], name: str = "length") -> Recorded:
    return Recorded(len(lengths), {name: lengths})


def of_zero_shot(answers: list[dict[str, Any]]) -> Recorded:
    labels, scores = [one["labels"][0] for one in answers], [one["scores"][0] for one in answers]
    return Recorded(len(answers), classes={ONLY: labels}, confidence={ONLY: scores})


def case(load: Callable[[Path], Any], ask: Callable[[Any], Any], recorded: Callable[[Any], Recorded]) -> Case:
    return Case(tiny.once(load), ask, recorded, "parcel-mood", "pipeline", lambda pipe: pipe(17.5))


CHAT = [{"role": "user", "content": TEXTS[0]}]
MASKED = ["the parcel came [MASK]", "support was [MASK] and [MASK]"]
CANDIDATES = ["delivery", "praise", "weather"]


def new(answer: list[dict[str, Any]], prompt: str) -> int:
    return len(answer[0]["generated_text"]) - len(prompt)


CASES = {
    "one text": case(classifier(THREE), lambda p: p(TEXTS[0]), of_best),
    "texts": case(classifier(THREE), lambda p: p(TEXTS), of_best),
    "texts in batches": case(classifier(THREE), lambda p: p(inputs=TEXTS, batch_size=2), of_best),
    "a pair of texts": case(
        classifier(THREE), lambda p: p({"text": TEXTS[0], "text_pair": TEXTS[1]}), lambda a: of_best([a])
    ),
    "the best two of three classes": case(
        classifier(THREE), lambda p: p(TEXTS, top_k=2), lambda a: of_best([row[0] for row in a])
    ),
    "all classes of one text": case(
        classifier(THREE), lambda p: p(TEXTS[0], top_k=None), lambda a: of_many(table([a], THREE), THREE)
    ),
    "all classes of a pipeline made for them": case(
        classifier(THREE, top_k=None), lambda p: p(TEXTS[0]), lambda a: of_many(table(a, THREE), THREE)
    ),
    "all of two classes": case(
        classifier(["0", "1"]), lambda p: p(TEXTS, top_k=None), lambda a: of_two(table(a, ["0", "1"]))
    ),
    "a label each of its own": case(
        classifier(THREE, problem_type="multi_label_classification"),
        lambda p: p(TEXTS, top_k=None),
        lambda a: Recorded(3, {name: [row[0] for row in table(a, [name])] for name in THREE}),
    ),
    "raw numbers": case(
        classifier(THREE),
        lambda p: p(TEXTS, top_k=None, function_to_apply="none"),
        lambda a: Recorded(3, {name: [row[0] for row in table(a, [name])] for name in THREE}),
    ),
    "a class without its probability": case(
        classifier(THREE),
        lambda p: p(TEXTS, function_to_apply="none"),
        lambda a: Recorded(3, classes={ONLY: [one["label"] for one in a]}),
    ),
    "a regression": case(
        classifier(["LABEL_0"], problem_type="regression"),
        lambda p: p(TEXTS),
        lambda a: of_scores([one["score"] for one in a]),
    ),
    "entities of a text": case(entities, lambda p: p(TEXTS[0]), lambda a: of_found([a])),
    "entities of texts": case(entities, lambda p: p(TEXTS, batch_size=2), of_found),
    "no entity": case(entities, lambda p: p(TEXTS[0], ignore_labels=["O", "PLACE", "THING"]), lambda a: of_found([a])),
    "a masked word": case(masks, lambda p: p(MASKED[0]), lambda a: of_scores([a[0]["score"]])),
    "a list of one masked word": case(masks, lambda p: p(MASKED[:1], top_k=2), lambda a: of_scores([a[0]["score"]])),
    "masked words": case(
        masks,
        lambda p: p(MASKED),
        lambda a: of_scores([a[0][0]["score"], max(a[1][0][0]["score"], a[1][1][0]["score"])]),
    ),
    "features": case(of("feature-extraction", "BertModel", tiny.bert), lambda p: p(TEXTS[0]), lambda a: Recorded(1)),
    "features of texts": case(
        of("feature-extraction", "BertModel", tiny.bert),
        lambda p: p(TEXTS, return_tensors=True),
        lambda a: Recorded(3),
    ),
    "a continued text": case(writer, lambda p: p(TEXTS[0], **GREEDY), lambda a: of_lengths([new(a, TEXTS[0])])),
    "continued texts": case(
        writer,
        lambda p: p(TEXTS, num_return_sequences=2, num_beams=2, **GREEDY),
        lambda a: of_lengths(
            [len(one["generated_text"]) - len(text) for row, text in zip(a, TEXTS, strict=True) for one in row]
        ),
    ),
    "only what is new": case(
        writer, lambda p: p(TEXTS[0], return_full_text=False, **GREEDY), lambda a: of_lengths([new(a, "")])
    ),
    "tokens": case(writer, lambda p: p(TEXTS[0], return_tensors=True, **GREEDY), lambda a: Recorded(1)),
    "a chat": case(
        writer,
        lambda p: p(CHAT, **GREEDY),
        lambda a: of_lengths([len(a[0]["generated_text"][-1]["content"])]),
    ),
    "chats": case(
        writer,
        lambda p: p([CHAT, CHAT], **GREEDY),
        lambda a: of_lengths([len(row[0]["generated_text"][-1]["content"]) for row in a]),
    ),
    "the classes of a caller": case(
        zero_shot, lambda p: p(TEXTS[0], candidate_labels=CANDIDATES), lambda a: of_zero_shot([a])
    ),
    "the classes of a caller for texts": case(
        zero_shot, lambda p: p(TEXTS, CANDIDATES, multi_label=True), of_zero_shot
    ),
}


if IS_OLD:
    asker = of("question-answering", "BertForQuestionAnswering", tiny.bert)
    question = {"question": "was nobody kind", "context": TEXTS[0]}
    CASES["an answer"] = case(asker, lambda p: p(**question), lambda a: of_scores([a["score"]]))
    CASES["answers"] = case(asker, lambda p: p([question, question]), lambda a: of_scores([one["score"] for one in a]))
    CASES["a summary"] = case(
        of("summarization", "T5ForConditionalGeneration", tiny.t5),
        lambda p: p(TEXTS[0], min_length=2, max_new_tokens=5),
        lambda a: of_lengths([len(a[0]["summary_text"])]),
    )
    CASES["translations"] = case(
        of("translation_en_to_de", "T5ForConditionalGeneration", tiny.t5),
        lambda p: p(TEXTS, max_new_tokens=5),
        lambda a: of_lengths([len(one["translation_text"]) for one in a]),
    )


class TestPipelines(FrameworkContract):
    adapter = "transformers"
    cases = CASES


def tokens_of(prompts: Any) -> Any:
    return {name: prompts[name] for name in ("input_ids", "attention_mask")}


def load_writer(folder: Path) -> Any:
    path = tiny.save(folder, transformers.GPT2LMHeadModel, tiny.gpt2())
    model = transformers.GPT2LMHeadModel.from_pretrained(path).eval()
    model.prompts = tokens_of(tiny.tokenizer()(TEXTS[:1] * 2, return_tensors="pt"))
    return model


def load_translator(folder: Path) -> Any:
    path = tiny.save(folder, transformers.T5ForConditionalGeneration, tiny.t5())
    model = transformers.T5ForConditionalGeneration.from_pretrained(path).eval()
    model.prompts = tokens_of(tiny.tokenizer()(TEXTS[:1], return_tensors="pt"))
    return model


def generation(load: Callable[[Path], Any], ask: Callable[[Any], Any], rows: int) -> Case:
    def fail(model: Any) -> Any:
        return model.generate(**model.prompts, max_new_tokens=-1)

    return Case(load, ask, lambda a: of_lengths([4] * rows, "tokens"), "parcel-mood", "generate", fail)


FOUR: dict[str, Any] = {"max_new_tokens": 4, "min_new_tokens": 4, "do_sample": False}


class TestGenerate(FrameworkContract):
    adapter = "transformers"
    cases = {
        "prompts": generation(load_writer, lambda m: m.generate(**m.prompts, **FOUR), 2),
        "prompts by position": generation(load_writer, lambda m: m.generate(m.prompts["input_ids"], **FOUR), 2),
        "with scores": generation(
            load_writer, lambda m: m.generate(**m.prompts, **FOUR, return_dict_in_generate=True).sequences, 2
        ),
        "an encoder's": generation(load_translator, lambda m: m.generate(**m.prompts, **FOUR), 1),
    }


class Listed(Dataset):  # type: ignore[misc]
    """Knows which texts it has been asked for."""

    def __init__(self, texts: list[Any]) -> None:
        self.texts = texts
        self.asked: list[Any] = []

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: int) -> Any:
        self.asked.append(self.texts[index])
        return self.texts[index]


def one_call(collected: Collected, rows: int) -> None:
    assert collected.count("ml.prediction.duration", ml_model_name="parcel-mood", ml_operation="pipeline") == 1
    assert collected.count("ml.prediction.duration") == 1
    assert collected.total("ml.prediction.batch.size") == rows


def test_a_data_set_is_read_as_its_consumer_reads_and_is_one_call_with_every_piece_untouched(
    telemetry: Collected, tmp_path: Path
) -> None:
    pipe, texts, made = classifier(THREE)(tmp_path), Listed(TEXTS), []
    postprocess = pipe.postprocess
    pipe.postprocess = lambda *args, **kwargs: made.append(postprocess(*args, **kwargs)) or made[-1]
    answers = pipe(texts)
    assert isinstance(answers, PipelineIterator)
    assert (len(answers), texts.asked) == (3, [])
    read = []
    for number, answer in enumerate(answers, start=1):
        read.append(answer)
        assert (texts.asked, len(made)) == (TEXTS[:number], number)
        assert telemetry.points("ml.prediction.duration") == []
    assert all(one is other for one, other in zip(read, made, strict=True))
    one_call(telemetry, 3)
    assert counted(telemetry.points("ml.predictions")) == {
        (ONLY, label): [one["label"] for one in read].count(label) for label in {one["label"] for one in read}
    }
    assert_numbers(telemetry.points("ml.prediction.confidence"), {ONLY: [one["score"] for one in read]})
    (span,) = telemetry.spans()
    assert (span.attributes or {})["ml.prediction.rows"] == 3


@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_generator_is_never_read_ahead_of_its_consumer(
    batch_size: int, instrument: Callable[..., Collected], tmp_path: Path
) -> None:
    pipe, asked = zero_shot(tmp_path), []

    def texts() -> Iterator[str]:
        for text in TEXTS:
            asked.append(text)
            yield text

    def ask() -> tuple[list[int], list[Any]]:
        asked.clear()
        found = [(len(asked), answer) for answer in pipe(texts(), candidate_labels=CANDIDATES, batch_size=batch_size)]
        return [count for count, _ in found], [answer for _, answer in found]

    expected = ask()
    collected = instrument()
    assert ask() == expected
    one_call(collected, 3)


def test_pieces_of_each_kind_are_read_as_in_a_list(instrument: Callable[..., Collected], tmp_path: Path) -> None:
    pipe = entities(tmp_path)
    collected = instrument()
    found = list(pipe(iter_of(TEXTS)))
    one_call(collected, 3)
    assert_numbers(collected.points("ml.result.count"), {ONLY: [len(row) for row in found]})
    pipe = writer(tmp_path)
    new_texts = [one[0]["generated_text"] for one in pipe(iter_of(TEXTS), return_full_text=False, **GREEDY)]
    lengths = collected.points("ml.prediction.value", ml_output_name="length")
    assert_numbers(lengths, {"length": [len(text) for text in new_texts]})
    # The prompts are gone when the answers come.
    list(pipe(iter_of(TEXTS), **GREEDY))
    assert collected.points("ml.prediction.value", ml_output_name="length") == lengths
    assert collected.total("ml.prediction.batch.size") == 9


def iter_of(texts: list[str]) -> Iterator[str]:
    yield from texts


def test_a_consumer_that_has_had_enough_ends_the_call(telemetry: Collected, tmp_path: Path) -> None:
    pipe = classifier(THREE)(tmp_path)
    for _ in pipe(iter_of(TEXTS)):
        break
    gc.collect()
    one_call(telemetry, 1)


def test_what_is_never_read_is_no_call(telemetry: Collected, tmp_path: Path) -> None:
    pipe = classifier(THREE)(tmp_path)
    pipe(iter_of(TEXTS))
    gc.collect()
    assert telemetry.points("ml.prediction.duration") == []
    assert telemetry.spans() == []


def test_a_second_pass_is_a_second_call_and_an_end_is_none(telemetry: Collected, tmp_path: Path) -> None:
    answers = classifier(THREE)(tmp_path)(Listed(TEXTS))
    assert list(answers) == list(answers)
    assert next(answers, None) is None
    assert telemetry.count("ml.prediction.duration") == 2
    assert telemetry.total("ml.prediction.batch.size") == 6


def test_who_goes_on_after_an_error_gets_the_rest(instrument: Callable[..., Collected], tmp_path: Path) -> None:
    pipe = classifier(THREE)(tmp_path)

    def ask() -> list[Any]:
        answers = iter(pipe(Listed([TEXTS[0], 17.5, TEXTS[2]])))
        first = next(answers)
        with pytest.raises(ValueError, match="text") as error:
            next(answers)
        return [first, str(error.value), next(answers), next(answers, None)]

    expected = ask()
    assert [type(one) for one in expected] == [dict, str, dict, type(None)]
    collected = instrument()
    assert ask() == expected
    points = {point.attributes.get("error.type"): point.count for point in collected.points("ml.prediction.duration")}
    assert points == {"ValueError": 1, None: 1}


def test_no_text_leaves(telemetry: Collected, tmp_path: Path) -> None:
    for number, one in enumerate(CASES.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        pipe = one.load(folder)
        one.ask(pipe)
        with pytest.raises(Exception):  # noqa: B017, PT011  (whatever the pipeline raises)
            pipe([17.5, TEXTS[0]])
    exported = {
        str(value) for metric in METRICS for point in telemetry.points(metric) for value in point.attributes.values()
    }
    for span in telemetry.spans():
        exported |= {span.name, str(span.status.description), *map(str, (span.attributes or {}).values())}
        exported |= {str(value) for event in span.events for value in (event.attributes or {}).values()}
    assert exported >= {*THREE, "pipeline", "parcel-mood"}
    assert [text for text in exported for word in tiny.WORDS if word != "parcel" and word in text.split()] == []


METRICS = (
    "ml.prediction.duration",
    "ml.prediction.value",
    "ml.predictions",
    "ml.prediction.confidence",
    "ml.prediction.batch.size",
    "ml.result.count",
    "ml.model.info",
    "ml.monitor.errors",
    "ml.monitor.dropped",
)


@pytest.mark.parametrize(
    ("asked", "name", "version"),
    [
        ("acme/parcel-mood-v1.5", "parcel-mood-v1.5", None),
        ("models--acme--tone/snapshots/0f3c9", "tone", "0f3c9"),
        ("", "TextClassificationPipeline", None),
    ],
)
def test_a_model_is_called_as_on_its_hub(
    asked: str, name: str, version: str | None, telemetry: Collected, tmp_path: Path
) -> None:
    path = tiny.save(tmp_path, transformers.BertForSequenceClassification, tiny.bert(THREE), asked or "here")
    model = transformers.BertForSequenceClassification.from_pretrained(path)
    if version is None:
        # As if it had been downloaded.
        model.config._name_or_path = asked
    pipe = transformers.TextClassificationPipeline(model=model, tokenizer=tiny.tokenizer(), device=-1)
    pipe(TEXTS)
    (info,) = telemetry.points("ml.model.info")
    assert (info.attributes["ml.model.name"], info.attributes.get("ml.model.version")) == (name, version)


def test_a_folder_is_called_as_it_is(telemetry: Collected, tmp_path: Path) -> None:
    path = tiny.save(tmp_path, transformers.BertForSequenceClassification, tiny.bert(THREE), "tone-v1.5")
    pipe = pipeline("text-classification", model=path, device="cpu")
    pipe(TEXTS)
    (info,) = telemetry.points("ml.model.info")
    assert info.attributes["ml.model.name"] == "tone-v1.5"


def test_training_and_its_evaluation_are_no_predictions(telemetry: Collected, tmp_path: Path) -> None:
    path = tiny.save(tmp_path, transformers.BertForSequenceClassification, tiny.bert(THREE))
    model = transformers.BertForSequenceClassification.from_pretrained(path)
    encoded = tiny.tokenizer()(TEXTS, padding=True)
    rows = [{**{name: values[index] for name, values in encoded.items()}, "labels": index} for index in range(3)]
    options = transformers.TrainingArguments(
        str(tmp_path / "run"), max_steps=2, eval_steps=1, report_to=[], use_cpu=True
    )
    trainer = transformers.Trainer(model, options, train_dataset=rows, eval_dataset=rows)
    trainer.train()
    assert trainer.evaluate()["eval_loss"] > 0
    assert telemetry.points("ml.prediction.duration") == []
    model.eval()
    pipe = transformers.TextClassificationPipeline(model=model, tokenizer=tiny.tokenizer(), device=-1)
    pipe(TEXTS)
    assert telemetry.count("ml.prediction.duration") == 1
