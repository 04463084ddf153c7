"""Series, milliseconds, kilobytes and megabytes of 50 models in 20 segments."""

import os
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics

import otel_mlmon
from bench import models
from otel_mlmon import segment

MODELS, SEGMENTS, ROUNDS = 50, 20, 9


def main() -> None:
    """Predict a row of each model in each segment, and export."""
    models.instrument()
    live = [otel_mlmon.name(models.Answering(np.array([[0.25, 0.75]])), f"model {index}") for index in range(MODELS)]
    before = megabytes()
    flushes, collects = [], []
    for _ in range(ROUNDS):
        for index in range(SEGMENTS):
            with segment(country=str(index)):
                for model in live:
                    model.predict_proba(None)
        started = perf_counter()
        models.flush()
        handed_on = perf_counter()
        data = models.READER.get_metrics_data()
        flushes.append((handed_on - started) * 1e3)
        collects.append((perf_counter() - handed_on) * 1e3)
    points = sum(
        len(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
    payload = len(encode_metrics(data).SerializeToString())
    print(points, median(flushes), median(collects), payload / 1024, megabytes() - before)


def megabytes() -> float:
    """Return the memory that the process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
