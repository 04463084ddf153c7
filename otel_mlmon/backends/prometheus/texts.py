"""Templates of Prometheus: what an alert says, with its figures in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level

PERCENT: Final = "humanizePercentage"
NUMBER: Final = 'printf "%.3g"'

WHO: Final = f"{{{{ $labels.{names.MODEL} }}}} in {{{{ $labels.{names.JOB} }}}}"
"""The model and its service."""


def value(form: str = PERCENT) -> str:
    """Return the alert's own value."""
    return f"{{{{ $value | {form} }}}}"


def figure(record: str, labels: Iterable[str], form: str = PERCENT, selected: str = "") -> str:
    """Return what a recorded series says of the alert's labels at the time; "unknown" without it."""
    asked = _query(_selected(record, labels, selected), labels)
    return f"{{{{ with {asked} }}}}{{{{ . | first | value | {form} }}}}{{{{ else }}}}unknown{{{{ end }}}}"


def worst(
    record: str, given: Level, shown: Iterable[str], *, form: str = PERCENT, before: str = "", least: float = 0.0
) -> str:
    """Return the largest series of a record below a level, by its labels; nothing where none is above ``least``.

    Parameters
    ----------
    given
        Whose labels the alert has.
    shown
        Labels that tell which it is.
    before
        Stands in front, where there is one.
    """
    inside = f"topk(1, {_selected(record, given.labels)} > {least:g})"
    told = " ".join(f"{{{{ .Labels.{label} }}}}" for label in shown)
    return f"{{{{ range {_query(inside, given.labels)} }}}}{before}{told} {{{{ .Value | {form} }}}}{{{{ end }}}}"


def each(record: str, given: Level, label: str, form: str = PERCENT) -> str:
    """Return all series of a record below a level, by a label."""
    query = _query(f"sort({_selected(record, given.labels)})", given.labels)
    return f"{{{{ range {query} }}}} ({{{{ .Labels.{label} }}}}: {{{{ .Value | {form} }}}}){{{{ end }}}}"


def worst_segments(begins: str, record: str, segments: Iterable[Level], given: Level, form: str = PERCENT) -> str:
    """Return a line with the segment of each key that has the largest figure; nothing where there are no keys.

    Parameters
    ----------
    begins
        The line's first words.
    record
        Of the model as a whole; its segments' are named alike.
    given
        Whose labels the alert has.
    """
    parts = []
    for segment in segments:
        label = segment.labels[-1]
        told = _selected(record.replace(level.MODEL.name, segment.name, 1), given.labels, f'{label}!=""')
        shown = f"{segment.key}={{{{ .Labels.{label} }}}} ({{{{ .Value | {form} }}}})"
        parts.append(f"{{{{ range {_query(f'topk(1, {told})', given.labels)} }}}} {shown}{{{{ end }}}}")
    return f"\n{begins}{''.join(parts)}." if parts else ""


def either(record: str, given: Level, there: str, missing: str) -> str:
    """Return one text where there are series of a record, and another where there is none."""
    asked = _query(_selected(record, given.labels), given.labels)
    return f"{{{{ if {asked} }}}}{there}{{{{ else }}}}{missing}{{{{ end }}}}"


def released(given: Level) -> str:
    """Return which versions of the model are new in the last hour; nothing where none is."""
    kept = (names.VERSION, names.FINGERPRINT)
    bound = _selected(names.MODEL_INFO, given.labels[:2])
    group = f"group by ({', '.join(kept)})"
    query = _query(f"{group} ({bound}) unless {group} ({bound} offset 1h)", (*given.labels[:2], *given.labels[:2]))
    told = "".join(
        f"{{{{ with .Labels.{label} }}}} {what} {{{{ . }}}}{{{{ end }}}}"
        for label, what in ((names.VERSION, "version"), (names.FINGERPRINT, "with the fingerprint"))
    )
    return f"{{{{ range {query} }}}}\nReleased in the last hour: a model{told}.{{{{ end }}}}"


def _selected(record: str, labels: Iterable[str], selected: str = "") -> str:
    inside = ", ".join([*(f"{label}=%q" for label in labels), *filter(None, [selected])])
    return f"{record}{{{inside}}}"


def _query(template: str, labels: Iterable[str]) -> str:
    arguments = " ".join(f"$labels.{label}" for label in labels)
    return f"query (printf `{template}` {arguments})"
