"""Alerts about what a model answers."""

from __future__ import annotations

from typing import Final

from otel_mlmon.backends.prometheus.runbook import questions
from otel_mlmon.backends.prometheus.runbook.entry import Entry, Step
from otel_mlmon.backends.prometheus.runbook.steps import clients, inputs, ours, segments, upstream, world

OUTPUT_JUMP: Final = Entry(
    alert="ModelOutputJump",
    means=(
        "The answers as a whole changed within minutes. Latency and errors may well be green: the model answers, but "
        "not what it would have answered an hour ago."
    ),
    measure="the share of the last minutes' answers that lie elsewhere than in the hour before, beyond chance,",
    first=(ours(), clients(), upstream(), segments(), inputs(), world()),
    figures=(questions.answers, questions.classes, questions.checks),
    wrong=(
        "Traffic changed its kind at once: a batch job, a load test, a campaign, a client that was switched on or "
        "off. Then the calls by client moved at the same minute; cut the model by client, or give the job a model "
        "name of its own. Where the same question is asked many times, raise `alerts.overdispersion`."
    ),
)

CLASS_JUMP: Final = Entry(
    alert="ModelClassJump",
    means=(
        "One class is answered much more often than in the hour before and than usual. Whatever follows from that "
        "class happens as often: declined customers, sent mails, wrong menus."
    ),
    measure="what the class's share has more than in the hour before and usually, beyond chance,",
    first=(
        ours(
            "Look at releases, flags and configuration of this service and of what feeds it in the hour before: "
            "inputs first, then a new model file, swapped labels, or another threshold between the classes. If a "
            "change fits in time, roll it back now and understand it afterwards."
        ),
        clients(),
        upstream(),
        segments(),
        inputs(),
        world(),
    ),
    figures=(questions.classes, questions.answers, questions.confidence),
    wrong=(
        "A rare class that comes in waves, or a job that asks about one kind of customer only. Then the calls by "
        "client moved at the same minute."
    ),
)

OUTPUT_STUCK: Final = Entry(
    alert="ModelOutputStuck",
    means=(
        "Nearly all answers are the same, and they usually are not. The model, or what stands in for it, no longer "
        "looks at its inputs."
    ),
    measure="the share that is gone of the answers that usually differ from the most frequent one",
    first=(
        ours(
            "A fallback or a default answer that was switched on, a cache with a key that is too coarse, a model "
            "file that was not loaded, inputs that are all filled with the same value. Call the service by hand with "
            "two different inputs: is the answer the same?"
        ),
        clients("Does one client send the same request again and again? A retry loop looks like this."),
        upstream("Features that are all at their default give one answer. Look at one raw row of each source."),
        segments(),
        inputs(),
        world("Nothing in the world makes different questions have one answer. Look again at the first three."),
    ),
    figures=(questions.most_frequent, questions.answers, questions.classes),
    tune="Its threshold is fixed: nine of ten are as good as all.",
    wrong="A load test or a health check that asks one question. Give it a model name of its own, or keep it out.",
)

SEGMENT_JUMP: Final = Entry(
    alert="ModelSegmentJump",
    means=(
        "The answers for one segment changed, and those of the model as a whole did not. The model is probably well, "
        "and something on the way of this segment's data is not."
    ),
    measure="the share of the segment's answers that lie elsewhere than before, beyond what the whole model moved,",
    first=(
        ours(
            "What changed for this segment only: a flag, a roll-out in steps, a filter, a mapping of codes or regions?"
        ),
        clients("Does one client send this segment, and has it been released?"),
        upstream("What feeds this segment alone? Missing values of one source are the usual cause."),
        segments("Cut the segment once more: which client in it, which region, which hour?"),
        inputs(),
        world("A local event. Neighbours of this segment should feel some of it."),
    ),
    figures=(questions.answers, questions.checks),
    wrong=(
        "A small segment whose few callers changed. Raise `alerts.rows`, so that it needs more predictions to be "
        "judged, or `alerts.segment`."
    ),
)

OUTPUT_DRIFT: Final = Entry(
    alert="ModelOutputDrift",
    means=(
        "A day's answers lie elsewhere than on known data and than a week ago. It came slowly: nothing broke this "
        "minute, but the model may no longer know the world that it is asked about."
    ),
    measure="the share of a day's answers that lie elsewhere than in the baseline and than a week ago, beyond chance,",
    first=(
        ours("Releases, roll-outs in steps and retrained models of the last days: a slow roll-out drifts, too."),
        clients("Did the mix of clients or countries move? New customers are not those of the training data."),
        upstream("A source whose values go stale moves the answers a little every day."),
        segments("Which one drifts? A model is seldom worse everywhere."),
        inputs(),
        world(
            "Seasons, prices, behaviour. Compare with the ground truth as far as it is there: if the model is still "
            "right, make a new baseline (`otel-mlmon init`); if it is not, retrain it."
        ),
    ),
    figures=(questions.days, questions.answers, questions.classes),
    wrong=(
        "A baseline of another season or of other customers. Make a new one of the last weeks of production, or of "
        "data that is like it."
    ),
)

CONFIDENCE_DROP: Final = Entry(
    alert="ModelConfidenceDrop",
    means=(
        "The model is less sure than before. For a model with calibrated probabilities its mean confidence is the "
        "accuracy to expect, so it is probably wrong more often."
    ),
    measure="by how much the mean confidence of an hour fell",
    first=(
        ours("A new model file, another preprocessing, another temperature or calibration: see which version answers."),
        clients("A client that sends other questions than the model was trained on."),
        upstream("Missing or defaulted features make a model unsure before they make it wrong."),
        segments("Which one? Look at the confidence by segment."),
        inputs(),
        world("New kinds of cases. Collect some of them (`review` in mlmon.yaml keeps a sample) and look at them."),
    ),
    figures=(questions.confidence, questions.answers, questions.classes),
    wrong="A harder mix of questions, at night or on holidays, that is as hard every week.",
)

VERSION_DIFFERS: Final = Entry(
    alert="ModelVersionDiffers",
    means=(
        "Two versions of the model answer at the same time and not alike. For a canary or an A/B test that is the "
        "moment to look, before all traffic goes to the new one."
    ),
    measure="the share of a version's answers of an hour that lie elsewhere than those of the others, beyond chance,",
    first=(
        Step(
            "Is it meant?",
            "A version that was made to answer otherwise does. If nobody expects it, stop the roll-out now.",
            questions.versions,
        ),
        ours("Compare the two builds: model file, preprocessing, order of columns, libraries, environment variables."),
        clients("Does each version get the same kind of traffic? A canary for one client differs by its client."),
        segments(),
        inputs(),
    ),
    figures=(questions.versions, questions.answers),
    tune="Its threshold is that of ModelOutputJump, `alerts.jump`.",
    wrong="The split is not random, or the new version is meant to differ. Silence it for the time of the test.",
)

ENTRIES: Final = (
    OUTPUT_JUMP,
    CLASS_JUMP,
    OUTPUT_STUCK,
    SEGMENT_JUMP,
    OUTPUT_DRIFT,
    CONFIDENCE_DROP,
    VERSION_DIFFERS,
)
