package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

const (
	begin = 1_380_000_000 / 60 * 60 // unix seconds
	hours = 30
	jump  = 20 // hour at which the values move
)

var bounds = []string{"0.1", "0.25", "0.5", "0.75", "+Inf"}

const ruleText = `
groups:
  - name: record
    labels: {team: ml}
    rules:
      - record: model:answers:rate5m
        expr: sum by (model, origin) (rate(value_count[5m]))
      - record: model:buckets:rate15m
        expr: sum by (model, le) (rate(value_bucket[15m]))
      - record: model:value:p50
        expr: histogram_quantile(0.5, model:buckets:rate15m)
        labels: {quantile: "0.5"}
      - record: model:moved:share
        expr: |
          sum by (model) (abs(model:buckets:rate15m / ignoring (le) group_left model:buckets:rate15m{le="+Inf"}
            - model:buckets:rate15m offset 1h / ignoring (le) group_left model:buckets:rate15m{le="+Inf"} offset 1h))
      - record: model:busy
        expr: model:answers:rate5m > 0.2
      - record: model:nothing:ratio
        expr: 0 * model:answers:rate5m / (0 * model:answers:rate5m)
      - record: model:peak:1h
        expr: max_over_time(sum by (model) (model:answers:rate5m)[1h:5m])
      - record: model:kept:state
        expr: (model:answers:rate5m > 0.3) or (model:kept:state offset 3m > 0.1)
  - name: hourly
    interval: 5m
    rules:
      - record: model:answers:rate1h
        expr: avg_over_time(model:answers:rate5m[1h]) unless on (model) absent(model:late:signal)
      - record: model:late:signal
        expr: sum by (model) (rate(value_count[30m]))
  - name: alerts
    rules:
      - alert: Moved
        expr: model:moved:share > 0.3
        for: 5m
        keep_firing_for: 10m
        labels: {severity: page, size: '{{ if gt $value 0.8 }}large{{ else }}small{{ end }}'}
        annotations:
          summary: '{{ $labels.model }} moved by {{ $value | humanizePercentage }}'
          description: 'median {{ with query "model:value:p50" }}{{ . | first | value | humanize }}{{ end }}'
      - alert: Busy
        expr: model:busy
        for: 2m
        labels: {severity: ticket}
      - alert: Quiet
        expr: model:answers:rate5m < 0.1 unless on (model) ALERTS{alertname="Moved", alertstate="firing"}
        keep_firing_for: 3m
      - alert: Absent
        expr: absent(value_count{origin="LGA"})
        for: 1m
      - alert: Again
        expr: ALERTS{alertname="Busy", alertstate="firing"} offset 1h
`

func TestChunksSayWhatTheServerSays(t *testing.T) {
	path := t.TempDir()
	history := writeHistory(t, path, 0, hours)
	expected := serve(t, path, history)
	defer expected.close()
	for _, chunk := range []int64{7, 60, 24 * 60} {
		t.Run(fmt.Sprint(chunk, " minutes"), func(t *testing.T) {
			got := evaluateAll(t, path, history, chunk*60_000)
			compareLines(t, expected.journal.lines(), got.journal.lines())
			compareSamples(t, expected, got.view, history.start(), history.end())
		})
	}
}

func TestStretchSaysWhatTheServerSaysWhoseHistoryTurns(t *testing.T) {
	path := t.TempDir()
	healthy := writeHistory(t, path, 0, jump)
	all := evaluateAll(t, path, healthy, 24*3600_000)
	s := stretch{
		Run: "incident", At: begin + 12*3600 + 60, Until: begin + 18*3600, Folder: filepath.Join(t.TempDir(), "stretch"),
	}
	turned := writeHistory(t, s.Folder, 1, jump)
	turned = cut(t, s, turned)

	expected, err := newServer([]string{filepath.Join(path, "rules.yml")}, time.Minute)
	check(t, err)
	defer expected.close()
	check(t, expected.evaluate(t.Context(), healthy, healthy.start(), turned.start(), time.Minute))
	check(t, expected.evaluate(t.Context(), turned, turned.start(), turned.end(), time.Minute))

	got, err := s.evaluate(t.Context(), all, 24*3600_000)
	check(t, err)
	var since []line
	for _, l := range expected.journal.lines() {
		if l.FiredAt >= s.At {
			l.Run = "incident"
			since = append(since, l)
		}
	}
	if len(since) == 0 {
		t.Fatal("nothing fired")
	}
	var gotSince []line
	for _, l := range got.journal.lines() {
		if l.FiredAt >= s.At {
			gotSince = append(gotSince, l)
		}
	}
	compareLines(t, since, gotSince)
	if same := got.view.same; !same[0] || same[1] {
		t.Error("the stretch changes the buckets, not how many answers there are")
	}
	compareSamples(t, expected, got.view, s.At*1000, s.Until*1000)
}

func evaluateAll(t *testing.T, path string, history *folder, chunk int64) *run {
	all, err := loadRules([]string{filepath.Join(path, "rules.yml")}, 60_000)
	check(t, err)
	p, err := newPlan(all, 60_000, chunk)
	check(t, err)
	r, err := evaluateHealthy(t.Context(), p, history, 2)
	check(t, err)
	return r
}

func serve(t *testing.T, path string, history *folder) *server {
	s, err := newServer([]string{filepath.Join(path, "rules.yml")}, time.Minute)
	check(t, err)
	check(t, s.evaluate(t.Context(), history, history.start(), history.end(), time.Minute))
	return s
}

// writeHistory has three origins that answer more at noon and move at the jump, one of them with pauses; turn says what
// the answers are like: each turn moves them to other buckets.
func writeHistory(t *testing.T, path string, turn int, length int) *folder {
	random := rand.New(rand.NewPCG(7, 0))
	f := folder{Start: begin, Step: 60, Steps: length * 60}
	var values [][]float64
	for o, origin := range []string{"EWR", "JFK", "LGA"} {
		counts := make([][]float64, len(bounds)+1)
		totals := make([]float64, len(bounds)+1)
		for step := range f.Steps {
			rate := 12 * (1 + math.Sin(float64(step)/400)) * float64(o+1)
			if origin == "LGA" && step/90%5 == 3 {
				rate = 0
			}
			for range int(rate * random.Float64()) {
				place := math.Pow(random.Float64(), 1+float64(o))
				if step >= jump*60 || turn > 0 {
					place = 1 - place/float64(2+turn)
				}
				totals[len(bounds)]++
				for b, bound := range []float64{0.1, 0.25, 0.5, 0.75, 1} {
					if place <= bound {
						totals[b]++
					}
				}
			}
			pausing := origin == "LGA" && step/200%4 == 2
			for i := range counts {
				if pausing {
					counts[i] = append(counts[i], math.NaN())
				} else {
					counts[i] = append(counts[i], totals[i])
				}
			}
		}
		for b, bound := range bounds {
			f.Series = append(f.Series,
				map[string]string{"__name__": "value_bucket", "model": "flights", "origin": origin, "le": bound})
			values = append(values, counts[b])
		}
		f.Series = append(f.Series, map[string]string{"__name__": "value_count", "model": "flights", "origin": origin})
		values = append(values, counts[len(bounds)])
	}
	return write(t, path, f, values)
}

// cut leaves the part of a history that a stretch is about.
func cut(t *testing.T, s stretch, f *folder) *folder {
	from, until := (s.At-f.Start)/f.Step, (s.Until-f.Start)/f.Step
	part := folder{Start: s.At, Step: f.Step, Steps: int(until - from), Series: f.Series}
	var values [][]float64
	for i := range f.Series {
		values = append(values, append([]float64(nil), f.values(i)[from:until]...))
	}
	f.close()
	return write(t, s.Folder, part, values)
}

func write(t *testing.T, path string, f folder, values [][]float64) *folder {
	check(t, os.MkdirAll(path, 0o755))
	text, err := json.Marshal(f)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(path, "series.json"), text, 0o600))
	var raw []byte
	for _, series := range values {
		for _, v := range series {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v)&^1) // numpy's NaN is even
		}
	}
	check(t, os.WriteFile(filepath.Join(path, "values.f64"), raw, 0o600))
	check(t, os.WriteFile(filepath.Join(path, "rules.yml"), []byte(ruleText), 0o600))
	opened, err := openFolder(path)
	check(t, err)
	t.Cleanup(opened.close)
	return opened
}

func compareLines(t *testing.T, expected, got []line) {
	t.Helper()
	alerts := map[string]bool{}
	for _, l := range expected {
		alerts[l.Alert] = true
	}
	for _, alert := range []string{"Moved", "Busy"} {
		if !alerts[alert] {
			t.Errorf("%s never fired, which shows nothing", alert)
		}
	}
	if len(expected) != len(got) {
		t.Errorf("%d alerts, not %d", len(got), len(expected))
	}
	for i := range min(len(expected), len(got)) {
		if !reflect.DeepEqual(expected[i], got[i]) {
			a, _ := json.Marshal(expected[i])
			b, _ := json.Marshal(got[i])
			t.Errorf("server: %s\nchunks: %s", a, b)
		}
	}
}

func compareSamples(t *testing.T, expected *server, got *view, from, until int64) {
	t.Helper()
	everything := labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, "model:.*|ALERTS.*")
	served, err := expected.db.Querier(from, until-1)
	check(t, err)
	defer served.Close()
	theirs := samplesOf(t, served.Select(t.Context(), true, nil, everything))
	ours, err := got.Querier(from, until-1)
	check(t, err)
	mine := samplesOf(t, ours.Select(t.Context(), true, nil, everything))
	if len(theirs) < 20 {
		t.Errorf("only %d series, which shows little", len(theirs))
	}
	names := map[string]bool{}
	for name := range theirs {
		names[name] = true
	}
	for name := range mine {
		names[name] = true
	}
	for _, name := range sorted(names) {
		if difference := firstDifference(theirs[name], mine[name]); difference != "" {
			t.Errorf("%s: %s", name, difference)
		}
	}
}

func sorted(names map[string]bool) []string {
	all := make([]string, 0, len(names))
	for name := range names {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

type sample struct {
	t int64
	v float64
}

func samplesOf(t *testing.T, set storage.SeriesSet) map[string][]sample {
	t.Helper()
	all := map[string][]sample{}
	for set.Next() {
		it := set.At().Iterator(nil)
		name := set.At().Labels().String()
		for it.Next() != chunkenc.ValNone {
			at, v := it.At()
			all[name] = append(all[name], sample{at, v})
		}
	}
	check(t, set.Err())
	return all
}

func firstDifference(theirs, mine []sample) string {
	if len(theirs) != len(mine) {
		return fmt.Sprintf("%d samples, not %d", len(mine), len(theirs))
	}
	for i := range theirs {
		a, b := theirs[i], mine[i]
		same := a.v == b.v || math.Abs(a.v-b.v) <= 1e-12*math.Abs(a.v) ||
			math.IsNaN(a.v) && math.IsNaN(b.v) && value.IsStaleNaN(a.v) == value.IsStaleNaN(b.v)
		if a.t != b.t || !same {
			return fmt.Sprintf("%v where the server has %v", b, a)
		}
	}
	return ""
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
