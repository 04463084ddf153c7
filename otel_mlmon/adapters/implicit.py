"""Implicit: its recommenders, on either processor, alone and in front of an approximate index."""

from __future__ import annotations

from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, argument, first_argument
from otel_mlmon.observe.answers import Answer, Results

NO_RESULT = -1e30
"""What is filtered out, and what fills up, scores as the least number of its type, or that divided by a norm."""


def recommended(call: Call) -> Answer:
    """``recommend``, ``rank_items``: items of one user, or of several."""
    return _results(call, "item_factors", None)


def similar_items(call: Call) -> Answer:
    """``similar_items``: of one item, or of several."""
    return _results(call, "item_factors", argument(call.args, call.kwargs, "items", 5))


def similar_users(call: Call) -> Answer:
    """``similar_users``: of one user, or of several."""
    return _results(call, "user_factors", argument(call.args, call.kwargs, "users", 3))


def npz_file(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the path, to which saving and loading add what it may lack, or the open file."""
    path = first_argument(args, kwargs)
    return f"{path}.npz" if isinstance(path, str) and not path.endswith(".npz") else path


def _results(call: Call, factors: str, among: Any) -> Answer:
    identifiers, scores = call.answer
    if scores.ndim == 1:
        identifiers, scores = identifiers[None], scores[None]
    known = getattr(call.instance, factors, None) if among is None else among
    if known is not None:
        # More than there are were asked for: the rest are zeros.
        limit = known.shape[0] if hasattr(known, "shape") else len(known)
        identifiers, scores = identifiers[:, :limit], scores[:, :limit]
    return Results(scores > NO_RESULT, scores, items=identifiers)


_RECOMMENDER = "implicit.recommender_base:RecommenderBase"

ADAPTER = Adapter(
    name="implicit",
    distributions=("implicit",),
    oldest="0.7",
    hooks=(
        Hook(f"{_RECOMMENDER}.recommend", recommended),
        Hook(f"{_RECOMMENDER}.rank_items", recommended),
        Hook(f"{_RECOMMENDER}.similar_items", similar_items),
        Hook(f"{_RECOMMENDER}.similar_users", similar_users),
        Hook(f"{_RECOMMENDER}.fit", trains=True),
        *(
            Hook(f"implicit.evaluation:{name}", quiet=True)
            for name in (
                "ranking_metrics_at_k",
                "precision_at_k",
                "mean_average_precision_at_k",
                "ndcg_at_k",
                "AUC_at_k",
            )
        ),
    ),
    loaders=(Loader(f"{_RECOMMENDER}.load", source=npz_file, suffixes=(".npz",)),),
)
