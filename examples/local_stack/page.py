"""The page as a person reads it on a phone: what is wrong, what to do first, what else was noticed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import frozen

from examples.local_stack.webhook import Alert, Notification

STEPS = 3
"""So many things to do fit under a thumb; the runbook has the others."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9])")
_ITEM = re.compile(r"^\d+\.\s+(?P<text>.+(?:\n(?!\s*\n|\d+\.\s|#).+)*)", re.MULTILINE)
_MARKS = re.compile(r"[*`]")
_HEADING = re.compile(r"^(?P<level>#+)\s+(?P<text>.*)$", re.MULTILINE)


@frozen
class Page:
    """What is on the screen."""

    title: str
    sentences: tuple[str, ...]
    steps: tuple[str, ...]
    """What to do first, in this order."""
    runbook: str | None
    """The address of all of it."""
    also: tuple[str, ...]
    """The titles of the other alerts of the message."""


def page_of(notification: Notification, runbook: str = "") -> Page:
    """Return the page that a message makes.

    Parameters
    ----------
    runbook
        The text of the runbook, in Markdown, when it is at hand; else what to do is taken from the alert's own advice.
    """
    leading, *others = sorted(notification.firing, key=_urgency)
    advice = section(runbook, leading.name) or leading.annotations.get("advice", "")
    return Page(
        title=title(leading),
        sentences=tuple(_SENTENCE_END.split(leading.annotations.get("description", "").strip())),
        steps=first_steps(advice),
        runbook=leading.annotations.get("runbook_url"),
        also=tuple(title(alert) for alert in others),
    )


def title(alert: Alert) -> str:
    """Return how urgent an alert is and what it says, in a line."""
    return f"{alert.labels.get('severity', 'alert').upper()} {alert.annotations.get('summary', alert.name)}"


def first_steps(advice: str, count: int = STEPS) -> tuple[str, ...]:
    """Return the first items of the numbered list of a text, with no marks of Markdown."""
    items = [" ".join(_MARKS.sub("", found["text"]).split()) for found in _ITEM.finditer(advice)]
    return tuple(items[:count])


def section(markdown: str, heading: str) -> str:
    """Return what stands under a heading, down to the next of its level or above; empty where there is none."""
    headings = list(_HEADING.finditer(markdown))
    for number, found in enumerate(headings):
        if heading in re.split(r"\W+", found["text"]):
            return markdown[found.end() : _end(headings[number:], markdown)]
    return ""


def _end(headings: Sequence[re.Match[str]], markdown: str) -> int:
    level = len(headings[0]["level"])
    return next((later.start() for later in headings[1:] if len(later["level"]) <= level), len(markdown))


def _urgency(alert: Alert) -> tuple[bool, float, str]:
    return (alert.labels.get("severity") != "page", alert.since, alert.name)
