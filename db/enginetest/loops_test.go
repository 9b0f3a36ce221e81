//go:build unix

package enginetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A scope is a graph on its way: the workflow's own, or one iteration of a loop.
type scope struct {
	path   string // "" for the workflow's own
	f      *flow
	letter map[string]byte
	edges  []byte // . unsettled  t taken  x dead
	out    map[string]any
	rest   []string // candidates; between commits, those that a cut segment left

	loop   *looping // nil for the workflow's own
	index  int
	over   bool // ended before its time
	output any
	failed *failure
}

// A looping is a loop under way.
type looping struct {
	path    string
	node    *node
	in      *scope
	items   []any
	next    int // the next iteration to start
	left    int // iterations that are not over
	results []any
}

func newScope(path string, f *flow) *scope {
	sc := &scope{path: path, f: f, letter: map[string]byte{}, out: map[string]any{}, edges: []byte(strings.Repeat(".", len(f.Edges)))}
	for _, n := range f.Nodes {
		sc.letter[n.ID] = '.'
	}
	return sc
}

// name is what a step of the scope is called outside.
func (sc *scope) name(id string) string {
	if sc.path == "" {
		return id
	}
	return sc.path + "." + id
}

func (l *looping) mayStart() bool {
	return l.next < len(l.items) && l.left-(len(l.items)-l.next) < l.node.Lanes
}

// each begins a loop, or is done with it when there is nothing to go through.
func (m *model) each(sc *scope, n *node, input any) (ports []string, ok bool) {
	v, ok := m.eval(sc, n.Value, input)
	items, isArray := v.([]any)
	if !ok || !isArray {
		return nil, false
	}
	if len(items) == 0 {
		sc.letter[n.ID] = 's'
		sc.out[n.ID] = []any{}
		return []string{"out"}, true
	}
	sc.letter[n.ID] = 'o'
	l := &looping{path: sc.name(n.ID), node: n, in: sc, items: items, left: len(items), results: make([]any, len(items))}
	m.loops[l.path] = l
	m.agenda = append(m.agenda, l)
	return nil, true
}

// walk goes on in a scope, then in iterations that were cut short, then in the workflow, then with another iteration of the
// loop that began last; until nothing is ready, or limit nodes have been run.
func (m *model) walk(cur *scope, now int64, limit int) {
	if m.ended {
		return
	}
	count := 0
	m.agenda = nil
	var cut []*scope
	if m.cut() {
		for _, path := range sorted(m.its) {
			if it := m.its[path]; it != cur && len(it.rest) > 0 {
				cut = append(cut, it)
			}
		}
		for _, path := range sorted(m.loops) {
			if l := m.loops[path]; l.mayStart() {
				m.agenda = append(m.agenda, l)
			}
		}
	}
	for !m.ended {
		m.work(cur, &count, now, limit)
		if m.ended {
			return
		}
		if l := cur.loop; l != nil && (cur.over || len(cur.rest) == 0 && !strings.Contains(string(cur.letters(cur.f.ids())), "o")) {
			if cur.over {
				cut = slices.DeleteFunc(cut, func(it *scope) bool { return strings.HasPrefix(it.path, cur.path+".") })
				m.giveUp(cur.path + ".")
			} else {
				cur.output = cur.result()
			}
			delete(m.its, cur.path)
			l.left--
			if cur.failed != nil && !l.node.Collect {
				cut = slices.DeleteFunc(cut, func(it *scope) bool { return strings.HasPrefix(it.path, l.path+"[") })
				m.giveUp(l.path + "[")
				m.drop(l)
				m.fail(l.in, l.node.ID, cur.failed)
				cur = l.in
				continue
			}
			l.results[cur.index] = cur.output
			if cur.failed != nil {
				l.results[cur.index] = map[string]any{"error": cur.failed}
			}
			if l.left == 0 {
				m.drop(l)
				l.in.letter[l.node.ID] = 's'
				l.in.out[l.node.ID] = l.results
				m.leave(l.in, l.node.ID, []string{"out"})
				cur = l.in
				continue
			}
			if l.next < len(l.items) && !slices.Contains(m.agenda, l) {
				m.agenda = append(m.agenda, l)
			}
		}
		if limit > 0 && count >= limit {
			break
		}
		switch {
		case len(cut) > 0:
			cur, cut = cut[0], cut[1:]
			continue
		case len(m.rest) > 0:
			cur = m.scope
			continue
		}
		for len(m.agenda) > 0 && !m.agenda[len(m.agenda)-1].mayStart() {
			m.agenda = m.agenda[:len(m.agenda)-1]
		}
		if len(m.agenda) == 0 {
			break
		}
		l := m.agenda[len(m.agenda)-1]
		cur = newScope(fmt.Sprintf("%s[%d]", l.path, l.next), l.node.Body)
		cur.loop, cur.index = l, l.next
		l.next++
		m.its[cur.path] = cur
		m.leave(cur, "trigger", []string{"out"})
	}
	if !m.ended && len(m.open) == 0 && !m.cut() {
		m.finish("succeeded", m.result(), nil)
	}
}

// cut tells whether there is something to go on with without any event.
func (m *model) cut() bool {
	if len(m.rest) > 0 {
		return true
	}
	for _, it := range m.its {
		if len(it.rest) > 0 {
			return true
		}
	}
	for _, l := range m.loops {
		if l.mayStart() {
			return true
		}
	}
	return false
}

// giveUp forgets everything below a path.
func (m *model) giveUp(prefix string) {
	for path := range m.open {
		if strings.HasPrefix(path, prefix) {
			delete(m.open, path)
		}
	}
	for path := range m.its {
		if strings.HasPrefix(path, prefix) {
			delete(m.its, path)
		}
	}
	for path, l := range m.loops {
		if strings.HasPrefix(path, prefix) {
			m.drop(l)
		}
	}
}

func (m *model) drop(l *looping) {
	delete(m.loops, l.path)
	m.agenda = slices.DeleteFunc(m.agenda, func(a *looping) bool { return a == l })
}

// sorted is the order in which jsonb keeps keys.
func sorted[T any](of map[string]T) []string {
	var keys []string
	for k := range of {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return keys
}

// chain is a path without numbers: which graph a scope is of.
func chain(path string) string {
	var b strings.Builder
	skip := false
	for _, c := range path {
		skip = skip || c == '['
		if !skip {
			b.WriteRune(c)
		}
		skip = skip && c != ']'
	}
	return b.String()
}
