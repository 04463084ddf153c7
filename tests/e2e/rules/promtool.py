"""Rules and their tests, run by the real Prometheus' promtool."""

from __future__ import annotations

import subprocess
from pathlib import Path

from attrs import frozen

SECONDS = 300


@frozen
class Verdict:
    """What promtool said.

    Attributes
    ----------
    passed
        Whether it found nothing wrong.
    said
        All that it wrote.
    """

    passed: bool
    said: str


def check_rules(promtool: Path, file: Path) -> Verdict:
    """Have a rules file checked, all lints included."""
    return _run([promtool, "check", "rules", "--lint=all", "--lint-fatal", file])


def test_rules(promtool: Path, file: Path) -> Verdict:
    """Have a tests file run."""
    return _run([promtool, "test", "rules", file])


test_rules.__test__ = False  # type: ignore[attr-defined]
"""Its name is that of promtool's command; it is no test."""


def _run(command: list[str | Path]) -> Verdict:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    return Verdict(done.returncode == 0, done.stdout + done.stderr)
