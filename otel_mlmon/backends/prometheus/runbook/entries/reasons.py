"""Alerts that name what is wrong: checks that fail, inputs that are bad."""

from __future__ import annotations

from typing import Final

from otel_mlmon.backends.prometheus.runbook import questions
from otel_mlmon.backends.prometheus.runbook.entry import Entry
from otel_mlmon.backends.prometheus.runbook.steps import clients, inputs, ours, segments, upstream, world

CHECK_FAILS: Final = Entry(
    alert="ModelCheckFails",
    means=(
        "More answers than usual fail a check that the team wrote: they are bad by its own words. It goes on now, "
        "and has for the last hour."
    ),
    measure="what the share of fails is above the usual one, beyond chance,",
    first=(
        ours(
            "Look at what the check says, at the head of this page, and at what was released or switched in the hour "
            "before: a filter that became too strict, a list that was not updated, a fallback that is now the rule."
        ),
        clients("Do the fails come from one client? Then look at what it stopped sending.", questions.checks_by_client),
        upstream("An index, a catalogue or a table that is half filled makes poor answers with no error."),
        segments("Where do most fails come from?", questions.checks_by_segment),
        inputs(),
        world("Users changed what they want. Then the check's `usual` is no longer right."),
    ),
    figures=(questions.checks, questions.answers),
    wrong="The usual share in the configuration is not the real one. Let `otel-mlmon backtest` say what it is.",
    tune=(
        "Its thresholds: `alerts.fails_points` (how far above the usual share) and `alerts.fails_ratio` (how many "
        "times it); the usual share is `usual` of the check, else the baseline's, else last week's."
    ),
)

INPUT_PROBLEMS: Final = Entry(
    alert="ModelInputProblems",
    means=(
        "A column that the model needs is bad more often than before: missing, out of its range, of another type, or "
        "with categories nobody has seen. That is most often the cause of whatever else looks odd."
    ),
    measure="what the share of bad values of the column has more than in the hour before and usually, beyond chance,",
    first=(
        ours(
            "Who fills this column, and what was released there in the hour before? *Out of range* is a unit or a "
            "format; *missing* a renamed or dropped field; *unseen* a new or re-encoded category. Roll it back."
        ),
        clients("Is it one client? Compare a call that is bad with one that is not.", questions.inputs_by_client),
        upstream(
            "Is the table or feed that the column comes from late, or empty? A join that finds nothing looks like this."
        ),
        inputs("How bad, since when, and which other columns?"),
        segments("Did the answers already move? Then this is an incident, and no matter of tidiness."),
        world("New values that are right: put them into `inputs` of the configuration."),
    ),
    figures=(questions.inputs, questions.answers),
    wrong="A range or a list of categories in the configuration that is narrower than the world.",
)

ENTRIES: Final = (CHECK_FAILS, INPUT_PROBLEMS)
