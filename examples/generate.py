"""Make the examples' baselines, and what Prometheus alerts on, anew.

python -m examples.generate
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from examples.credit import train as credit
from examples.credit.data import FEATURES, load_applications
from examples.credit.data import first_half as first_applications
from examples.flight_delay import train as flight_delay
from examples.flight_delay.data import FEATURES as FLIGHT_FEATURES
from examples.flight_delay.data import first_half, load_flights

EXAMPLES = Path("examples")
ROWS = "rows.parquet"


def main() -> None:
    """Write the baselines of the examples that have one, then the rules of all."""
    with TemporaryDirectory() as folder:
        _flight_delay(Path(folder))
        _credit(Path(folder))
    for configuration in sorted(EXAMPLES.glob("*/mlmon.yaml")):
        _run("generate", "prometheus", "--config", configuration, "--out", configuration.with_name("prometheus"))


def _flight_delay(folder: Path) -> None:
    known = first_half(load_flights())
    model = flight_delay.train(folder, known)
    known[["origin", *FLIGHT_FEATURES]].to_parquet(folder / ROWS)
    _baseline("flight_delay", folder / ROWS, model)


def _credit(folder: Path) -> None:
    model = credit.train(folder)
    first_applications(load_applications())[[*FEATURES.values()]].to_parquet(folder / ROWS)
    _baseline("credit", folder / ROWS, model)


def _baseline(example: str, rows: Path, model: Path) -> None:
    folder = EXAMPLES / example
    files = ("--config", folder / "mlmon.yaml", "--baseline", folder / "baseline.json", "--force")
    _run("init", "--model", model, "--data", rows, *files)


def _run(*arguments: str | Path) -> None:
    subprocess.run([Path(sys.executable).with_name("otel-mlmon"), *arguments], check=True)


if __name__ == "__main__":
    main()
