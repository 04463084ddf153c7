"""LightFM, and the distributions that carry it on: scores of items for users."""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Call, Hook, argument
from otel_mlmon.observe.answers import Answer, Results, Scores


def scores(call: Call) -> Answer:
    """``predict``: for one user a ranking of the items, for pairs of users and items a score each."""
    users = argument(call.args, call.kwargs, "user_ids", 0)
    return Results([len(call.answer)], call.answer, best="largest") if isinstance(users, int) else Scores(call.answer)


_MODEL = "lightfm.lightfm:LightFM"

ADAPTER = Adapter(
    name="lightfm",
    distributions=("lightfm", "rectools-lightfm", "lightfm-next"),
    oldest="1.17",
    hooks=(
        Hook(f"{_MODEL}.predict", scores),
        # Ranks of what users have chosen, for evaluation.
        Hook(f"{_MODEL}.predict_rank", quiet=True),
        *(Hook(f"{_MODEL}.{method}", trains=True) for method in ("fit", "fit_partial")),
    ),
)
