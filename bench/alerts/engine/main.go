// Evaluates a file of Prometheus rules over months of history, with Prometheus' own query engine and alerting rules.
//
//	engine -healthy FOLDER -rules FILE [-rules FILE…] -out FILE [-stretches LIST] [-step 60s] [-workers 2]
//
// A history is a folder of two files: series.json, which is {"start": unix seconds, "step": seconds, "steps": n,
// "series": [{"__name__": …, label: value, …}, …]}, and values.f64, little-endian float64 of shape (series, steps),
// where NaN means that there is no sample. -stretches names a file of JSON lines {"run": name, "at": unix seconds,
// "until": unix seconds, "folder": history}: in each, the healthy history goes on as that folder says from "at" on.
//
// The output has a JSON line for each alert that fired, first those of the healthy history (run "healthy"), then those
// of each stretch: run, alert, labels, severity, active_at, fired_at, resolved_at (null: fires at the end), summary,
// description (expanded when it fires) and value.
//
// How: samples lie in memory, a column a series. Each rule is one range query a day instead of 1,440 instant queries,
// in the order of the files; rules that read what they or later rules wrote less than a day before go in smaller steps.
// The results of alerts go through rules.AlertingRule.Eval step by step, thus `for`, `keep_firing_for` and ALERTS are
// Prometheus' own. In a stretch, alerts start anew, -lead before it; what a recording rule yields there is evaluated
// only if the stretch changes something that it reads. -stepwise evaluates as the server does instead, rules.Group.Eval
// at each step on a TSDB, slowly: the tests hold that both say the same.
//
// A group with an interval longer than -step is evaluated that often.
//
// -dump FOLDER also writes what the rules record, where the name matches -dump-names: a history FOLDER/<run> each.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"time"
)

type options struct {
	healthy   string
	rules     []string
	stretches string
	out       string
	step      time.Duration
	chunk     time.Duration
	lead      time.Duration
	workers   int
	stepwise  bool
	dump      string
	dumpNames *regexp.Regexp
	profile   string
}

func parseOptions(arguments []string) (*options, error) {
	o := &options{dumpNames: regexp.MustCompile("")}
	flags := flag.NewFlagSet("engine", flag.ContinueOnError)
	flags.StringVar(&o.healthy, "healthy", "", "folder of the healthy history")
	flags.Func("rules", "file of rules; may be given several times", func(path string) error {
		o.rules = append(o.rules, path)
		return nil
	})
	flags.StringVar(&o.stretches, "stretches", "", "JSON lines, a stretch each")
	flags.StringVar(&o.out, "out", "", "file for the alerts that fired")
	flags.DurationVar(&o.step, "step", time.Minute, "time between evaluations of a group that names no longer interval")
	flags.DurationVar(&o.chunk, "chunk", 24*time.Hour, "length of a range query")
	flags.DurationVar(&o.lead, "lead", 10*time.Minute, "how long before a stretch its alerts are evaluated already")
	flags.IntVar(&o.workers, "workers", 2, "rules, or stretches, at a time")
	flags.BoolVar(&o.stepwise, "stepwise", false, "evaluate as the server does, which takes long; healthy history only")
	flags.StringVar(&o.dump, "dump", "", "folder for the series that the rules record")
	flags.Func("dump-names", "expression that the names of dumped series match", func(text string) (err error) {
		o.dumpNames, err = regexp.Compile(text)
		return err
	})
	flags.StringVar(&o.profile, "profile", "", "file for a CPU profile")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	if o.healthy == "" || len(o.rules) == 0 || o.out == "" || flags.NArg() > 0 {
		return nil, errors.New("-healthy, -rules and -out are needed, and nothing beside the flags")
	}
	if o.step < time.Second || o.chunk%o.step != 0 || o.workers < 1 {
		return nil, errors.New("-chunk has to be a multiple of -step, and -workers 1 or more")
	}
	return o, nil
}

func main() {
	o, err := parseOptions(os.Args[1:])
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		err = o.evaluate(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func (o *options) evaluate(ctx context.Context) error {
	if o.profile != "" {
		file, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	step := o.step.Milliseconds()
	all, err := loadRules(o.rules, step)
	if err != nil {
		return err
	}
	history, err := openFolder(o.healthy)
	if err != nil {
		return err
	}
	defer history.close()
	file, err := os.Create(o.out)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	if o.stepwise {
		err = o.evaluateStepwise(ctx, history, out)
	} else {
		err = o.evaluateColumns(ctx, all, history, out)
	}
	return errors.Join(err, out.Flush())
}

func (o *options) evaluateColumns(ctx context.Context, all []*rule, history *folder, out *bufio.Writer) error {
	step := o.step.Milliseconds()
	p, err := newPlan(all, step, o.chunk.Milliseconds())
	if err != nil {
		return err
	}
	for _, text := range p.warnings() {
		say("%s", text)
	}
	began := time.Now()
	healthy, err := evaluateHealthy(ctx, p, history, o.workers)
	if err != nil {
		return err
	}
	handle := func(r *run) error {
		say("%s: %d alerts, after %.0f s", r.name, len(r.journal.firings), time.Since(began).Seconds())
		if o.dump != "" {
			if err := r.dump(filepath.Join(o.dump, r.name), o.dumpNames, r.view.moment, history.end()); err != nil {
				return err
			}
		}
		return writeLines(out, r.journal.lines())
	}
	if err := handle(healthy); err != nil {
		return err
	}
	healthy.sayWhatIsSlow()
	if o.stretches == "" {
		return nil
	}
	stretches, err := readStretches(o.stretches)
	if err != nil {
		return err
	}
	return evaluateStretches(ctx, stretches, healthy, o.lead.Milliseconds(), o.workers, handle)
}

func evaluateHealthy(ctx context.Context, p *plan, history *folder, workers int) (*run, error) {
	v := &view{moment: history.start(), present: newStore()}
	history.addTo(v.present)
	r := newRun("healthy", p, newEngine(p.step), v)
	said := time.Now()
	for from := history.start(); from < history.end(); from += p.chunk {
		if err := r.advance(ctx, from, min(from+p.chunk, history.end()), workers); err != nil {
			return nil, err
		}
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			say("healthy: %s", time.UnixMilli(from).UTC().Format(time.DateOnly))
		}
	}
	return r, nil
}

func (r *run) sayWhatIsSlow() {
	places := make([]int, len(r.spent))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return int(r.spent[b] - r.spent[a]) })
	for _, place := range places[:min(5, len(places))] {
		say("  %6.1f s %s", r.spent[place].Seconds(), r.plan.rules[place])
	}
}

func say(format string, arguments ...any) { fmt.Fprintf(os.Stderr, format+"\n", arguments...) }
