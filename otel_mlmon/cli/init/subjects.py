"""Where a model's answers come from: from the model, which is asked, or from a column of the data."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from attrs import evolve

from otel_mlmon import semconv
from otel_mlmon.cli.failure import Failure
from otel_mlmon.cli.init.document import name_of
from otel_mlmon.cli.init.loading import Ask, asking, feature_names, load_model, operation_of
from otel_mlmon.cli.init.outputs import Described, output_of_column, output_of_model
from otel_mlmon.cli.init.predictions import Answers, Refused, Sample, ask, baseline_of, columns_as, cut
from otel_mlmon.cli.init.profile import Profiler, SegmentValues
from otel_mlmon.cli.init.recorded import recorded_baseline
from otel_mlmon.cli.init.table import Table
from otel_mlmon.config.baseline import Baseline
from otel_mlmon.config.schema import Identity, Limits, ModelRule
from otel_mlmon.config.segments import Segments
from otel_mlmon.observe.labels import label_text

FIRST_LOOK: Final = 10_000
"""From so many answers it is told what they are."""

MAX_INPUTS: Final = 40
"""More watched columns than anybody looks at."""

MAX_CELLS: Final = 20_000_000
"""Of a sample: models of many columns are asked about fewer rows."""


class Subject(Protocol):
    """A model whose answers are looked at.

    Attributes
    ----------
    name
        That it has without configuration.
    file
        It was loaded from; None where there is none.
    described
        What it answers with.
    identity
        As rules match it.
    features
        The columns that it is given.
    known
        The names of the columns that it was fitted on; None where that is not known.
    by_index
        Whether it is given arrays, the columns of which have no names.
    """

    name: str
    file: Path | None
    described: Described
    identity: Identity
    features: Sequence[str]
    known: Sequence[str] | None
    by_index: bool

    def baseline(self, rule: ModelRule, name: str, limits: Limits) -> Baseline:
        """Return how its answers are distributed."""


class AskedModel:
    """A model in a file, asked about random rows of a table.

    Raises
    ------
    Failure
        It cannot be loaded, or does not fit the table.
    """

    def __init__(
        self, file: Path, table: Table, rows: int, operation: str | None, *, besides: Sequence[str], target: str | None
    ) -> None:
        instance = load_model(file)
        names = feature_names(instance)
        if names is not None:
            table.require(names, "the model needs")
        self.name = name_of(file)
        self.file: Path | None = file
        self.features: Sequence[str] = _all_but(instance, table, besides, target) if names is None else names
        fitted_on = [] if names is None else [*names, *map(str, getattr(instance, "feature_names_in_", ()))]
        self.known: Sequence[str] | None = fitted_on
        self.by_index = names is None
        self._table = table
        self._ask = asking(instance, operation_of(instance, operation), names is not None)
        in_table = [column for column in besides if column in table.columns]
        columns = list(dict.fromkeys([*self.features, *in_table]))
        self._frame = table.sample(columns, max(1, min(rows, MAX_CELLS // len(columns))))
        if not len(self._frame):
            message = f"{table.name} has no rows"
            raise Failure(message)
        answers = self._first_answers()
        point = answers.of(semconv.MODEL_INFO)[0].attributes
        self.identity = Identity(
            path=str(file.absolute()),
            model_class=point[semconv.MODEL_CLASS],
            framework=point[semconv.FRAMEWORK],
            name=self.name,
        )
        self.described = output_of_model(answers, getattr(instance, "classes_", None), table.name)

    def baseline(self, rule: ModelRule, name: str, limits: Limits) -> Baseline:
        """Return how its answers on the sample are distributed."""
        sample = cut(self._frame, list(self.features), rule.segments, name)
        return baseline_of(ask(self._ask, sample, rule, name), name, self._table.name, limits.classes)

    def _first_answers(self) -> Answers:
        """Ask about some rows: text is given as the engine has it and, where the model refuses that, as other types."""
        look, given = Sample(self._frame[list(self.features)][:FIRST_LOOK]), self._ask
        try:
            return ask(given, look, ModelRule(), self.name)
        except Refused as refused:
            for kind in ("category", "object"):
                self._ask = partial(_ask_with_text_as, kind, given)
                with suppress(Refused):
                    return ask(self._ask, look, ModelRule(), self.name)
            raise refused from refused.__cause__


class RecordedPredictions:
    """A model of which only the answers are there, in a column of the table."""

    def __init__(self, column: str, profiler: Profiler, *, besides: Sequence[str], target: str | None) -> None:
        table = profiler.table
        self.name = table.name.partition(".")[0]
        self.file: Path | None = None
        self.known: Sequence[str] | None = None
        self.by_index = False
        self.features: Sequence[str] = [one for one in table.columns if one not in {column, target}]
        # All that will be needed is looked at together.
        wanted = [column, *self.features[:MAX_INPUTS], *(one for one in besides if one in table.columns)]
        self.described = output_of_column(profiler.columns(wanted)[column], table.name)
        self.identity = Identity(path=None, model_class="", framework="", name=self.name)
        self._profiler, self._column = profiler, column

    def baseline(self, rule: ModelRule, name: str, limits: Limits) -> Baseline:
        """Return how all predictions of the column are distributed; by segments that are columns as they are."""
        segments = self._segments(rule.segments)
        output = rule.output
        if output.kind is None:
            output = evolve(output, kind=self.described.output.kind)
        return recorded_baseline(
            self._profiler.table, self._column, segments, output, model=name, max_classes=limits.classes
        )

    def _segments(self, configured: Segments) -> list[SegmentValues]:
        keys = [str(key) for key in (*configured.columns, *configured.code, *configured.baggage)]
        plain = [key for key in keys if key in self._profiler.table.columns and key not in configured.bins]
        found = [self._profiler.segment(key, configured.max_values) for key in plain]
        listed = {key: set(map(label_text, values)) for key, values in configured.listed()}
        return [one.only(listed[one.column]) if one.column in listed else one for one in found]


def _ask_with_text_as(kind: str, model: Ask, frame: Any) -> Any:
    return model(columns_as(frame, kind))


def _all_but(instance: Any, table: Table, besides: Sequence[str], target: str | None) -> list[str]:
    """Return the columns for a model that knows only how many there are."""
    width = getattr(instance, "n_features_in_", None)
    columns = [column for column in table.columns if column != target]
    if width is not None and len(columns) != width:
        columns = [column for column in columns if column not in besides]
    if width is not None and len(columns) != width:
        message = (
            f"the model was fitted on {width} columns without names, and {table.name} has {len(columns)}: "
            "give it a table of just these, in their order, and name the others with --target and --segment"
        )
        raise Failure(message)
    return columns
