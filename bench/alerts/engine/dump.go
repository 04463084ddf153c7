package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// dump writes the series that a run recorded, and whose names match, as a folder like those that are read.
func (r *run) dump(folderPath string, names *regexp.Regexp, from, until int64) error {
	grid := stepsOf(r.plan.step, from, until)
	out := folder{Start: grid.first / 1000, Step: grid.every / 1000, Steps: grid.count, Series: []map[string]string{}}
	columns := r.view.recorded(names)
	for _, c := range columns {
		out.Series = append(out.Series, c.labels.Map())
	}
	if err := os.MkdirAll(folderPath, 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folderPath, "series.json"), text, 0o644); err != nil {
		return err
	}
	return writeValues(filepath.Join(folderPath, "values.f64"), columns, grid)
}

// recorded returns the columns that rules have written, or of which the stretch leaves what they wrote.
func (v *view) recorded(names *regexp.Regexp) []*column {
	var found []*column
	for _, c := range v.present.series {
		if c.owner != noOwner && names.MatchString(c.labels.Get(labels.MetricName)) {
			found = append(found, c)
		}
	}
	if v.past != nil {
		for _, c := range v.past.series {
			if v.isSame(c) && names.MatchString(c.labels.Get(labels.MetricName)) {
				found = append(found, c)
			}
		}
	}
	slices.SortFunc(found, byLabels)
	return found
}

func writeValues(path string, columns []*column, grid steps) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	row := make([]byte, 0, grid.count*bytesPerValue)
	for _, c := range columns {
		row = row[:0]
		for i := range grid.count {
			v := absent
			if offset := grid.time(i) - c.start; offset >= 0 && offset%c.step == 0 {
				v = c.at(int(offset / c.step))
			}
			if v != v {
				v = absent
			}
			row = binary.LittleEndian.AppendUint64(row, math.Float64bits(v))
		}
		if _, err := buffered.Write(row); err != nil {
			return err
		}
	}
	return buffered.Flush()
}
