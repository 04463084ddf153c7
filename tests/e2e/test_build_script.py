"""The cache of ``collector/build.sh``, with a Go that only pretends to build."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from examples.local_stack.backends import COLLECTOR_FOLDER

PROGRAMS = {"alertmanager", "amtool", "prometheus", "promtool", "otelcol-mlmon"}

PRETENDED_GO = """#!/usr/bin/env bash
set -eu
echo "$*" >>"$GO_LOG"
case "$*" in *"${GO_FAILS_ON:-nothing}"*) exit 1 ;; esac
if [ "$1" = install ]; then
  for package in "$@"; do
    case $package in *@*) name=${package%@*}; name=${name##*/} ;; *) continue ;; esac
    printf '#!/bin/sh\\nmkdir -p build\\n' >"$GOBIN/$name"
    chmod +x "$GOBIN/$name"
  done
else
  while [ "$1" != -o ]; do shift; done
  printf '#!/bin/sh\\n' >"$2"
  chmod +x "$2"
fi
"""


@dataclass(frozen=True)
class Build:
    """A copy of the script, a cache of its own and the pretended Go."""

    folder: Path

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.yaml"

    @property
    def cached(self) -> set[str]:
        return {path.name for path in (self.folder / "cache").iterdir() if not path.name.startswith(".")}

    def run(self, fails_on: str = "nothing") -> list[str]:
        """Run the script and return what it asked Go for."""
        log = self.folder / "go.log"
        log.write_text("", encoding="utf-8")
        environment = {
            "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}",
            "GO_LOG": str(log),
            "GO_FAILS_ON": fails_on,
        }
        subprocess.run(
            [self.folder / "build.sh", self.folder / "cache"],
            env=environment,
            check=fails_on == "nothing",
            capture_output=True,
            timeout=60,
        )
        return log.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def build(tmp_path: Path) -> Build:
    for name in ("build.sh", "manifest.yaml"):
        shutil.copy(COLLECTOR_FOLDER / name, tmp_path / name)
    go = tmp_path / "go"
    go.write_text(PRETENDED_GO, encoding="utf-8")
    go.chmod(0o755)
    return Build(tmp_path)


def test_everything_is_built_once(build: Build):
    assert build.run()
    assert build.cached == PROGRAMS
    assert build.run() == []


def test_a_changed_manifest_builds_the_collector_anew_and_nothing_else(build: Build):
    build.run()
    manifest = build.manifest.read_text(encoding="utf-8")
    build.manifest.write_text(manifest + "# a remark\n", encoding="utf-8")
    assert build.run() == []
    build.manifest.write_text(manifest + "replaces: []\n", encoding="utf-8")
    asked = build.run()
    assert len(asked) == 2
    assert all("alertmanager" not in line and "prometheus" not in line for line in asked)


def test_a_build_that_breaks_off_is_taken_up_where_it_was(build: Build):
    build.run(fails_on="cmd/prometheus")
    assert build.cached == {"alertmanager", "amtool"}
    asked = build.run()
    assert build.cached == PROGRAMS
    assert all("alertmanager" not in line for line in asked)


def test_a_program_that_is_gone_is_built_again(build: Build):
    build.run()
    (build.folder / "cache" / "promtool").unlink()
    build.run()
    assert build.cached == PROGRAMS


def test_two_builds_at_once_do_not_disturb_each_other(build: Build):
    command = [build.folder / "build.sh", build.folder / "cache"]
    environment = {
        "PATH": f"{build.folder}{os.pathsep}{os.environ['PATH']}",
        "GO_LOG": str(build.folder / "go.log"),
    }
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait(60) for each in both] == [0, 0]
    assert build.cached == PROGRAMS
    asked = (build.folder / "go.log").read_text(encoding="utf-8").splitlines()
    assert len(asked) == len(set(asked))
