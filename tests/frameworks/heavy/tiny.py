"""Language models so small that a test makes them: random weights, and the words of a few texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import BertConfig, GPT2Config, PreTrainedTokenizerFast, T5Config

# Threads that wait for each other on a busy machine cost more than they save with models of this size.
torch.set_num_threads(1)

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    *("the", "parcel", "came", "late", "and", "broken", "but", "nobody"),
    *("at", "support", "was", "kind", "patience", "Berlin", "zanzibar"),
]

TEXTS = ["the parcel came late and broken", "support was kind", "nobody at Berlin was late but kind"]
"""None of them may leave the process."""

SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}


def once(load: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """Return a function that makes a model in the first folder that it is given, and no other."""
    made: list[Any] = []

    def load_once(folder: Path) -> Any:
        if not made:
            made.append(load(folder))
        return made[0]

    return load_once


def tokenizer(**more: Any) -> PreTrainedTokenizerFast:
    words = Tokenizer(WordLevel({word: index for index, word in enumerate(SPECIAL + WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=32,
        **more,
    )


def bert(labels: list[str] | None = None, **more: Any) -> BertConfig:
    named = (
        {}
        if labels is None
        else {"id2label": dict(enumerate(labels)), "label2id": {v: k for k, v in enumerate(labels)}}
    )
    return BertConfig(
        vocab_size=len(SPECIAL + WORDS), max_position_embeddings=64, initializer_range=1.5, **SIZES, **named, **more
    )


def gpt2() -> GPT2Config:
    return GPT2Config(
        vocab_size=len(SPECIAL + WORDS),
        n_positions=64,
        n_embd=16,
        n_layer=1,
        n_head=2,
        bos_token_id=2,
        eos_token_id=None,
    )


def t5() -> T5Config:
    return T5Config(
        vocab_size=len(SPECIAL + WORDS),
        d_model=16,
        d_kv=8,
        d_ff=16,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=3,
    )


def save(folder: Path, kind: Any, config: Any, name: str = "parcel-mood", **more: Any) -> str:
    """Save a model of a class of transformers with random weights, and its tokenizer; return its folder."""
    torch.manual_seed(3)
    path = folder / name
    kind(config).save_pretrained(path)
    tokenizer(**more).save_pretrained(path)
    return str(path)
