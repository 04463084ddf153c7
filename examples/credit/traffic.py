"""What the client apps ask, and the release of one of them that leaves a field out.

python -m examples.credit.traffic            # healthy
python -m examples.credit.traffic --broken   # the brokers' app has lost debt_ratio, and the service takes 0 for it
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from examples import replay
from examples.credit.data import load_applications, second_half

PATH = "/decide"
CLIENTS = ("branch", "broker", "web")
BROKEN_CLIENT = "broker"
LOST_FIELD = "debt_ratio"
APPLICATIONS_OF_A_REQUEST = 20


def ask(count: int, seed: int = 0, *, broken: bool = False) -> Iterator[replay.Asked]:
    """Yield requests with applications drawn at random from those that the model does not know."""
    random = np.random.default_rng(seed)
    unknown = second_half(load_applications()).drop(columns="decision").to_dict("records")
    for number in range(count):
        client = CLIENTS[number % len(CLIENTS)]
        drawn = [unknown[place] for place in random.integers(len(unknown), size=APPLICATIONS_OF_A_REQUEST)]
        yield replay.Asked(client, [*map(without, drawn)] if broken and client == BROKEN_CLIENT else drawn)


def without(application: dict[str, float]) -> dict[str, float]:
    """Return an application that lacks a field, which is the bug."""
    return {field: value for field, value in application.items() if field != LOST_FIELD}


if __name__ == "__main__":
    replay.main(ask, PATH, "the brokers' app leaves debt_ratio out")
