package main

import "github.com/prometheus/prometheus/model/labels"

// unchanged tells, by the place of a rule, whether a stretch leaves all that a recording rule reads, directly or
// through other rules, sample by sample what it is in the healthy history. What the rule recorded there then holds for
// the stretch too. Alerts start anew in a stretch, so they count as changed.
func unchanged(p *plan, healthy, overlay *store) []bool {
	changed := changedSeries(healthy, overlay)
	same := make([]bool, len(p.rules))
	for i, r := range p.rules {
		_, alerts := isAlert(r)
		same[i] = !alerts && !readsAny(p.selected[i], changed)
	}
	for again := true; again; {
		again = false
		for _, l := range p.links {
			if same[l.reader] && !same[l.writer] {
				same[l.reader], again = false, true
			}
		}
	}
	return same
}

func readsAny(selected []selection, series []labels.Labels) bool {
	for _, s := range selected {
		for _, each := range series {
			if matchesAll(each, s.selector.LabelMatchers) {
				return true
			}
		}
	}
	return false
}

func changedSeries(healthy, overlay *store) []labels.Labels {
	var changed []labels.Labels
	for _, c := range overlay.series {
		if usual := healthy.find(c.labels); usual == nil || !continues(usual, c) {
			changed = append(changed, c.labels)
		}
	}
	for key, usual := range healthy.series {
		if usual.owner == noOwner && overlay.series[key] == nil {
			changed = append(changed, usual.labels)
		}
	}
	return changed
}

// continues says whether both columns have the same samples in the time of the second.
func continues(usual, c *column) bool {
	if usual.step != c.step || (c.start-usual.start)%c.step != 0 {
		return false
	}
	first := int((c.start - usual.start) / c.step)
	for slot := range c.slots() {
		before, now := usual.at(first+slot), c.at(slot)
		if before != now && (isSample(before) || isSample(now)) {
			return false
		}
	}
	return true
}
