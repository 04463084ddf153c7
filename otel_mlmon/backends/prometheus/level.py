"""By what figures are told apart: a service's model as a whole, its segments, its versions."""

from __future__ import annotations

from attrs import frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.promql.expression import Matching, on


@frozen
class Level:
    """Labels that the figures of a level keep.

    Attributes
    ----------
    name
        Begins the names of recorded series, as Prometheus recommends: ``job_model_origin``.
    key
        The segment's key as people know it: ``client.os``; None for all other levels.
    """

    name: str
    labels: tuple[str, ...]
    key: str | None = None

    @property
    def same(self) -> Matching:
        """Match the series of the same labels."""
        return on(*self.labels)

    @property
    def of_constants(self) -> Matching:
        """Match what is of no job, as a baseline, with the series of all jobs."""
        return Matching(tuple(label for label in self.labels if label != names.JOB), group="left")

    def record(self, metric: str, figure: str) -> str:
        """Return the name of a recorded series."""
        return f"{self.name}:{metric}:{figure}"

    def beside(self, name: str, *labels: str) -> Level:
        """Return the level that keeps more labels, the class or the column, say."""
        return Level(f"{self.name}_{name}", (*self.labels, *labels), self.key)


MODEL = Level("job_model", (names.JOB, names.MODEL))
VERSION = MODEL.beside("version", names.VERSION)


def segment(key: str) -> Level:
    """Return the level of a segment key."""
    label = names.segment(key)
    return Level(f"{MODEL.name}_{names.label(key)}", (*MODEL.labels, label), key)
