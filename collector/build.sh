#!/usr/bin/env bash
# Builds the back ends that the end-to-end tests start: the collector of manifest.yaml, Prometheus and Alertmanager.
#
#   collector/build.sh [FOLDER]        default: ${XDG_CACHE_HOME:-~/.cache}/otel-mlmon/backends
#
# Needs Go 1.26 or later and a Go module proxy; about six minutes on two cores the first time, a moment when cached.
# A program is built beside the cache, moved into it whole and only then stamped with what it was built from, so an
# interrupted run leaves nothing that looks finished, and a changed version or manifest builds anew.
set -euo pipefail

COLLECTOR=v0.161.0
PROMETHEUS=v0.316.0 # the module version of Prometheus 3.16.0
ALERTMANAGER=v0.31.1

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/otel-mlmon/backends}
mkdir -p "$cache"

say() { echo "build.sh: $*"; }

command -v go >/dev/null || { say "Go is not installed; 1.26 or later is needed" >&2; exit 3; }

# One run at a time: whoever comes second waits, and then finds everything built.
if command -v flock >/dev/null; then
  exec 9>"$cache/.lock"
  flock -n 9 || { say "another run is building; waiting for it"; flock 9; }
fi

work=$(mktemp -d "$cache/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0 GOBIN=$work/bin GOFLAGS=-buildvcs=false
mkdir -p "$GOBIN"

# is_built STAMP PROGRAM…: true when every program is there and the stamp says it comes from $key.
is_built() {
  local stamp=$cache/.$1.built-from program
  for program in "${@:2}"; do [ -x "$cache/$program" ] || return 1; done
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ]
}

# keep STAMP PROGRAM…: moves what was built into the cache; the stamp goes last.
keep() {
  local program
  rm -f "$cache/.$1.built-from"
  for program in "${@:2}"; do mv -f "$GOBIN/$program" "$cache/$program"; done
  printf '%s\n' "$key" >"$cache/.$1.built-from"
  say "$1: done after ${SECONDS} s"
}

# The generator of the collector's sources would also run `go mod tidy`, which asks for the test dependencies of every
# module, and some of those no proxy has. So it only generates; go.mod is written here from the manifest, and the build
# resolves what is really imported.
build_collector() {
  go install "go.opentelemetry.io/collector/cmd/builder@$COLLECTOR"
  cp "$here/manifest.yaml" "$work/manifest.yaml"
  cd "$work"
  "$GOBIN/builder" --skip-compilation --skip-get-modules --skip-strict-versioning --config manifest.yaml
  {
    echo "module otelcol-mlmon"
    echo "go 1.26.0"
    echo "require ("
    sed -n 's/^ *- gomod: //p' manifest.yaml
    echo "go.opentelemetry.io/collector/otelcol $COLLECTOR"
    echo "go.opentelemetry.io/collector/service $COLLECTOR"
    echo ")"
  } >build/go.mod
  cd build
  GOFLAGS="-buildvcs=false -mod=mod" go build -trimpath -ldflags="-s -w" -o "$GOBIN/otelcol-mlmon" .
  cd "$here"
}

key="alertmanager $ALERTMANAGER"
if is_built alertmanager alertmanager amtool; then say "alertmanager: cached"; else
  say "alertmanager: building $ALERTMANAGER"
  go install "github.com/prometheus/alertmanager/cmd/alertmanager@$ALERTMANAGER" \
    "github.com/prometheus/alertmanager/cmd/amtool@$ALERTMANAGER"
  keep alertmanager alertmanager amtool
fi

key="prometheus $PROMETHEUS netgo,remove_all_sd"
if is_built prometheus prometheus promtool; then say "prometheus: cached"; else
  say "prometheus: building $PROMETHEUS"
  # No service discovery: the tests name their targets, and without it the build takes a third of the time.
  go install -tags netgo,remove_all_sd "github.com/prometheus/prometheus/cmd/prometheus@$PROMETHEUS" \
    "github.com/prometheus/prometheus/cmd/promtool@$PROMETHEUS"
  keep prometheus prometheus promtool
fi

key="collector $COLLECTOR
$(grep -v '^ *#' "$here/manifest.yaml")"
if is_built collector otelcol-mlmon; then say "collector: cached"; else
  say "collector: building $COLLECTOR with the components of manifest.yaml"
  build_collector
  keep collector otelcol-mlmon
fi

say "the programs are in $cache"
