"""A table in files, which the engine reads as a stream: it may be far larger than the memory."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from otel_mlmon.cli.failure import Failure, needs_extra

MEMORY: Final = "600MB"
"""That the engine keeps to; beyond it, it writes to the folder for temporary files."""

SNIFFED_ROWS: Final = 200_000
"""From so many rows of a CSV file the types of its columns are told."""

SEED: Final = 13

READERS: Final = {
    ".parquet": "read_parquet({file})",
    ".pq": "read_parquet({file})",
    ".csv": "read_csv({file}, nullstr=['', 'NA', 'NULL'], sample_size={sniffed})",
    ".tsv": "read_csv({file}, nullstr=['', 'NA', 'NULL'], sample_size={sniffed})",
    ".jsonl": "read_json({file})",
}
"""What reads a file, by its suffix; ``.gz`` may follow."""


class ColumnKind(Enum):
    """What the values of a column are."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"
    OTHER = "other"


_KINDS = (
    (("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT"), ColumnKind.NUMBER),
    (("UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"), ColumnKind.NUMBER),
    (("VARCHAR", "ENUM", "UUID"), ColumnKind.TEXT),
    (("BOOLEAN",), ColumnKind.BOOLEAN),
    (("TIMESTAMP", "DATE", "TIME"), ColumnKind.TIME),
)


@frozen(eq=False)
class Table:
    """Rows in one file, or in several of the same columns.

    Attributes
    ----------
    name
        What people call it.
    columns
        What each holds, in order.
    """

    name: str
    columns: dict[str, ColumnKind]
    _connection: Any

    @classmethod
    def open(cls, files: str) -> Table:
        """Open a file, or several by a pattern such as ``data/*.parquet``.

        Raises
        ------
        Failure
            There is no such file, or it is no table.
        """
        with needs_extra("init"):
            import duckdb  # noqa: PLC0415  (the extra may be missing)

        suffix = Path(files.removesuffix(".gz")).suffix.lower()
        if suffix not in READERS:
            message = f"{files} is no table that is known: its name should end with {', '.join(READERS)}"
            raise Failure(message)
        connection = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": tempfile.gettempdir()})
        connection.execute("SET preserve_insertion_order = false")
        reader = READERS[suffix].format(file=_quoted(files, "'"), sniffed=SNIFFED_ROWS)
        try:
            connection.execute(f"CREATE VIEW data AS SELECT * FROM {reader}")  # noqa: S608  (quoted)
            described = connection.execute("DESCRIBE data").fetchall()
        except duckdb.Error as error:
            message = f"{files} cannot be read: {_first_line(error)}"
            raise Failure(message) from error
        return cls(Path(files).name, {name: _kind_of(kind) for name, kind, *_ in described}, connection)

    def require(self, columns: Iterable[str], wanted_by: str) -> None:
        """See that there are such columns.

        Raises
        ------
        Failure
            One is missing; names the nearest one that is there.
        """
        missing = [column for column in columns if column not in self.columns]
        if missing:
            lines = [f"{self.name} has no column '{name}', which {wanted_by}{self._nearest(name)}" for name in missing]
            more = [f"… and {len(lines) - 5} more columns"] if len(lines) > 5 else []
            raise Failure("\n".join([*lines[:5], *more]))

    def query(self, select: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a ``SELECT … FROM data``.

        Raises
        ------
        Failure
            The file has something that its columns' types do not allow.
        """
        return list(self._ask(select, parameters).fetchall())

    def sample(self, columns: Sequence[str], rows: int) -> Any:
        """Return random rows as a data frame: the same ones each time."""
        with needs_extra("init"):
            import pandas  # noqa: F401, PLC0415  (the engine needs it)

        names = ", ".join(map(quoted_name, columns))
        select = f"SELECT {names} FROM data USING SAMPLE reservoir({rows} ROWS) REPEATABLE ({SEED})"  # noqa: S608
        return self._ask(select).df()

    def _ask(self, select: str, parameters: Sequence[Any] = ()) -> Any:
        import duckdb  # noqa: PLC0415  (it was there when the table was opened)

        try:
            return self._connection.execute(select, list(parameters))
        except duckdb.Error as error:
            message = f"{self.name} cannot be read: {_first_line(error)}"
            raise Failure(message) from error

    def _nearest(self, column: str) -> str:
        lower = {name.lower(): name for name in self.columns}
        close = difflib.get_close_matches(column.lower(), lower, n=1)
        return f"; the nearest is '{lower[close[0]]}'" if close else f"; it has {_some(self.columns)}"


def quoted_name(column: str) -> str:
    """Return a column's name as SQL has it."""
    return _quoted(column, '"')


def number_of(column: str) -> str:
    """Return SQL for a column's number: NULL where it is none, or not finite."""
    value = f"CAST({quoted_name(column)} AS DOUBLE)"
    return f"(CASE WHEN isfinite({value}) THEN {value} END)"


def literal(number: float) -> str:
    """Return a number as SQL has it, to the last bit."""
    return f"{number:.17e}"


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark


def _kind_of(kind: str) -> ColumnKind:
    is_nested = kind.endswith("]")
    known = (found for names, found in _KINDS if str(kind).startswith(names))
    return ColumnKind.OTHER if is_nested else next(known, ColumnKind.OTHER)


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:10]) + (", …" if len(shown) > 10 else "")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
