"""Train the recommender: which articles are in one order together.

python -m examples.recommender.train --out build/recommender
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from implicit.nearest_neighbours import CosineRecommender
from scipy.sparse import csr_matrix

from examples.recommender.data import before, load_orders

MODEL_FILE = "next-order.npz"
SHOP_FILE = "shop.json"
NEIGHBOURS = 5
POPULAR = 5
LEAST_ORDERS_OF_A_FAVOURITE = 3


def train(out: Path, rows: pd.DataFrame | None = None) -> Path:
    """Fit on January to September, write the model and what the shop knows into ``out``, return the model's path."""
    known = before(load_orders() if rows is None else rows)
    codes, orders = known["article"].cat.codes.to_numpy(), pd.factorize(known["order"])[0]
    names = known["article"].cat.categories
    together = csr_matrix((np.ones(len(known)), (orders, codes)), shape=(orders.max() + 1, len(names)))
    model = CosineRecommender(K=NEIGHBOURS, num_threads=1)
    model.fit(together, show_progress=False)

    out.mkdir(parents=True, exist_ok=True)
    model.save(str(out / MODEL_FILE))
    shop = {
        "articles": names.tolist(),
        "favourites": favourites(known),
        "popular": np.argsort(-np.bincount(codes, minlength=len(names)), kind="stable")[:POPULAR].tolist(),
    }
    (out / SHOP_FILE).write_text(json.dumps(shop), encoding="utf-8")
    return out / MODEL_FILE


def favourites(known: pd.DataFrame) -> dict[str, int]:
    """Return the article that each household has ordered most often, as an index."""
    times = known.groupby(["household", known["article"].cat.codes.rename("code")]).size().rename("times").reset_index()
    most = times.sort_values(["times", "code"], ascending=[False, True]).drop_duplicates("household")
    most = most[most["times"] >= LEAST_ORDERS_OF_A_FAVOURITE]
    return dict(zip(most["household"].astype(str), most["code"].tolist(), strict=True))


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the model and what the shop knows")
    print(train(parser.parse_args().out))  # noqa: T201


if __name__ == "__main__":
    main()
