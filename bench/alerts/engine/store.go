package main

import (
	"context"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// store holds columns by metric name and, within a name, in the order of their labels: the engine then adds up in the
// same order in every run.
type store struct {
	mutex  sync.RWMutex
	names  map[string][]*column
	series map[string]*column
}

func newStore() *store {
	return &store{names: map[string][]*column{}, series: map[string]*column{}}
}

func (s *store) add(c *column) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	name := c.labels.Get(labels.MetricName)
	place, _ := slices.BinarySearchFunc(s.names[name], c, byLabels)
	s.names[name] = slices.Insert(s.names[name], place, c)
	s.series[string(c.labels.Bytes(nil))] = c
}

func (s *store) find(series labels.Labels) *column {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.series[string(series.Bytes(nil))]
}

func byLabels(a, b *column) int { return labels.Compare(a.labels, b.labels) }

// columns returns those that match, in the order of their labels.
func (s *store) columns(matchers []*labels.Matcher) []*column {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	var found []*column
	for _, name := range s.matchingNames(matchers) {
		for _, c := range s.names[name] {
			if matchesAll(c.labels, matchers) {
				found = append(found, c)
			}
		}
	}
	return found
}

func (s *store) matchingNames(matchers []*labels.Matcher) []string {
	for _, m := range matchers {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			return []string{m.Value}
		}
	}
	names := make([]string, 0, len(s.names))
	for name := range s.names {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func matchesAll(series labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(series.Get(m.Name)) {
			return false
		}
	}
	return true
}

// view is what the engine sees in a run: the samples of past before a moment, and those of present from then on.
// What the rules have recorded that same names is in past also from then on.
type view struct {
	past    *store
	moment  int64
	present *store
	same    []bool // by the place of the rule; nil without a past
}

func (v *view) isSame(c *column) bool { return c.owner != noOwner && v.same[c.owner] }

func (v *view) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{view: v, mint: mint, maxt: maxt}, nil
}

type querier struct {
	view       *view
	mint, maxt int64
}

func (q *querier) Select(
	_ context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher,
) storage.SeriesSet {
	from, until := q.mint, q.maxt+1
	if hints != nil {
		from, until = hints.Start, hints.End+1
	}
	set := &seriesSet{}
	for _, c := range q.view.present.columns(matchers) {
		set.add(part{c, max(from, q.view.moment), until})
	}
	if q.view.past != nil {
		now := set.series
		set.series = nil
		for _, c := range q.view.past.columns(matchers) {
			if q.view.isSame(c) {
				set.add(part{c, from, until})
			} else {
				set.add(part{c, from, min(until, q.view.moment)})
			}
		}
		set.series = joined(set.series, now)
	}
	return set
}

// joined merges two sorted lists; a series that is in both shows the parts of the first, then those of the second.
func joined(earlier, later []*partedSeries) []*partedSeries {
	if len(earlier) == 0 {
		return later
	}
	all := make([]*partedSeries, 0, len(earlier)+len(later))
	for len(earlier) > 0 && len(later) > 0 {
		switch order := labels.Compare(earlier[0].labels, later[0].labels); {
		case order < 0:
			all, earlier = append(all, earlier[0]), earlier[1:]
		case order > 0:
			all, later = append(all, later[0]), later[1:]
		default:
			earlier[0].parts = append(earlier[0].parts, later[0].parts...)
			all, earlier, later = append(all, earlier[0]), earlier[1:], later[1:]
		}
	}
	return append(append(all, earlier...), later...)
}

func (q *querier) LabelValues(
	context.Context, string, *storage.LabelHints, ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	panic("the engine asks for no label values")
}

func (q *querier) LabelNames(
	context.Context, *storage.LabelHints, ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	panic("the engine asks for no label names")
}

func (q *querier) Close() error { return nil }

type seriesSet struct {
	series []*partedSeries
	next   int
}

func (s *seriesSet) add(p part) {
	if p.from < p.until && p.column.first < p.until && p.column.last >= p.from {
		s.series = append(s.series, &partedSeries{labels: p.column.labels, parts: []part{p}})
	}
}

func (s *seriesSet) Next() bool                        { s.next++; return s.next <= len(s.series) }
func (s *seriesSet) At() storage.Series                { return s.series[s.next-1] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

type partedSeries struct {
	labels labels.Labels
	parts  []part
}

func (s *partedSeries) Labels() labels.Labels { return s.labels }

func (s *partedSeries) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return newColumnIterator(s.parts)
}
