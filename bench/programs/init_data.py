"""A table of eight columns as Parquet and CSV, and a model of four of them."""

import sys
from pathlib import Path

import duckdb
import joblib
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

FEATURES = {"dep_delay": 600, "distance": 3000, "hour": 18, "temp": 60}
COLUMNS = """
    random() * 600 - 30 AS dep_delay, CAST(random() * 3000 AS INTEGER) AS distance,
    CAST(5 + random() * 18 AS INTEGER) AS hour, 30 + random() * 60 AS temp, random() AS score,
    ['EWR', 'JFK', 'LGA'][1 + CAST(floor(random() * 3) AS INTEGER)] AS origin,
    'C' || CAST(random() * random() * 40 AS INTEGER) AS carrier, random() > 0.7 AS late
"""


def main(folder: Path, rows: int) -> None:
    """Write all of it into a folder."""
    parquet = str(folder / "train.parquet")
    duckdb.sql(f"SELECT {COLUMNS} FROM range({rows})").write_parquet(parquet)
    duckdb.read_parquet(parquet).write_csv(str(folder / "train.csv"))
    random = np.random.default_rng(7)
    frame = pd.DataFrame(random.random((5000, len(FEATURES))) * list(FEATURES.values()), columns=list(FEATURES))
    joblib.dump(HistGradientBoostingClassifier().fit(frame, frame["dep_delay"] > 300), folder / "delay.joblib")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
