"""The closing report: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from otel_mlmon.cli.demo.charts import histograms, time_series
from otel_mlmon.cli.demo.run import Outcome
from otel_mlmon.cli.demo.summary import Row, summarise

METHOD: Final = (
    "A window of the latest answers is held against the healthy windows of January to June that are most like it, "
    "and its population stability index to those is the distance. A storm is so compared with storms, and an early "
    "morning with early mornings. The alarm is raised above the largest distance that those months kept up among "
    "themselves. The sizes of the windows were chosen with the flights of July to December in view, in which no "
    "healthy hour raises an alarm: with data of your own, expect some. The last hours are the latest {fast} flights "
    "or more, for {fast_hours} hours in a row; the last days are {slow}, for {slow_hours}."
)


def report(outcome: Outcome) -> str:
    """Return the document."""
    summary = summarise(outcome)
    story, hours = outcome.story, outcome.journal.hours
    told = story.breaks is not None
    return _template().substitute(
        title=escape(story.title),
        mood="" if told else "calm",
        period=f"{hours[0].begins:%d %B} to {hours[-1].ends:%d %B %Y}",
        headline=f"{escape(summary.headline)}.",
        cards="\n".join(_cards(outcome)),
        sentences="\n".join(f"<p>{escape(sentence)}</p>" for sentence in summary.sentences),
        advice=_advice(story.advice) if told else "",
        table=_table(summary.rows, told=told),
        time_series=time_series(outcome),
        time_series_caption=_caption(outcome),
        histograms=histograms(outcome),
        method=escape(_method(outcome)),
        footer=escape(
            f"Written by otel-mlmon demo --incident {story.incident.value}. The service was not changed: it ran under "
            f"opentelemetry-instrument, and every figure of the model is from what it exported. "
            f"The run took {outcome.seconds:.0f} s."
        ),
    )


def _template() -> Template:
    return Template(files(__package__).joinpath("report.html").read_text(encoding="utf-8"))


def _cards(outcome: Outcome) -> Iterable[str]:
    minutes = outcome.course.minutes_to_alarm
    if minutes is not None:
        yield _card(f"{minutes:,} min", "of replayed time from the first broken answer to the alarm")
    hours = outcome.journal.hours
    failures = sum(hour.traffic.failures for hour in hours)
    requests = sum(hour.traffic.requests for hour in hours)
    yield _card(f"{failures:,}", f"of {requests:,} requests failed")
    yield _card(f"{sum(hour.traffic.rows for hour in hours):,}", "flights answered, all of them counted")
    overhead = outcome.overhead
    yield _card(
        f"+{overhead.added:.0f} µs", f"a call for the instrumentation, {overhead.share:.0%} of {overhead.bare:,.0f} µs"
    )


def _card(number: str, text: str) -> str:
    return f"<li><strong>{escape(number)}</strong>{escape(text)}</li>"


def _advice(steps: Iterable[str]) -> str:
    items = "\n".join(f"<li>{escape(step)}</li>" for step in steps)
    return f"<h2>What to do first</h2>\n<ol>\n{items}\n</ol>"


def _table(rows: Iterable[Row], *, told: bool) -> str:
    headings = ("", "before", "during", "after", "") if told else ("", "", "")
    lines = [f"<tr>{''.join(f'<th>{heading}</th>' for heading in headings)}</tr>"]
    for row in rows:
        values = (row.before, row.during, row.after) if told else (row.before,)
        cells = (row.label, *values, row.verdict)
        style = ' class="jumped"' if row.jumped else ""
        lines.append(f"<tr{style}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>")
    return "\n".join(lines)


def _caption(outcome: Outcome) -> str:
    if outcome.story.breaks is None:
        return "The latest 240 flights at the end of each hour."
    return (
        "The latest 240 flights at the end of each hour. Shaded: the incident, from the first broken answer to the "
        "fix; the vertical line is the alarm."
    )


def _method(outcome: Outcome) -> str:
    fast, slow = (reference.rule for reference in outcome.references)
    return METHOD.format(fast=fast.rows, fast_hours=fast.in_a_row, slow=f"{slow.rows:,}", slow_hours=slow.in_a_row)
