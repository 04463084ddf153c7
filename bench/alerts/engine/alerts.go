package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/prometheus/common/promslog"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

var externalURL = &url.URL{Scheme: "http", Host: "prometheus"}

// alertState steps Prometheus' own alerting rule through results that are known already. It has no annotations: those
// are expanded once an alert fires, by narrate.
type alertState struct {
	definition *rules.AlertingRule
	rule       *rules.AlertingRule
}

func newAlertState(definition *rules.AlertingRule) *alertState {
	return &alertState{definition, withAnnotations(definition, labels.EmptyLabels())}
}

func withAnnotations(definition *rules.AlertingRule, annotations labels.Labels) *rules.AlertingRule {
	return rules.NewAlertingRule(
		definition.Name(), definition.Query(), definition.HoldDuration(), definition.KeepFiringFor(),
		definition.Labels(), annotations, labels.EmptyLabels(), "", true, promslog.NewNopLogger())
}

// replay evaluates the rule at each step. A step without a result does nothing while no alert is known to the rule.
func (a *alertState) replay(
	ctx context.Context, matrix promql.Matrix, s steps, out *output, j *journal,
) error {
	next := make([]int, len(matrix))
	for i := range s.count {
		t := s.time(i)
		var vector promql.Vector
		for k, series := range matrix {
			if next[k] < len(series.Floats) && series.Floats[next[k]].T == t {
				vector = append(vector, promql.Sample{Metric: series.Metric, T: t, F: series.Floats[next[k]].F})
				next[k]++
			}
		}
		if len(vector) == 0 && a.rule.ActiveAlertsCount() == 0 {
			continue
		}
		known := func(context.Context, string, time.Time) (promql.Vector, error) { return vector, nil }
		samples, err := a.rule.Eval(ctx, 0, time.UnixMilli(t).UTC(), known, externalURL, 0)
		if err != nil {
			return err
		}
		for _, sample := range samples {
			if err := out.write(out.column(sample.Metric), sample.T, sample.F); err != nil {
				return err
			}
		}
		j.note(a.definition, a.rule, time.UnixMilli(t).UTC())
	}
	return nil
}

// explain expands the annotations of an alert that fired.
func explain(ctx context.Context, f *firing, query rules.QueryFunc) error {
	narrator := withAnnotations(f.definition, f.definition.Annotations())
	if _, err := narrator.Eval(ctx, 0, f.firedAt, query, externalURL, 0); err != nil {
		return fmt.Errorf("%s: %w", narrator.Name(), err)
	}
	err := errors.New("the range query saw this alert, the query at that moment does not")
	narrator.ForEachActiveAlert(func(alert *rules.Alert) {
		if labels.Equal(alert.Labels, f.labels) {
			f.annotations, err = alert.Annotations, nil
		}
	})
	if err != nil {
		return fmt.Errorf("%s%s at %s: %w", narrator.Name(), f.labels, f.firedAt, err)
	}
	return nil
}
