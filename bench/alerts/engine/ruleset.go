package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// rule is a rule of the files with the place in them and the step that its group is evaluated at.
type rule struct {
	rules.Rule

	place int
	group string
	step  int64 // milliseconds
}

// loadRules reads the groups as Prometheus does and returns their rules in the order of the files.
func loadRules(files []string, step int64) ([]*rule, error) {
	promql := parser.NewParser(parser.Options{})
	manager := rules.NewManager(&rules.ManagerOptions{Parser: promql})
	groups, errs := manager.LoadGroups(milliseconds(step), labels.EmptyLabels(), "", nil, false, files...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var all []*rule
	for _, file := range files {
		parsed, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, promql, promslog.NewNopLogger())
		if len(errs) > 0 {
			return nil, errors.Join(errs...)
		}
		for _, named := range parsed.Groups {
			group := groups[rules.GroupKey(file, named.Name)]
			if group.QueryOffset() != 0 || group.Limit() != 0 {
				return nil, fmt.Errorf("%s: group %s: query_offset and limit are not supported here", file, named.Name)
			}
			every := max(step, group.Interval().Milliseconds())
			if every%step != 0 {
				return nil, fmt.Errorf("%s: group %s: interval is no multiple of the step", file, named.Name)
			}
			for _, r := range group.Rules() {
				all = append(all, &rule{Rule: r, place: len(all), group: named.Name, step: every})
			}
		}
	}
	return all, nil
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func (r *rule) String() string { return r.group + "/" + r.Name() }

// writes says whether a series that the rule writes can be what a selector asks for, as far as is known beforehand.
func (r *rule) writes(selector *parser.VectorSelector) bool {
	known := map[string]string{}
	r.Labels().Range(func(l labels.Label) {
		if !isTemplate(l.Value) {
			known[l.Name] = l.Value
		}
	})
	names := []string{r.Name()}
	if _, isAlert := r.Rule.(*rules.AlertingRule); isAlert {
		known[labels.AlertName] = r.Name()
		names = []string{"ALERTS", "ALERTS_FOR_STATE"}
	}
	for _, name := range names {
		known[labels.MetricName] = name
		if agrees(known, selector.LabelMatchers) {
			return true
		}
	}
	return false
}

func agrees(known map[string]string, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if v, ok := known[m.Name]; ok && !m.Matches(v) {
			return false
		}
	}
	return true
}

// selection is a selector of a rule with the age that its youngest sample has.
type selection struct {
	selector *parser.VectorSelector
	age      int64
}

func selections(expression parser.Expr) ([]selection, error) {
	var found []selection
	var failed error
	parser.Inspect(expression, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		age := selector.OriginalOffset
		fixed := selector.Timestamp != nil || selector.StartOrEnd != 0
		for _, above := range path {
			if subquery, ok := above.(*parser.SubqueryExpr); ok {
				age += subquery.OriginalOffset
				fixed = fixed || subquery.Timestamp != nil || subquery.StartOrEnd != 0
			}
		}
		if fixed || age < 0 {
			failed = fmt.Errorf("@ and negative offsets look into the future of a step: %s", selector)
		}
		found = append(found, selection{selector, age.Milliseconds()})
		return nil
	})
	return found, failed
}
