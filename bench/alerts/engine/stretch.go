package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// stretch is a line of the list of stretches: a history that continues the healthy one from a moment on.
type stretch struct {
	Run    string `json:"run"`
	At     int64  `json:"at"`    // unix seconds
	Until  int64  `json:"until"` // unix seconds; not itself part of it
	Folder string `json:"folder"`
}

func readStretches(list string) ([]stretch, error) {
	file, err := os.Open(list)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []stretch
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var s stretch
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", list, number, err)
		}
		if s.Run == "" || s.Folder == "" || s.At >= s.Until {
			return nil, fmt.Errorf("%s:%d: a stretch needs run, folder and at < until", list, number)
		}
		if !filepath.IsAbs(s.Folder) {
			s.Folder = filepath.Join(filepath.Dir(list), s.Folder)
		}
		all = append(all, s)
	}
	return all, lines.Err()
}

// evaluateStretches runs several at a time; handle gets each when it is done, in the order of the list.
func evaluateStretches(
	ctx context.Context, all []stretch, healthy *run, lead int64, workers int, handle func(*run) error,
) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	free := make(chan struct{}, workers)
	done := make([]chan *run, len(all))
	var started sync.WaitGroup
	defer started.Wait()
	for i := range done {
		done[i] = make(chan *run, 1)
	}
	started.Go(func() {
		for i, s := range all {
			free <- struct{}{}
			started.Go(func() {
				finished, err := s.evaluate(ctx, healthy, lead)
				if err != nil {
					cancel(err)
				}
				done[i] <- finished
				<-free
			})
		}
	})
	var failed error
	for i := range done {
		if finished := <-done[i]; finished != nil && failed == nil {
			failed = handle(finished)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return failed
}

func (s stretch) evaluate(ctx context.Context, healthy *run, lead int64) (*run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := openFolder(s.Folder)
	if err != nil {
		return nil, err
	}
	defer f.close()
	v := &view{past: healthy.view.present, moment: s.At * 1000, present: newStore()}
	f.addTo(v.present)
	v.same = unchanged(healthy.plan, v.past, v.present)
	r := newRun(s.Run, healthy.plan, healthy.engine, v)
	for from := v.moment - lead; from < s.Until*1000; from += r.plan.chunk {
		if err := r.advance(ctx, from, min(from+r.plan.chunk, s.Until*1000), 1); err != nil {
			return nil, err
		}
	}
	return r, nil
}
