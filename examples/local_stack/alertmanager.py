"""Ask Alertmanager."""

from __future__ import annotations

import httpx
from attrs import frozen


@frozen
class Alertmanager:
    """The interface of a running Alertmanager."""

    address: str

    def inhibited(self, job: str) -> set[str]:
        """Return the names of a service's alerts that are held back, because another says the same better."""
        answer = httpx.get(
            f"{self.address}/api/v2/alerts", params={"filter": f'job="{job}"'}, timeout=10, trust_env=False
        )
        answer.raise_for_status()
        return {alert["labels"]["alertname"] for alert in answer.json() if alert["status"]["inhibitedBy"]}
