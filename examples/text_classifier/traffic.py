"""What the client apps ask, and the release of one of them that reads letters wrongly.

python -m examples.text_classifier.traffic            # healthy
python -m examples.text_classifier.traffic --broken   # the mail gateway reads UTF-8 as Latin-1: "für" becomes "fÃ¼r"
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from examples import replay
from examples.text_classifier.data import load_sentences, second_half

PATH = "/language"
CLIENTS = ("chat", "mail", "web")
BROKEN_CLIENT = "mail"
MESSAGES_OF_A_REQUEST = 20


def ask(count: int, seed: int = 0, *, broken: bool = False) -> Iterator[replay.Asked]:
    """Yield requests with sentences drawn at random from those that the model does not know."""
    random = np.random.default_rng(seed)
    unknown = second_half(load_sentences())["text"].tolist()
    for number in range(count):
        client = CLIENTS[number % len(CLIENTS)]
        texts = [unknown[place] for place in random.integers(len(unknown), size=MESSAGES_OF_A_REQUEST)]
        yield replay.Asked(client, {"texts": [*map(misread, texts)] if broken and client == BROKEN_CLIENT else texts})


def misread(text: str) -> str:
    """Return what a text becomes when its bytes are taken for Latin-1, which is the bug."""
    return text.encode("utf-8").decode("latin-1")


if __name__ == "__main__":
    replay.main(ask, PATH, "the mail gateway reads UTF-8 as Latin-1")
