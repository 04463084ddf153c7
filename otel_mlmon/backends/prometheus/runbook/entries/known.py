"""All entries, by the name of their alert."""

from __future__ import annotations

from typing import Final

from otel_mlmon.backends.prometheus.runbook.entries import answers, reasons, service, telemetry
from otel_mlmon.backends.prometheus.runbook.entry import Entry

ENTRIES: Final[dict[str, Entry]] = {
    entry.alert: entry for family in (answers, reasons, service, telemetry) for entry in family.ENTRIES
}
