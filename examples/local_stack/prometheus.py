"""Ask Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from attrs import frozen

HISTORY = "1h"
"""Longer than any run of the stack: what every process that ever reported said last, also those that have ended."""


@frozen
class Series:
    """One series of an instant query, with its labels and its value now."""

    labels: Mapping[str, str]
    value: float


@frozen
class Prometheus:
    """The query interface of a running Prometheus."""

    address: str

    def query(self, expression: str) -> list[Series]:
        """Return what an instant query answers now."""
        answer = httpx.get(
            f"{self.address}/api/v1/query", params={"query": expression}, timeout=10, trust_env=False
        ).json()
        if answer["status"] != "success":
            message = f"{expression}: {answer}"
            raise ValueError(message)
        return [Series(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]

    def total(self, metric: str, job: str) -> float:
        """Return the sum of a counter over all processes of a service, living or not."""
        found = self.query(f'sum(last_over_time({metric}{{job="{job}"}}[{HISTORY}]))')
        return found[0].value if found else 0.0

    def totals_by(self, label: str, metric: str, job: str) -> dict[str, float]:
        """Return the same sum for each value of ``label``."""
        found = self.query(f'sum by ({label}) (last_over_time({metric}{{job="{job}"}}[{HISTORY}]))')
        return {series.labels.get(label, ""): series.value for series in found}

    def alerts_fired(self, job: str) -> set[str]:
        """Return the names of the alerts that have fired for a service at any time."""
        found = self.query(
            f'group by (alertname) (last_over_time(ALERTS{{job="{job}", alertstate="firing"}}[{HISTORY}]))'
        )
        return {series.labels["alertname"] for series in found}

    def metrics(self, job: str) -> set[str]:
        """Return the names of all metrics that a service has now."""
        return {series.labels["__name__"] for series in self.query(f'group by (__name__) ({{job="{job}"}})')}

    def labels(self, job: str) -> set[str]:
        """Return the names of all labels of a service's metrics."""
        series = self.query(f'{{job="{job}", __name__=~"ml_.*"}}')
        return {label for each in series for label in each.labels}
