package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/prometheus/common/promslog"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb"
)

// server does what a Prometheus would: append the samples of a moment to the TSDB, then evaluate the groups.
type server struct {
	db      *tsdb.DB
	groups  []*rules.Group
	journal *journal
	folder  string
}

func newServer(files []string, step time.Duration) (*server, error) {
	path, err := os.MkdirTemp("", "engine-")
	if err != nil {
		return nil, err
	}
	settings := tsdb.DefaultOptions()
	settings.RetentionDuration = 0
	db, err := tsdb.Open(path, promslog.NewNopLogger(), nil, settings, nil)
	if err != nil {
		return nil, err
	}
	s := &server{db: db, journal: &journal{run: "healthy"}, folder: path}
	engine := newEngine(step.Milliseconds())
	manager := rules.NewManager(&rules.ManagerOptions{
		ExternalURL:  externalURL,
		QueryFunc:    rules.EngineQueryFunc(engine, db),
		NotifyFunc:   func(context.Context, string, ...*rules.Alert) {},
		AppendableV2: db,
		Queryable:    db,
		Parser:       parser.NewParser(parser.Options{}),
	})
	all, err := loadRules(files, step.Milliseconds())
	if err != nil {
		return nil, err
	}
	loaded, errs := manager.LoadGroups(step, labels.EmptyLabels(), "", nil, false, files...)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	// The manager has the groups in a map; the order of the files is that of the rules.
	for _, r := range all {
		for _, g := range loaded {
			if g.Name() == r.group && !slices.Contains(s.groups, g) {
				s.groups = append(s.groups, g)
			}
		}
	}
	for _, g := range s.groups {
		for _, alert := range g.AlertingRules() {
			alert.SetRestored(true)
		}
	}
	return s, nil
}

func (s *server) close() error {
	err := s.db.Close()
	_ = os.RemoveAll(s.folder)
	return err
}

// scrape appends the samples that the history has in [from, until).
func (s *server) scrape(ctx context.Context, history *folder, from, until int64) error {
	appender := s.db.Appender(ctx)
	grid := column{start: history.start(), step: history.step()}
	last := min(grid.slotFrom(until), history.Steps)
	for i, series := range history.Series {
		for slot := grid.slotFrom(from); slot < last; slot++ {
			v := history.values(i)[slot]
			if !isSample(v) {
				continue
			}
			if _, err := appender.Append(0, labels.FromMap(series), grid.time(slot), v); err != nil {
				return err
			}
		}
	}
	return appender.Commit()
}

func (s *server) evaluateAt(ctx context.Context, t int64, step time.Duration) error {
	at := time.UnixMilli(t).UTC()
	for _, g := range s.groups {
		if t%max(step, g.Interval()).Milliseconds() != 0 {
			continue
		}
		g.Eval(ctx, at)
		for _, r := range g.Rules() {
			if err := r.LastError(); err != nil {
				return fmt.Errorf("%s/%s at %s: %w", g.Name(), r.Name(), at, err)
			}
		}
		for _, alert := range g.AlertingRules() {
			s.journal.note(alert, alert, at)
		}
	}
	return nil
}

func (o *options) evaluateStepwise(ctx context.Context, history *folder, out *bufio.Writer) error {
	s, err := newServer(o.rules, o.step)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.evaluate(ctx, history, history.start(), history.end(), o.step); err != nil {
		return err
	}
	return writeLines(out, s.journal.lines())
}

func (s *server) evaluate(ctx context.Context, history *folder, from, until int64, step time.Duration) error {
	grid := stepsOf(step.Milliseconds(), from, until)
	seen := from
	for i := range grid.count {
		if err := s.scrape(ctx, history, seen, grid.time(i)+1); err != nil {
			return err
		}
		seen = grid.time(i) + 1
		if err := s.evaluateAt(ctx, grid.time(i), step); err != nil {
			return err
		}
	}
	return nil
}
