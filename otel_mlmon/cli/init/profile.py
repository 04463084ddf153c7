"""What the columns of a table hold, over all rows: two passes, and memory for neither rows nor rare values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from attrs import evolve, field, frozen

from otel_mlmon import semconv
from otel_mlmon.cli.failure import Failure
from otel_mlmon.cli.init.table import ColumnKind, Table, literal, number_of, quoted_name
from otel_mlmon.observe.labels import label_text

MIN_ROWS: Final = 20
"""A value of fewer rows may say something of a person: it is named nowhere."""

MIDDLE: Final = (0.001, 0.01, 0.05, *(tenth / 10 for tenth in range(1, 10)), 0.95, 0.99, 0.999)
QUANTILES: Final = (0.0005, *MIDDLE, 0.9995)
NEARLY_ALL: Final = (QUANTILES[0], QUANTILES[-1])
"""Between them are 99.9 % of the rows."""

MAX_CATEGORIES: Final = 50
"""A column of text with more values is free text, or an identifier."""

MAX_DISTINCT: Final = 1_000_000
"""A segment with more values is none."""


@frozen
class ColumnProfile:
    """What one column holds.

    Attributes
    ----------
    rows, present
        All of them, and those that have a value: not NULL, NaN, infinite, or an empty text.
    quantiles
        At :data:`QUANTILES`, of numbers; empty where there are none.
    least, most
        Of numbers.
    at_least, at_most
        Rows that have just these.
    is_whole
        Whether all numbers are whole ones.
    distinct
        About how many different values there are.
    values
        The frequent ones of text and booleans, with their rows, most frequent first.
    """

    name: str
    kind: ColumnKind
    rows: int
    present: int
    quantiles: tuple[float, ...] = ()
    least: float = 0.0
    most: float = 0.0
    at_least: int = 0
    at_most: int = 0
    is_whole: bool = False
    distinct: int = 0
    values: tuple[tuple[Any, int], ...] = ()

    @property
    def missing_share(self) -> float:
        """How many of the rows have no value."""
        return 1.0 - self.present / self.rows if self.rows else 0.0

    def quantile(self, at: float) -> float:
        """Return one of the quantiles."""
        return self.quantiles[QUANTILES.index(at)]


@frozen
class SegmentValues:
    """The frequent values of a column, as the attribute of a metric has them.

    Attributes
    ----------
    raw
        The values as they stand in the table, and the text of each.
    rows
        By text, most frequent first.
    total
        Of the table.
    """

    column: str
    raw: tuple[tuple[Any, str], ...]
    rows: dict[str, int] = field(factory=dict)
    total: int = 0

    @property
    def named(self) -> list[str | int]:
        """The values that are worth a name in the configuration."""
        whole = {text: value for value, text in self.raw if type(value) is int}
        return [whole.get(text, text) for text in self.rows if text != semconv.MISSING]

    def only(self, texts: Collection[str]) -> SegmentValues:
        """Return the same with some values only, beside the missing one."""
        kept = {*texts, semconv.MISSING}
        rows = {text: count for text, count in self.rows.items() if text in kept}
        return evolve(self, raw=tuple(pair for pair in self.raw if pair[1] in kept), rows=rows)


class Profiler:
    """Looks at columns over all rows of a table: each of them once, for reading a large file takes its time."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._columns: dict[str, ColumnProfile] = {}
        self._segments: dict[tuple[str, int], SegmentValues] = {}

    def columns(self, names: Sequence[str]) -> dict[str, ColumnProfile]:
        """Return what columns hold: two passes over the rows, if any of them is new."""
        new = [name for name in dict.fromkeys(names) if name not in self._columns]
        if new:
            kinds = self.table.columns
            asked = [part for name in new for part in _first_look(name, kinds[name])]
            first = _query(self.table, [(ROWS, "count(*)"), *asked])
            found = {name: _read_first(name, kinds[name], first) for name in new}
            second = _query(self.table, [part for one in found.values() for part in _second_look(one)])
            self._columns.update((name, _read_second(one, second)) for name, one in found.items())
        return {name: self._columns[name] for name in names}

    def segment(self, name: str, limit: int) -> SegmentValues:
        """Return the ``limit`` most frequent values of a column that have :data:`MIN_ROWS` rows or more.

        Raises
        ------
        Failure
            No value has, or it is a column that nobody would cut predictions by.
        """
        if (name, limit) not in self._segments:
            self._segments[name, limit] = _segment_values(self.table, self.columns([name])[name], limit)
        return self._segments[name, limit]


def _segment_values(table: Table, column: ColumnProfile, limit: int) -> SegmentValues:
    if column.kind in {ColumnKind.TIME, ColumnKind.OTHER}:
        message = f"'{column.name}' cannot be a segment: its values are no text and no numbers"
        raise Failure(message)
    if column.distinct > MAX_DISTINCT:
        message = f"'{column.name}' cannot be a segment: it has about {column.distinct:,} values, as an identifier has"
        raise Failure(message)
    counted = table.query(
        f"SELECT {quoted_name(column.name)}, count(*) FROM data GROUP BY 1 HAVING count(*) >= {MIN_ROWS} "  # noqa: S608
        f"ORDER BY 2 DESC, 1 LIMIT {limit + 1}"
    )
    raw = [(value, label_text(value)) for value, _ in counted]
    by_text: Counter[str] = Counter()
    for (_, text), (_, count) in zip(raw, counted, strict=True):
        by_text[text] += count
    kept = [text for text, _ in by_text.most_common() if text != semconv.MISSING][:limit]
    if not kept:
        message = f"'{column.name}' cannot be a segment: none of its values has {MIN_ROWS} rows or more"
        raise Failure(message)
    kept += [semconv.MISSING] if semconv.MISSING in by_text else []
    return SegmentValues(
        column.name,
        tuple((value, text) for value, text in raw if text in kept and value is not None),
        {text: by_text[text] for text in kept},
        column.rows,
    )


ROWS: Final = ("", "rows")
"""Of the whole table."""

_Part = tuple[tuple[str, str], str]
"""Column and what is asked of it, and the SQL that tells."""


def _query(table: Table, parts: Sequence[_Part]) -> dict[tuple[str, str], Any]:
    if not parts:
        return {}
    row = table.query(f"SELECT {', '.join(sql for _, sql in parts)} FROM data")[0]  # noqa: S608
    return {key: value for (key, _), value in zip(parts, row, strict=True)}


def _first_look(name: str, kind: ColumnKind) -> Iterator[_Part]:
    value = quoted_name(name)
    if kind is ColumnKind.NUMBER:
        number = number_of(name)
        yield (name, "present"), f"count({number})"
        yield (name, "least"), f"min({number})"
        yield (name, "most"), f"max({number})"
        yield (name, "whole"), f"bool_and({number} = round({number}))"
        yield (name, "quantiles"), f"approx_quantile({number}, {list(QUANTILES)})"
        yield (name, "distinct"), f"approx_count_distinct({number})"
    elif kind is ColumnKind.TEXT:
        text = f"nullif(CAST({value} AS VARCHAR), '')"
        yield (name, "present"), f"count({text})"
        yield (name, "distinct"), f"approx_count_distinct({text})"
    else:
        yield (name, "present"), f"count({value})"


def _read_first(name: str, kind: ColumnKind, found: dict[tuple[str, str], Any]) -> ColumnProfile:
    rows, present = found[ROWS], found[name, "present"]
    if kind is not ColumnKind.NUMBER or not present:
        return ColumnProfile(name, kind, rows, present, distinct=found.get((name, "distinct"), 0))
    return ColumnProfile(
        name,
        kind,
        rows,
        present,
        quantiles=tuple(found[name, "quantiles"]),
        least=found[name, "least"],
        most=found[name, "most"],
        is_whole=found[name, "whole"],
        distinct=found[name, "distinct"],
    )


def _second_look(one: ColumnProfile) -> Iterator[_Part]:
    if one.kind is ColumnKind.NUMBER and one.present:
        number = number_of(one.name)
        yield (one.name, "at least"), f"count_if({number} = {literal(one.least)})"
        yield (one.name, "at most"), f"count_if({number} = {literal(one.most)})"
    elif one.kind is ColumnKind.BOOLEAN or (one.kind is ColumnKind.TEXT and one.distinct <= 2 * MAX_CATEGORIES):
        # Both numbers are about so many: one tells which columns are worth counting, the other is exact.
        yield (one.name, "values"), f"histogram({quoted_name(one.name)})"


def _read_second(one: ColumnProfile, found: dict[tuple[str, str], Any]) -> ColumnProfile:
    counted = found.get((one.name, "values")) or {}
    values = sorted(((value, count) for value, count in counted.items() if value != ""), key=lambda pair: -pair[1])
    return evolve(
        one,
        at_least=found.get((one.name, "at least"), 0),
        at_most=found.get((one.name, "at most"), 0),
        distinct=len(values) if values else one.distinct,
        values=tuple(values),
    )
