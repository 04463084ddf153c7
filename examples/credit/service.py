"""A service that says whether a mortgage is approved.

MODEL_PATH=build/credit/mortgage-approval.joblib uvicorn examples.credit.service:app
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import joblib
import pandas as pd
from fastapi import FastAPI, Header, Request
from pydantic import BaseModel, Field

import otel_mlmon
from examples.credit.data import APPROVE


class Application(BaseModel):
    """An application for a mortgage, as the client app fills it in."""

    loan_to_price: float = Field(gt=0, description="amount of the loan by price of the house")
    housing_ratio: float = Field(ge=0, description="housing expenses, percent of income")
    debt_ratio: float = Field(0.0, ge=0, description="housing expenses and all other debts, percent of income")
    consumer_history: int = Field(ge=1, le=6, description="1 is best")
    mortgage_history: int = Field(ge=1, le=4, description="1 is best")
    bankrupt: bool = False
    unverified: bool = False


class Decision(BaseModel):
    """The answer for one application."""

    approved: bool
    probability: float


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model once, before the first request."""
    app.state.model = joblib.load(os.environ["MODEL_PATH"])
    yield


app = FastAPI(title="Mortgage approval", lifespan=lifespan)


@app.post("/decide")
def decide(
    applications: Annotated[list[Application], Field(min_length=1, max_length=100)],
    request: Request,
    x_client_app: Annotated[str, Header()] = "unknown",
) -> list[Decision]:
    """Answer for some applications, in the order of the request."""
    model = request.app.state.model
    frame = pd.DataFrame([application.model_dump() for application in applications])
    with otel_mlmon.segment(client=x_client_app):
        probabilities = model.predict_proba(frame)
    approved = probabilities[:, list(model.classes_).index(APPROVE)]
    return [Decision(approved=value > 0.5, probability=value) for value in approved.tolist()]


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the service is up and has its model."""
    return {"status": "ok"}
