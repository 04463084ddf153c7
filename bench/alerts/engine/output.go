package main

import (
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
)

const slotsPerBlock = 1440

// output writes what one rule yields, and marks where a series ends as Prometheus does.
type output struct {
	rule    *rule
	view    *view
	live    map[*column]bool // those that had a sample at the step before
	touched map[*column]bool // those that got one since endSeries
	known   map[string]*column
}

// newOutput takes on the series that the rule was writing just before the view's moment.
func newOutput(r *rule, v *view) *output {
	o := &output{rule: r, view: v, live: map[*column]bool{}, touched: map[*column]bool{}, known: map[string]*column{}}
	if v.past == nil || v.same[r.place] {
		return o
	}
	before := (v.moment - 1) / r.step * r.step
	for _, named := range v.past.names {
		for _, c := range named {
			if c.owner == r.place && isLive(c.at(c.slotFrom(before))) {
				o.live[o.column(c.labels)] = true
			}
		}
	}
	return o
}

func isLive(v float64) bool { return isSample(v) && !value.IsStaleNaN(v) }

func (o *output) column(series labels.Labels) *column {
	key := string(series.Bytes(nil))
	c := o.known[key]
	if c == nil {
		c = o.view.present.find(series)
	}
	if c == nil {
		c = newColumn(series, o.rule.place, o.origin(), o.rule.step, slotsPerBlock)
		o.view.present.add(c)
	}
	o.known[key] = c
	return c
}

// origin is the time of the first slot: the view's moment on the grid of the rule, for the past starts with its data.
func (o *output) origin() int64 { return o.view.moment / o.rule.step * o.rule.step }

func (o *output) record(matrix promql.Matrix) error {
	for _, series := range matrix {
		c := o.column(withLabels(series.Metric, o.rule))
		for _, point := range series.Floats {
			if err := o.write(c, point.T, point.F); err != nil {
				return err
			}
		}
	}
	return nil
}

// write puts a sample where none is; those before the view's moment are past, which stays as it is.
func (o *output) write(c *column, t int64, v float64) error {
	if t < o.view.moment {
		return nil
	}
	slot := c.slotFrom(t)
	if c.step != o.rule.step || isLive(c.at(slot)) {
		return fmt.Errorf("two samples of %s at %d", c.labels, t)
	}
	if v != v {
		v = math.Float64frombits(value.NormalNaN)
	}
	c.set(slot, v)
	o.touched[c] = true
	return nil
}

// endSeries writes the mark of staleness after each last sample within the steps.
func (o *output) endSeries(s steps) {
	for c := range o.live {
		o.touched[c] = true
	}
	for c := range o.touched {
		if o.endColumn(c, s) {
			o.live[c] = true
		} else {
			delete(o.live, c)
		}
	}
	clear(o.touched)
}

// endColumn says whether the column has a sample at the last step.
func (o *output) endColumn(c *column, s steps) bool {
	live := o.live[c]
	for i := range s.count {
		if s.time(i) < o.view.moment {
			continue
		}
		slot := c.slotFrom(s.time(i))
		now := c.at(slot)
		if live && !isSample(now) {
			c.set(slot, math.Float64frombits(value.StaleNaN))
		}
		live = isLive(now)
	}
	return live
}
