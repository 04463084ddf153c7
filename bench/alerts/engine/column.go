package main

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// absent marks a slot without a sample. Every NaN means that, but for the two that Prometheus gives a meaning of its
// own: a result that is not a number, and the end of a series.
var absent = math.Float64frombits(0x7ff8000000000000)

func isSample(v float64) bool {
	if v == v {
		return true
	}
	bits := math.Float64bits(v)
	return bits == value.NormalNaN || bits == value.StaleNaN
}

// column is one series on an even grid of times: slot i is at start + i*step milliseconds.
// Slots lie in blocks of equal size, of which those without a sample are nil.
type column struct {
	labels labels.Labels
	owner  int // the place of the rule that writes it, or noOwner
	start  int64
	step   int64
	size   int // slots a block
	blocks [][]float64
	first  int64 // time of the first and the last sample; first > last when there is none
	last   int64
}

const noOwner = -1

func newColumn(series labels.Labels, owner int, start, step int64, size int) *column {
	return &column{
		labels: series, owner: owner, start: start, step: step, size: size, first: math.MaxInt64, last: math.MinInt64,
	}
}

func (c *column) time(slot int) int64 { return c.start + int64(slot)*c.step }

func (c *column) slots() int { return len(c.blocks) * c.size }

// slotFrom is the first slot at or after a time.
func (c *column) slotFrom(t int64) int {
	if t <= c.start {
		return 0
	}
	return int((t - c.start + c.step - 1) / c.step)
}

func (c *column) at(slot int) float64 {
	if slot < 0 || slot >= c.slots() || c.blocks[slot/c.size] == nil {
		return absent
	}
	return c.blocks[slot/c.size][slot%c.size]
}

func (c *column) set(slot int, v float64) {
	block := slot / c.size
	for len(c.blocks) <= block {
		c.blocks = append(c.blocks, nil)
	}
	if c.blocks[block] == nil {
		c.blocks[block] = make([]float64, c.size)
		for i := range c.blocks[block] {
			c.blocks[block][i] = absent
		}
	}
	c.blocks[block][slot%c.size] = v
	c.first, c.last = min(c.first, c.time(slot)), max(c.last, c.time(slot))
}

// part is what one column shows of a series: the samples in [from, until).
type part struct {
	column *column
	from   int64
	until  int64
}

// columnIterator walks the parts of a series, which follow each other in time.
type columnIterator struct {
	parts []part
	slot  int
	end   int // first slot of the part that is not shown
	t     int64
	v     float64
	done  bool
}

func newColumnIterator(parts []part) *columnIterator {
	it := &columnIterator{parts: parts, t: math.MinInt64}
	it.enter()
	return it
}

func (it *columnIterator) enter() {
	if len(it.parts) == 0 {
		it.done = true
		return
	}
	p := it.parts[0]
	it.slot = p.column.slotFrom(p.from)
	it.end = min(p.column.slotFrom(p.until), p.column.slots())
}

func (it *columnIterator) Next() chunkenc.ValueType {
	for !it.done {
		c := it.parts[0].column
		for it.slot < it.end {
			block := c.blocks[it.slot/c.size]
			inside := it.slot % c.size
			if block == nil {
				it.slot += c.size - inside
				continue
			}
			for stop := min(c.size, inside+it.end-it.slot); inside < stop; inside++ {
				if v := block[inside]; isSample(v) {
					it.t, it.v = c.time(it.slot), v
					it.slot++
					return chunkenc.ValFloat
				}
				it.slot++
			}
		}
		it.parts = it.parts[1:]
		it.enter()
	}
	return chunkenc.ValNone
}

func (it *columnIterator) Seek(t int64) chunkenc.ValueType {
	if it.t >= t && !it.done {
		return chunkenc.ValFloat
	}
	for !it.done {
		it.slot = max(it.slot, it.parts[0].column.slotFrom(t))
		if it.slot < it.end {
			break
		}
		it.parts = it.parts[1:]
		it.enter()
	}
	return it.Next()
}

func (it *columnIterator) At() (int64, float64) { return it.t, it.v }
func (it *columnIterator) AtT() int64           { return it.t }
func (it *columnIterator) AtST() int64          { return 0 }
func (it *columnIterator) Err() error           { return nil }

func (it *columnIterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	panic("a column holds numbers only")
}

func (it *columnIterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	panic("a column holds numbers only")
}
