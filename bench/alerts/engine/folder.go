package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"github.com/prometheus/prometheus/model/labels"
)

// folder is a history on disk: series.json beside values.f64, float64 of shape (series, steps), NaN for no sample.
type folder struct {
	Start  int64               `json:"start"` // unix seconds
	Step   int64               `json:"step"`  // seconds
	Steps  int                 `json:"steps"`
	Series []map[string]string `json:"series"`

	mapped []byte
}

const bytesPerValue = 8

func openFolder(path string) (*folder, error) {
	described := filepath.Join(path, "series.json")
	text, err := os.ReadFile(described)
	if err != nil {
		return nil, err
	}
	f := &folder{}
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("%s: %w", described, err)
	}
	if f.Step <= 0 || f.Steps <= 0 {
		return nil, fmt.Errorf("%s: step and steps have to be more than 0", described)
	}
	return f, f.mapValues(filepath.Join(path, "values.f64"))
}

func (f *folder) mapValues(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	status, err := file.Stat()
	if err != nil {
		return err
	}
	wanted := int64(len(f.Series)) * int64(f.Steps) * bytesPerValue
	if status.Size() != wanted {
		return fmt.Errorf("%s: %d bytes where series.json promises %d", path, status.Size(), wanted)
	}
	if wanted == 0 {
		return nil
	}
	f.mapped, err = syscall.Mmap(int(file.Fd()), 0, int(wanted), syscall.PROT_READ, syscall.MAP_SHARED)
	return err
}

func (f *folder) close() {
	if f.mapped != nil {
		_ = syscall.Munmap(f.mapped)
	}
}

func (f *folder) start() int64 { return f.Start * 1000 }
func (f *folder) step() int64  { return f.Step * 1000 }

// end is the moment after the last sample.
func (f *folder) end() int64 { return f.start() + int64(f.Steps)*f.step() }

// values are those of one series, read from the mapped file (Go runs on little-endian machines here).
func (f *folder) values(series int) []float64 {
	first := &f.mapped[series*f.Steps*bytesPerValue]
	return unsafe.Slice((*float64)(unsafe.Pointer(first)), f.Steps)
}

func (f *folder) addTo(s *store) {
	for i, series := range f.Series {
		c := newColumn(labels.FromMap(series), noOwner, f.start(), f.step(), f.Steps)
		values := f.values(i)
		c.blocks = [][]float64{values}
		for first := range values {
			if isSample(values[first]) {
				c.first = c.time(first)
				break
			}
		}
		c.last = c.time(f.Steps - 1)
		s.add(c)
	}
}
