"""Weeks of a service's telemetry, put into a Prometheus as blocks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from examples.local_stack.backends import Backends
from examples.local_stack.processes import Program, free_ports
from otel_mlmon.backends.prometheus import names
from otel_mlmon.config.buckets import PROBABILITY

Counts = NDArray[np.int64]

SAMPLE = 300
"""Seconds between two samples."""
DAY = 86400
ORIGINS = ("EWR", "JFK")
RANDOM = 7
BLOCKS = "--max-block-duration=720h"
"""Otherwise promtool reads the whole file once for every two hours of it."""


@frozen
class Past:
    """Answers of a service, more by day than by night.

    Attributes
    ----------
    end
        Unix seconds.
    incident
        From when on, in days before the end, half of the answers were 0.97, for two hours; None: never.
    repeated
        How often each question is asked.
    """

    model: str
    end: int
    days: float
    incident: float | None = None
    repeated: int = 1

    def open_metrics(self) -> Iterator[str]:
        """Return the lines of the format that promtool makes blocks from."""
        random = np.random.default_rng(RANDOM)
        moments = np.arange(self.end - int(self.days * DAY), self.end + 1, SAMPLE)
        labels = {origin: self._labels(origin) for origin in ORIGINS}
        counts = {origin: self._counts(random, moments) for origin in ORIGINS}
        for metric in (names.VALUE, names.DURATION):
            yield f"# TYPE {metric} histogram"
            for origin in ORIGINS:
                yield from _histogram(metric, labels[origin], counts[origin], moments)
        yield "# EOF"

    def _labels(self, origin: str) -> str:
        return ",".join(
            f'{label}="{value}"'
            for label, value in {
                names.JOB: "flights",
                names.MODEL: self.model,
                names.OPERATION: "predict_proba",
                names.segment("origin"): origin,
            }.items()
        )

    def _counts(self, random: np.random.Generator, moments: NDArray[np.int64]) -> Counts:
        """Return the answers in each bucket since the last sample, of shape (moments, buckets)."""
        rows = random.poisson(150 * (1.2 + np.sin(moments / DAY * 2 * np.pi)))
        places = np.arange(len(PROBABILITY.boundaries) + 1)
        usual = np.exp(-(((places - 6) / 4) ** 2))
        usual /= usual.sum()
        questions = np.array([random.multinomial(count // self.repeated, usual) for count in rows])
        answers = questions * self.repeated
        if self.incident is not None:
            start = self.end - self.incident * DAY
            during = (moments >= start) & (moments < start + 7200)
            moved = answers[during] // 2
            answers[during] -= moved
            answers[during, -3] += moved.sum(axis=1)
        return answers


def _histogram(metric: str, labels: str, counts: Counts, moments: NDArray[np.int64]) -> Iterator[str]:
    cumulative = counts.cumsum(axis=0)
    up_to = cumulative.cumsum(axis=1)
    for place, end in enumerate([*map(str, PROBABILITY.boundaries), "+Inf"]):
        yield from (
            f'{metric}_bucket{{{labels},le="{end}"}} {value} {moment}'
            for value, moment in zip(up_to[:, place].tolist(), moments.tolist(), strict=True)
        )
    for figure in ("count", "sum"):
        yield from (
            f"{metric}_{figure}{{{labels}}} {value} {moment}"
            for value, moment in zip(up_to[:, -1].tolist(), moments.tolist(), strict=True)
        )


def serve(past: Past, backends: Backends, folder: Path) -> tuple[Program, str]:
    """Return a Prometheus that has the past, to be started, and its address."""
    (folder / "past.txt").write_text("\n".join(past.open_metrics()) + "\n", encoding="utf-8")
    command = [
        backends.promtool,
        "tsdb",
        "create-blocks-from",
        BLOCKS,
        "openmetrics",
        folder / "past.txt",
        folder / "data",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (folder / "prometheus.yml").write_text("global: {}\n", encoding="utf-8")
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    program = Program(
        "prometheus",
        [
            backends.prometheus,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=1y",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        f"{address}/-/ready",
        folder,
    )
    return program, address
