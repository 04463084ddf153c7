package main

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
)

// firing is an alert from its first firing to its end.
type firing struct {
	definition  *rules.AlertingRule
	labels      labels.Labels
	activeAt    time.Time
	firedAt     time.Time
	resolvedAt  time.Time // zero while it fires
	value       float64
	annotations labels.Labels
	explained   bool
}

// journal keeps the firings of a run.
type journal struct {
	run string

	mutex   sync.Mutex
	firings []*firing
}

// note takes from a rule what has begun or ended to fire at this moment.
func (j *journal) note(definition, evaluated *rules.AlertingRule, at time.Time) {
	evaluated.ForEachActiveAlert(func(alert *rules.Alert) {
		switch {
		case alert.FiredAt.Equal(at):
			j.mutex.Lock()
			defer j.mutex.Unlock()
			j.firings = append(j.firings, &firing{
				definition: definition, labels: alert.Labels, activeAt: alert.ActiveAt, firedAt: at, value: alert.Value,
				annotations: alert.Annotations,
			})
		case alert.ResolvedAt.Equal(at):
			j.mutex.Lock()
			defer j.mutex.Unlock()
			for _, f := range slices.Backward(j.firings) {
				if f.definition == definition && labels.Equal(f.labels, alert.Labels) {
					f.resolvedAt = at
					break
				}
			}
		}
	})
}

// narrate expands the annotations of what fired since the last time, when all rules have been evaluated that far.
func (j *journal) narrate(ctx context.Context, query rules.QueryFunc) error {
	for _, f := range slices.Backward(j.firings) {
		if f.explained {
			continue
		}
		if err := explain(ctx, f, query); err != nil {
			return err
		}
		f.explained = true
	}
	return nil
}

// line is a firing as the output has it; times are unix seconds.
type line struct {
	Run         string            `json:"run"`
	Alert       string            `json:"alert"`
	Labels      map[string]string `json:"labels"`
	Severity    string            `json:"severity"`
	ActiveAt    int64             `json:"active_at"`
	FiredAt     int64             `json:"fired_at"`
	ResolvedAt  *int64            `json:"resolved_at"` // null: it fires at the end
	Summary     string            `json:"summary"`
	Description string            `json:"description"`
	Value       *float64          `json:"value"` // null: not a finite number
}

func (j *journal) lines() []line {
	lines := make([]line, len(j.firings))
	for i, f := range j.firings {
		lines[i] = line{
			Run: j.run, Alert: f.definition.Name(), Labels: f.labels.Map(), Severity: f.labels.Get("severity"),
			ActiveAt: f.activeAt.Unix(), FiredAt: f.firedAt.Unix(),
			Summary: f.annotations.Get("summary"), Description: f.annotations.Get("description"),
		}
		if !f.resolvedAt.IsZero() {
			resolved := f.resolvedAt.Unix()
			lines[i].ResolvedAt = &resolved
		}
		if !math.IsNaN(f.value) && !math.IsInf(f.value, 0) {
			lines[i].Value = &f.value
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.FiredAt, b.FiredAt), cmp.Compare(a.Alert, b.Alert),
			labels.Compare(labels.FromMap(a.Labels), labels.FromMap(b.Labels)))
	})
	return lines
}

func writeLines(to io.Writer, lines []line) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	for _, l := range lines {
		if err := encoder.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
