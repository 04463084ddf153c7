"""``mlmon.yaml`` as a person would write it: each line says why it is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import yaml
from attrs import frozen

from otel_mlmon.cli.init.outputs import Described
from otel_mlmon.cli.init.profile import (
    MAX_CATEGORIES,
    MIN_ROWS,
    NEARLY_ALL,
    ColumnProfile,
    SegmentValues,
)
from otel_mlmon.cli.init.rounding import about, lower_end, upper_end
from otel_mlmon.cli.init.table import ColumnKind
from otel_mlmon.config.checks import Scalar
from otel_mlmon.config.fixed_mapping import FixedMapping
from otel_mlmon.config.schema import OutputKind
from otel_mlmon.config.segments import Segments
from otel_mlmon.observe.labels import label_text

SCHEMA: Final = "mlmon.schema.json"
"""What editors look up; ``otel-mlmon schema`` writes it."""

MAX_WIDTH: Final = 110
MAX_CODE: Final = 56
"""Up to so wide, lines have their comments in one column."""

VERSION_AT_THE_END: Final = re.compile(r"(?P<name>.*[A-Za-z].*?)(?P<mark>[-_.@])v?\d[\w.-]*$")


@frozen
class Line:
    """A line of the file, and why it is there."""

    code: str
    why: str = ""


@frozen
class Plan:
    """What is known of a model, and goes into its file.

    Attributes
    ----------
    source
        The data's name.
    file
        The model's; None where there is none.
    inputs
        Columns that are watched.
    by_index
        Whether the model is given arrays: its columns have no names.
    left_out
        How many more there are.
    not_inputs
        Segments that are no features of the model.
    baseline
        Where its baseline will be.
    """

    name: str
    source: str
    baseline: str
    file: Path | None
    described: Described
    segments: Sequence[SegmentValues] = ()
    inputs: Sequence[ColumnProfile] = ()
    by_index: bool = False
    left_out: int = 0
    not_inputs: Sequence[str] = ()

    @property
    def configured(self) -> Segments:
        """The segments as they are configured."""
        keys = [values.column for values in self.segments]
        listed: dict[str | int, tuple[Scalar, ...]] = {one.column: tuple(one.named) for one in self.segments}
        return Segments(
            columns=tuple(key for key in keys if key not in self.not_inputs),
            code=tuple(key for key in keys if key in self.not_inputs),
            # Its converter is generic, which mypy cannot see through.
            values=FixedMapping(listed),  # type: ignore[arg-type]
        )


def document(plan: Plan) -> str:
    """Return the text of ``mlmon.yaml``."""
    made_of = plan.source if plan.file is None else f"{plan.file.name} and {plan.source}"
    rows = next((f" ({column.rows:,} rows)" for column in plan.inputs), "")
    head = [
        f"# yaml-language-server: $schema={SCHEMA}",
        f"# Written by `otel-mlmon init` from {_one_line(made_of)}{rows}.",
        "# It is yours now: change what you know better, and ask `otel-mlmon check --config FILE` whether it holds.",
        "models:",
    ]
    blocks = [_of_model(plan), _of_output(plan), _of_segments(plan), _of_inputs(plan), _of_checks(plan)]
    return "\n".join([*head, *(text for block in blocks for text in _aligned(block))]) + "\n"


def match_of(file: Path | None, name: str) -> dict[str, str]:
    """Return what fits a model: its file in whatever folder, and later versions of it."""
    if file is None:
        return {"name": name}
    stem = file.name.partition(".")[0] or file.name
    versioned = VERSION_AT_THE_END.fullmatch(stem)
    pattern = f"{_literal(stem)}" if versioned is None else f"{_literal(versioned['name'])}{versioned['mark']}*"
    return {"path": f"*/{pattern}{_literal(file.name.removeprefix(stem))}"}


def name_of(file: Path) -> str:
    """Return what a model is called by its file, without the version that the file's name ends with."""
    stem = file.name.partition(".")[0] or file.name
    versioned = VERSION_AT_THE_END.fullmatch(stem)
    return stem if versioned is None else versioned["name"]


def _of_model(plan: Plan) -> list[Line]:
    fits = "the model's file, in whatever folder" if plan.file else "what it is called without configuration"
    return [
        Line(f"  - match: {flow(match_of(plan.file, plan.name))}", fits),
        Line(f"    name: {scalar(plan.name)}", "ml.model.name of every metric"),
        Line(f"    baseline: {scalar(plan.baseline)}", "what it usually answers: alerts compare with it"),
    ]


def _of_output(plan: Plan) -> list[Line]:
    output, described = plan.described.output, plan.described
    if output.kind is None:
        return [Line(f"    # output: {_one_line(described.why)}")]
    lines = [Line("    output:"), Line(f"      kind: {output.kind.value}", described.why)]
    if output.positive_class is not None:
        lines.append(Line(f"      positive_class: {scalar(output.positive_class)}", described.why_class))
    if output.classes:
        lines += _listed("      classes: ", output.classes, "", described.why_class)
    if output.boundaries is not None:
        bounds = tuple(int(bound) if bound.is_integer() else bound for bound in output.boundaries)
        lines += _listed("      boundaries: ", bounds, "", described.why_boundaries)
    return lines


def _of_segments(plan: Plan) -> list[Line]:
    if not plan.segments:
        return [
            Line("    # segments: {columns: [country]}", "whatever a bug may hit alone: a country, a client, a partner")
        ]
    configured = plan.configured
    lines = [Line("    segments:")]
    if configured.columns:
        lines += _listed("      columns: ", configured.columns, "", "columns of what the model is given")
    if configured.code:
        call = f"`with otel_mlmon.segment({configured.code[0]}=…)`"
        lines += _listed("      code: ", configured.code, "", f"no feature of the model: put its calls into {call}")
    lines.append(Line("      values:", f"other values, and those of less than {MIN_ROWS} rows, count as `other`"))
    for values in plan.segments:
        shares = [share(values.rows[label_text(value)] / values.total) for value in values.named]
        shown = ", ".join(shares[:4]) + (", …" if len(shares) > 4 else "")
        lines += _listed(f"        {scalar(values.column)}: ", values.named, "", shown)
    return lines


def _of_inputs(plan: Plan) -> list[Line]:
    lines = []
    for index, column in enumerate(plan.inputs):
        lines += _watched(column, index if plan.by_index else column.name)
    if plan.left_out:
        lines.append(Line(f"      # and {plan.left_out:,} more columns: add those that the model leans on"))
    why = "each value counts as ok, missing, out_of_range or unseen"
    return [Line("    inputs:", why), *lines] if lines else []


def _of_checks(plan: Plan) -> list[Line]:
    rule = {OutputKind.PROBABILITY: "{ambiguous: {confidence: 0.6}}", OutputKind.LABEL: "{class_in: [unknown]}"}
    bad = rule.get(plan.described.output.kind or OutputKind.SCORE, "{missing: true}")
    return [
        Line("    # checks:", "what people would call a bad answer"),
        Line(f"    #   - {{name: unsure, rule: {bad}}}"),
    ]


def _watched(column: ColumnProfile, key: str | int) -> list[Line]:
    expected, why = _expected(column)
    missing = f"{share(column.missing_share)} missing" if column.present < column.rows else ""
    # An index alone says nothing to a person.
    name = "" if key == column.name else f"{column.name}: "
    why = name + "; ".join(filter(None, (why, missing)))
    if "categories" in expected:
        start = f"      - {{column: {scalar(key, flow=True)}, categories: "
        return _listed(start, expected["categories"], "}", why)
    return [Line(f"      - {flow({'column': key, **expected})}", why)]


def _expected(column: ColumnProfile) -> tuple[dict[str, Any], str]:
    """Return what is all right in a column, and why."""
    if not column.present or column.kind is ColumnKind.OTHER:
        return {}, "" if column.present else "it has no value at all"
    if column.kind is ColumnKind.NUMBER:
        return _range(column)
    if column.kind is ColumnKind.BOOLEAN:
        true = dict(column.values).get(True, 0) / column.present
        return {"type": "boolean"}, f"{share(true)} true"
    if column.kind is ColumnKind.TIME:
        return {"type": "time"}, ""
    frequent = [value for value, rows in column.values if rows >= MIN_ROWS]
    if not 0 < len(frequent) <= MAX_CATEGORIES:
        return {"type": "text"}, f"about {column.distinct:,} different ones"
    rare = 1.0 - sum(rows for _, rows in column.values if rows >= MIN_ROWS) / column.present
    return {"categories": frequent}, f"{len(frequent)} values" + (f"; {share(rare)} are rare ones" if rare > 0 else "")


def _range(column: ColumnProfile) -> tuple[dict[str, Any], str]:
    low, high = (column.quantile(at) for at in NEARLY_ALL)
    median = column.quantile(0.5)
    # An end that many rows have is no accident: it is where the numbers stop.
    enough = max(MIN_ROWS, NEARLY_ALL[0] * column.present)
    stops_below, stops_above = column.at_least >= enough, column.at_most >= enough
    lowest = column.least if stops_below else lower_end(median, min(low, median), column.least)
    highest = column.most if stops_above else upper_end(median, max(high, median), column.most)
    why = f"99.9 % are from about {about(low)} to {about(high)}"
    return {"range": [_whole(lowest), _whole(highest)]}, "all of them" if stops_below and stops_above else why


def share(part: float) -> str:
    """Return a share as people say it."""
    percent = 100.0 * part
    if 0.0 < percent < 0.01:
        return "< 0.01 %"
    digits = 0 if percent >= 10.0 or percent == 0.0 else 1 if percent >= 0.1 else 2
    # Nearly all are not all.
    text = f"{percent:.{digits}f}"
    return f"> {99.9} %" if part < 1.0 and text == "100" else f"{text} %"


def scalar(value: Any, *, flow: bool = False) -> str:
    """Return a value as YAML has it on one line."""
    text = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=10**9).rstrip("\n")
    inner = text[1:-1]
    plain = yaml.safe_dump(value, allow_unicode=True, width=10**9).partition("\n")[0]
    return inner if flow or yaml.safe_load(f"k: {plain}") != {"k": value} else plain


def flow(value: Mapping[str, Any]) -> str:
    """Return a mapping as YAML has it on one line."""
    return yaml.safe_dump(
        dict(value), default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9
    ).rstrip("\n")


def _listed(start: str, values: Iterable[Any], end: str, why: str) -> list[Line]:
    """Return a list on one line, or on as many as it takes, the comment at the first."""
    lines, line = [], f"{start}["
    indent = " " * len(line)
    items = [scalar(value, flow=True) for value in values]
    for index, item in enumerate(items):
        piece = item + (", " if index < len(items) - 1 else f"]{end}")
        if len(line) + len(piece.rstrip()) > MAX_WIDTH and line.strip() and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += piece
    lines.append(line.rstrip())
    if len(lines) == 1 and len(lines[0]) + len(why) <= MAX_WIDTH:
        return [Line(lines[0], why)]
    # Beside a list it would be far to the right.
    margin = " " * (len(start) - len(start.lstrip()))
    return [*([Line(f"{margin}# {_one_line(why)}")] if why else []), *map(Line, lines)]


def _aligned(lines: Sequence[Line]) -> Iterator[str]:
    """Yield lines with the comments of neighbours that stand at one indent in one column."""
    for _, group in groupby(lines, key=lambda line: len(line.code) - len(line.code.lstrip(" -"))):
        together = list(group)
        column = max((len(line.code) for line in together if line.why and len(line.code) <= MAX_CODE), default=0)
        for line in together:
            yield f"{line.code:<{column}}  # {_one_line(line.why)}" if line.why else line.code


def _literal(text: str) -> str:
    """Return a shell pattern that fits just a text."""
    return re.sub(r"([*?\[])", r"[\1]", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() and abs(number) < 1e15 else number
