package main

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

const unlimited = math.MaxInt

func newEngine(step int64) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples:               unlimited,
		Timeout:                  24 * time.Hour,
		LookbackDelta:            5 * time.Minute,
		NoStepSubqueryIntervalFn: func(int64) int64 { return step },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		Parser:                   parser.NewParser(parser.Options{}),
	})
}

// run evaluates the rules of a plan over what a view shows, and writes into the view's present.
type run struct {
	name    string
	plan    *plan
	engine  *promql.Engine
	view    *view
	outputs []*output
	alerts  []*alertState // by the place of the rule; nil for a recording rule
	journal *journal
	spent   []time.Duration // by the place of the rule
}

func newRun(name string, p *plan, engine *promql.Engine, v *view) *run {
	r := &run{name: name, plan: p, engine: engine, view: v, journal: &journal{run: name}}
	r.outputs = make([]*output, len(p.rules))
	r.alerts = make([]*alertState, len(p.rules))
	r.spent = make([]time.Duration, len(p.rules))
	for i, rule := range p.rules {
		r.outputs[i] = newOutput(rule, v)
		if alert, ok := isAlert(rule); ok {
			r.alerts[i] = newAlertState(alert)
		}
	}
	return r
}

// advance evaluates all rules at the steps in [from, until), with as many units at a time as there are workers.
func (r *run) advance(ctx context.Context, from, until int64, workers int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	free := make(chan struct{}, workers)
	done := make([]chan struct{}, len(r.plan.units))
	var all sync.WaitGroup
	for i, u := range r.plan.units {
		done[i] = make(chan struct{})
		all.Go(func() {
			defer close(done[i])
			for _, earlier := range u.after {
				<-done[earlier]
			}
			free <- struct{}{}
			defer func() { <-free }()
			if err := r.advanceUnit(ctx, u, from, until); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return r.journal.narrate(ctx, r.queryAt)
}

func (r *run) advanceUnit(ctx context.Context, u *unit, from, until int64) error {
	for ; from < until; from += u.chunk {
		for _, rule := range u.rules {
			began := time.Now()
			if err := r.evaluate(ctx, rule, from, min(from+u.chunk, until)); err != nil {
				return fmt.Errorf("%s: %s: %w", r.name, rule, err)
			}
			r.spent[rule.place] += time.Since(began)
		}
	}
	return nil
}

// evaluate puts the result of one range query where the results at its steps belong. Of the time before the view's
// moment only alerts are evaluated, to know how long they have been active: what the rules recorded then is there.
func (r *run) evaluate(ctx context.Context, rule *rule, from, until int64) error {
	state, out := r.alerts[rule.place], r.outputs[rule.place]
	if r.view.same != nil && r.view.same[rule.place] {
		return nil
	}
	if state == nil {
		from = max(from, r.view.moment)
	}
	steps := stepsOf(rule.step, from, until)
	if steps.count == 0 {
		return nil
	}
	query, err := r.engine.NewRangeQuery(
		ctx, r.view, nil, rule.Query().String(),
		time.UnixMilli(steps.first), time.UnixMilli(steps.time(steps.count-1)), milliseconds(steps.every))
	if err != nil {
		return err
	}
	defer query.Close()
	matrix, err := query.Exec(ctx).Matrix()
	if err != nil {
		return err
	}
	if state != nil {
		err = state.replay(ctx, matrix, steps, out, r.journal)
	} else {
		err = out.record(matrix)
	}
	if err != nil {
		return err
	}
	out.endSeries(steps)
	return nil
}

// steps are count moments, every milliseconds apart.
type steps struct {
	first, every int64
	count        int
}

// stepsOf returns the multiples of a step in [from, until).
func stepsOf(every, from, until int64) steps {
	first := (from + every - 1) / every * every
	return steps{first, every, max(0, int((until-first+every-1)/every))}
}

func (s steps) time(i int) int64 { return s.first + int64(i)*s.every }

// queryAt answers the queries of templates, as the rules manager does.
func (r *run) queryAt(ctx context.Context, expression string, at time.Time) (promql.Vector, error) {
	return rules.EngineQueryFunc(r.engine, r.view)(ctx, expression, at)
}

// withLabels are those that the samples of a recording rule get.
func withLabels(metric labels.Labels, r *rule) labels.Labels {
	builder := labels.NewBuilder(metric)
	builder.Set(labels.MetricName, r.Name())
	r.Labels().Range(func(l labels.Label) { builder.Set(l.Name, l.Value) })
	return builder.Labels()
}
