"""Throughput of 64 threads with monitoring, in percent of that without, and the number of calls not counted."""

from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter

import numpy as np

from bench import models

THREADS, CALLS, ROUNDS = 64, 200, 15


def main() -> None:
    """Take turns with and without."""
    model = models.logistic_regression()
    row = np.zeros((1, 8))

    def work(_: int) -> None:
        for _ in range(CALLS):
            model.predict_proba(row)

    def seconds() -> float:
        started = perf_counter()
        list(pool.map(work, range(THREADS)))
        return perf_counter() - started

    with ThreadPoolExecutor(THREADS) as pool:
        seconds()
        ratios = []
        for _ in range(ROUNDS):
            without = seconds()
            models.instrument()
            ratios.append(without / seconds())
            models.uninstrument()
    print(100 * median(ratios), ROUNDS * THREADS * CALLS - models.calls_counted())


if __name__ == "__main__":
    main()
