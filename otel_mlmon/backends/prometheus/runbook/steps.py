"""What to do first, in the order that finds most bugs: most are the team's own changes."""

from __future__ import annotations

from otel_mlmon.backends.prometheus.runbook import questions
from otel_mlmon.backends.prometheus.runbook.entry import Question, Step

OURS = (
    "Look at releases, flags and configuration of this service, of what calls it and of what feeds it, in the hour "
    "before the alert began. Usual suspects: a unit (seconds for minutes), a renamed, dropped or defaulted field, "
    "another order of columns, a new model file. If a change fits in time, roll it back now and understand it "
    "afterwards."
)
CLIENTS = (
    "Has one client, app version or calling team begun to send something else, or stopped sending something? Compare "
    "what it sends now with what it sent yesterday."
)
UPSTREAM = (
    "Is a table, a feed or a feature store that the inputs come from late, empty, or at its default values? Look at "
    "its last update, and at one raw row."
)
SEGMENTS = (
    "One segment alone: look for what only it has, its feed or its client. All alike: it is something that all share."
)
INPUTS = "A column that is missing, out of its range or has unknown categories is most often the cause itself."
WORLD = (
    "Only when all of the above are ruled out: weather, holidays, a campaign, a market. The world changes all "
    "services at once and mostly slowly; find a second source that shows it, or the ground truth, before you believe "
    "it."
)
NO_CLIENTS = "The figures do not tell clients apart: `segments.baggage` or `segments.code` in mlmon.yaml would."
NO_SEGMENTS = "The figures are not cut by anything: `segments` in mlmon.yaml would."
NO_INPUTS = "No column is watched: name the important ones under `inputs` in mlmon.yaml."


def ours(text: str = OURS) -> Step:
    """Return the first step."""
    return Step("What did we change?", text, questions.releases)


def clients(text: str = CLIENTS, question: Question = questions.clients) -> Step:
    """Return the second step."""
    return Step("What do the clients send?", text, question, NO_CLIENTS)


def upstream(text: str = UPSTREAM) -> Step:
    """Return the third step."""
    return Step("Is the data upstream all right?", text)


def segments(text: str = SEGMENTS, question: Question = questions.segments) -> Step:
    """Return the fourth step."""
    return Step("Which segments?", text, question, NO_SEGMENTS)


def inputs(text: str = INPUTS) -> Step:
    """Return the fifth step."""
    return Step("Which inputs are bad?", text, questions.inputs, NO_INPUTS)


def world(text: str = WORLD) -> Step:
    """Return the last step."""
    return Step("Did the world change?", text)
