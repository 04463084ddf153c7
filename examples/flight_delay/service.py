"""A service that says how probably a flight arrives 15 minutes late or more.

MODEL_PATH=build/flight-delay/flight-delay.joblib uvicorn examples.flight_delay.service:app
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import joblib
import pandas as pd
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field
from sklearn.pipeline import Pipeline

from examples.flight_delay.data import WEATHER

MAX_BATCH = 5000


class Flight(BaseModel):
    """A flight that has left the gate, and the weather there."""

    origin: str = Field(min_length=3, max_length=3, examples=["JFK"])
    dep_delay: float = Field(description="minutes; negative is early")
    distance: float = Field(gt=0, description="miles")
    hour: int = Field(ge=0, le=23, description="scheduled hour of departure, local time")
    month: int = Field(ge=1, le=12)
    temp: float | None = Field(None, description="°F")
    wind_speed: float | None = Field(None, description="mph")
    precip: float | None = Field(None, description="inches in the hour")
    visib: float | None = Field(None, description="miles")


class Prediction(BaseModel):
    """The answer for one flight."""

    late_probability: float


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model once, before the first request."""
    app.state.model = joblib.load(os.environ["MODEL_PATH"])
    yield


app = FastAPI(title="Flight delay", lifespan=lifespan)


@app.post("/predict")
def predict(flight: Flight, request: Request) -> Prediction:
    """Answer for one flight."""
    return late_probabilities(request.app.state.model, [flight])[0]


@app.post("/predict/batch")
def predict_batch(
    flights: Annotated[list[Flight], Field(min_length=1, max_length=MAX_BATCH)], request: Request
) -> list[Prediction]:
    """Answer for many flights, in the order of the request."""
    return late_probabilities(request.app.state.model, flights)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the service is up and has its model."""
    return {"status": "ok"}


def late_probabilities(model: Pipeline, flights: list[Flight]) -> list[Prediction]:
    """Return one answer a flight; weather that is not known is NaN, which the model accepts."""
    frame = pd.DataFrame([flight.model_dump() for flight in flights]).astype(dict.fromkeys(WEATHER, float))
    return [Prediction(late_probability=value) for value in model.predict_proba(frame)[:, 1]]
