package main

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/rules"
)

// unit is a piece of work: rules that are evaluated over one stretch of time after another, each as long as chunk.
// Mostly it is one rule and the whole chunk of the plan. Rules that read what they or later rules have written a short
// time before share a unit with shorter chunks, so that they find it written.
type unit struct {
	rules []*rule
	chunk int64
	after []int // units that have to be done with a chunk before this one starts it
}

type plan struct {
	rules []*rule
	chunk int64
	step  int64
	units []*unit

	selected [][]selection // by the place of the rule
	links    []link
}

func isTemplate(text string) bool { return strings.Contains(text, "{{") }

// link is a rule that reads what another writes, at some age or more.
type link struct {
	reader, writer int
	age            int64
}

// readLinks finds what each rule selects, and which rules write that.
func (p *plan) readLinks() error {
	for _, reader := range p.rules {
		selected, err := selections(reader.Query())
		if err != nil {
			return fmt.Errorf("%s: %w", reader, err)
		}
		p.selected = append(p.selected, selected)
		for _, s := range selected {
			for _, writer := range p.rules {
				if writer.writes(s.selector) {
					p.links = append(p.links, link{reader.place, writer.place, s.age})
				}
			}
		}
	}
	return nil
}

func newPlan(all []*rule, step, chunk int64) (*plan, error) {
	p := &plan{rules: all, chunk: chunk, step: step}
	if err := p.readLinks(); err != nil {
		return nil, err
	}
	p.divide()
	p.order()
	return p, nil
}

// divide makes the units: consecutive rules from the reader of something young to its writer belong together.
func (p *plan) divide() {
	end := make([]int, len(p.rules)) // of the unit that starts at a rule
	chunk := make([]int64, len(p.rules))
	for i := range p.rules {
		end[i], chunk[i] = i, p.chunk
	}
	for _, l := range p.links {
		if l.writer >= l.reader && l.age < p.chunk {
			end[l.reader] = max(end[l.reader], l.writer)
			chunk[l.reader] = min(chunk[l.reader], max(l.age/p.step*p.step, p.step))
		}
	}
	for i := 0; i < len(p.rules); {
		u := &unit{chunk: p.chunk}
		for stop := i; i <= stop; i++ {
			stop = max(stop, end[i])
			u.chunk = min(u.chunk, chunk[i])
			u.rules = append(u.rules, p.rules[i])
		}
		p.units = append(p.units, u)
	}
}

// order keeps the order of the files between a reader and a writer, whichever comes first.
func (p *plan) order() {
	home := make([]int, len(p.rules))
	for i, u := range p.units {
		for _, r := range u.rules {
			home[r.place] = i
		}
	}
	for _, l := range p.links {
		first, second := min(home[l.reader], home[l.writer]), max(home[l.reader], home[l.writer])
		if first != second {
			p.units[second].after = append(p.units[second].after, first)
		}
	}
}

// warnings names the units that go in small chunks, which takes long.
func (p *plan) warnings() []string {
	var lines []string
	for _, u := range p.units {
		if u.chunk < p.chunk {
			last := u.rules[len(u.rules)-1]
			lines = append(lines, fmt.Sprintf(
				"%s to %s (%d rules) go in chunks of %s: they read what they wrote themselves",
				u.rules[0], last, len(u.rules), milliseconds(u.chunk)))
		}
	}
	return lines
}

func isAlert(r *rule) (*rules.AlertingRule, bool) {
	alert, ok := r.Rule.(*rules.AlertingRule)
	return alert, ok
}
