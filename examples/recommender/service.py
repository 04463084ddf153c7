"""A service that recommends articles for a household's next order.

MODEL_PATH=build/recommender/next-order.npz uvicorn examples.recommender.service:app
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, Header, Request
from implicit.nearest_neighbours import CosineRecommender
from pydantic import BaseModel, Field
from scipy.sparse import csr_matrix

import otel_mlmon

RECOMMENDED = 10


class Household(BaseModel):
    """Who asks, and the last ten orders that the client app knows."""

    household: int
    orders: Annotated[list[list[str]], Field(max_length=10)]


class Recommendation(BaseModel):
    """Articles, the best first."""

    articles: list[str]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model once, before the first request."""
    app.state.model = CosineRecommender.load(os.environ["MODEL_PATH"])
    app.state.places = {name: place for place, name in enumerate(shop()["articles"])}
    yield


app = FastAPI(title="Next order", lifespan=lifespan)


@app.post("/recommend")
def recommend(asked: Household, request: Request, x_client_app: Annotated[str, Header()] = "unknown") -> Recommendation:
    """Answer with articles that go with the last orders; those that everybody orders follow where these are too few."""
    state, known = request.app.state, shop()
    favourite = known["favourites"].get(str(asked.household))
    with otel_mlmon.segment(client=x_client_app), otel_mlmon.context(favourite=favourite):
        found, _ = state.model.recommend(
            0, history(asked.orders, state.places), N=RECOMMENDED, filter_already_liked_items=False
        )
    filled = dict.fromkeys([*found.tolist(), *popular()])
    return Recommendation(articles=[known["articles"][place] for place in filled][:RECOMMENDED])


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the service is up and has its model."""
    return {"status": "ok"}


def history(orders: list[list[str]], places: dict[str, int]) -> csr_matrix:
    """Return how many of the orders have each article, shape (1, articles)."""
    ordered = [places[article] for order in orders for article in order if article in places]
    which, times = np.unique(np.array(ordered, dtype=np.int32), return_counts=True)
    return csr_matrix((times.astype(float), which, [0, len(which)]), shape=(1, len(places)))


@cache
def shop() -> dict[str, Any]:
    """Return what the shop knows: the articles' names, each household's favourite, and the popular articles."""
    return json.loads(Path(os.environ["MODEL_PATH"]).with_name("shop.json").read_text(encoding="utf-8"))


def popular() -> list[int]:
    """Return the articles that are in most orders."""
    return shop()["popular"]
