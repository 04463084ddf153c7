"""The checks of the benched service."""

from __future__ import annotations

import otel_mlmon


def agrees(answered: otel_mlmon.Answered) -> bool:
    """Fail where the service says so: chance decides, independently of the flight."""
    return not answered.context["disagrees"]


def answered_itself(answered: otel_mlmon.Answered) -> bool:
    """Fail where the service had to answer in the model's place, which it never has."""
    return not answered.context.get("fallback", False)
