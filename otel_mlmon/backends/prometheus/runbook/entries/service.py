"""Alerts about the calls: whether they come, how long they take, whether they fail."""

from __future__ import annotations

from typing import Final

from otel_mlmon.backends.prometheus.runbook import questions
from otel_mlmon.backends.prometheus.runbook.entry import Entry, Step
from otel_mlmon.backends.prometheus.runbook.steps import clients, inputs, ours, segments, upstream, world

ARRIVING: Final = Step(
    "Do figures arrive at all?",
    (
        "If nothing of this service arrives, it is down, or its telemetry is: look at the service first, then at the "
        "collector and its queue. If only this model is silent, go on."
    ),
    questions.calls,
)
BUDGET: Final = (
    "`alerts.slo` says what share must be good, which checks count, and how fast is fast. The factors and windows are "
    "those of Google's SRE workbook, and are not to be tuned."
)

NO_CALLS: Final = Entry(
    alert="ModelNoCalls",
    means=(
        "Nobody calls the model, although at this hour of the week there are calls. Users may be getting no answer "
        "at all."
    ),
    measure="the usual number of calls, while there is none now,",
    first=(
        ARRIVING,
        ours(
            "Was the service, a route, a flag or a consumer of a queue changed or switched off in the last hour? Was "
            "the model renamed (`name` in mlmon.yaml), so that it reports under another name?"
        ),
        clients(
            "Does another service answer in its place: a cache, a fallback, the next version?",
            questions.calls_by_client,
        ),
        upstream("Is the queue or the schedule that starts the calls still running?"),
        world("A holiday. Then all services are quiet, and it was as quiet a year ago."),
    ),
    figures=(questions.calls, questions.releases),
    wrong="A batch job that moved to another hour, or a model that was retired: take it out of mlmon.yaml.",
    tune="Its threshold is fixed: with fewer usual calls, none at all may be chance.",
)

TRAFFIC_DROP: Final = Entry(
    alert="ModelTrafficDrop",
    means=(
        "The model gets far fewer calls than at this hour of other weeks, and it lost them within an hour. Somebody, "
        "somewhere, stopped asking."
    ),
    measure="how many times more calls are usual than there are (one by `alerts.traffic`)",
    first=(
        ARRIVING,
        ours("Routing, flags, sampling, timeouts, a second version that takes a part of the traffic."),
        clients(
            "Which client stopped? The one whose line falls to zero was released, or is down.",
            questions.calls_by_client,
        ),
        segments("One segment that is gone points to its feed or its region.", questions.traffic_by_segment),
        world("Holidays and nights are in the comparison as far as the last weeks had them."),
    ),
    figures=(questions.calls,),
    wrong="A holiday, or an unusual week before. It is silent again when the hour before is as low.",
)

SEGMENT_SILENT: Final = Entry(
    alert="ModelSegmentSilent",
    means="One segment has no calls at all, although it usually has; the model itself is called.",
    measure="the usual number of calls of the segment, while there is none now,",
    first=(
        ours(
            "A flag, a route or a roll-out for this segment only; a label that was renamed, so that it counts under "
            "another."
        ),
        clients("Is this client or region down? Ask those who run it.", questions.calls_by_client),
        upstream("Is the feed that brings this segment's cases still running?"),
        segments("Did another segment gain what this one lost? Then it was renamed.", questions.traffic_by_segment),
        world("A closed market, a public holiday in one country."),
    ),
    figures=(questions.calls,),
    wrong="A segment that is asked about rarely, or no more: take its value out of `segments.values`.",
    tune="Its threshold is fixed: with fewer usual calls, none at all may be chance.",
)

LATENCY_JUMP: Final = Entry(
    alert="ModelLatencyJump",
    means="The usual call takes much longer than before. The answers are the same; whoever waits for them may give up.",
    measure="how many times longer the median call takes than before and than last week",
    first=(
        ours(
            "A larger model, another library or number of threads, smaller machines, a cold cache, a feature that is "
            "now fetched."
        ),
        clients("Larger batches, or more of them: compare `ml_prediction_batch_size`.", questions.latency_by_client),
        upstream("A store or a service that the call waits for."),
        segments("Does one part of the traffic have larger requests?", questions.latency_by_client),
        world("More traffic than the machines are for."),
    ),
    figures=(questions.latency, questions.calls),
    wrong="Batches that grew on purpose.",
)

ERRORS: Final = Entry(
    alert="ModelErrors",
    means="Many calls of the model fail. Their callers get an error, or a fallback.",
    measure="the share of calls that fail",
    first=(
        ours(
            "Look at the error's class below, and at what was released in the hour before: code, model file, "
            "library, schema."
        ),
        clients(
            "Do the errors come from one client? Then it sends what the model cannot read.", questions.errors_by_client
        ),
        upstream("A missing column or a wrong type from a feed raises, too."),
        inputs(),
        world("It is not the world."),
    ),
    figures=(questions.errors, questions.calls, questions.inputs),
    tune="Its threshold is fixed: one call in twenty is too many where it is several times the usual share, too.",
    wrong="Errors that callers make on purpose, such as validation. Raise them before the model is called.",
)

BUDGET_BURN: Final = Entry(
    alert="ModelBudgetBurn",
    means=(
        "Bad answers come so fast that the error budget of 30 days is used up early. Bad is a call that failed or an "
        "answer that failed one of the checks of the objective."
    ),
    measure="how many times faster than allowed the budget burns, in a long window and a short one,",
    first=(
        Step("What is bad?", "Errors, or fails of a check: the larger of these tells where to look.", questions.errors),
        ours("What was released when it began? The short window tells whether it goes on still."),
        clients(question=questions.errors_by_client),
        upstream(),
        segments("Where do most fails come from?", questions.checks_by_segment),
        world(),
    ),
    figures=(questions.checks, questions.calls),
    wrong="An objective that the model never met. Set one that it meets in a good month.",
    tune=BUDGET,
)

LATENCY_BUDGET_BURN: Final = Entry(
    alert="ModelLatencyBudgetBurn",
    means="So many calls are slower than the objective allows that the budget of 30 days is used up early.",
    measure="how many times faster than allowed the budget of slow calls burns, in a long window and a short one,",
    first=LATENCY_JUMP.first,
    figures=(questions.latency, questions.calls),
    wrong="An objective that the model never met. Set one that it meets in a good month.",
    tune=BUDGET,
)

ENTRIES: Final = (
    NO_CALLS,
    TRAFFIC_DROP,
    SEGMENT_SILENT,
    LATENCY_JUMP,
    ERRORS,
    BUDGET_BURN,
    LATENCY_BUDGET_BURN,
)
