"""A service that says in which language messages are written, so that somebody answers who speaks it.

MODEL_PATH=build/text_classifier/message-language.joblib uvicorn examples.text_classifier.service:app
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import joblib
from fastapi import FastAPI, Header, Request
from pydantic import BaseModel, Field

import otel_mlmon


class Messages(BaseModel):
    """Some messages, as a client app has received them."""

    texts: Annotated[list[str], Field(min_length=1, max_length=100)]


class Languages(BaseModel):
    """A language a message, in the order of the request."""

    languages: list[str]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model once, before the first request."""
    app.state.model = joblib.load(os.environ["MODEL_PATH"])
    yield


app = FastAPI(title="Language of messages", lifespan=lifespan)


@app.post("/language")
def language(messages: Messages, request: Request, x_client_app: Annotated[str, Header()] = "unknown") -> Languages:
    """Answer with the most probable language of each message."""
    model = request.app.state.model
    with otel_mlmon.segment(client=x_client_app):
        probabilities = model.predict_proba(messages.texts)
    return Languages(languages=model.classes_[probabilities.argmax(axis=1)].tolist())


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the service is up and has its model."""
    return {"status": "ok"}
