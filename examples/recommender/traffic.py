"""What the client apps ask in October to December, and the release of one of them that sends too little.

python -m examples.recommender.traffic            # healthy
python -m examples.recommender.traffic --broken   # the iOS app sends the last ten articles, not the last ten orders
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from examples import replay
from examples.recommender.data import Order, households, load_orders

PATH = "/recommend"
CLIENTS = ("android", "ios", "web")
BROKEN_CLIENT = "ios"
KEPT = 10


def ask(count: int, seed: int = 0, *, broken: bool = False, rows: pd.DataFrame | None = None) -> Iterator[replay.Asked]:
    """Yield requests, each as before some order of some household; which app a household has is made up."""
    histories = [
        (household, orders, number)
        for household, orders, learned in households(load_orders() if rows is None else rows)
        for number in range(learned, len(orders))
    ]
    for place in np.random.default_rng(seed).permutation(len(histories))[:count]:
        household, orders, number = histories[place]
        client = CLIENTS[household % len(CLIENTS)]
        sent = last_articles if broken and client == BROKEN_CLIENT else last_orders
        yield replay.Asked(client, {"household": household, "orders": sent(orders[:number])})


def last_orders(orders: list[Order]) -> list[Order]:
    """Return the last ten orders."""
    return orders[-KEPT:]


def last_articles(orders: list[Order]) -> list[Order]:
    """Return the last ten articles, which is the bug: an order has nine of them."""
    return [[article] for article in [article for order in orders for article in order][-KEPT:]]


if __name__ == "__main__":
    replay.main(ask, PATH, "the iOS app sends the last ten articles instead of the last ten orders")
