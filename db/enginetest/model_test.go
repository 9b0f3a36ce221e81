//go:build unix

package enginetest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A model runs a flow in memory, by the words of the format's description: it shares nothing with the engine.
//
// A node is ready when every incoming edge is settled and one is taken, or, with join any, when the first is taken.
// A node all of whose edges are dead is skipped and kills its outgoing edges. Ready nodes run in the order in which
// they became ready. A letter a node: . pending  o open  s succeeded  f failed  x skipped  c canceled.
type model struct {
	*scope // the workflow's own

	body  map[string]any
	its   map[string]*scope   // iterations under way, by path
	loops map[string]*looping // loops under way, by path
	open  map[string]*opening
	was   map[string]*opening // what was open when the run failed, and the call that failed it
	tries map[string]int

	agenda []*looping // within a commit: loops that may start another iteration, the last one first

	ended  bool
	paused bool
	status string
	output any
	error  *failure
}

// An opening is a call or a timer that the run waits for.
type opening struct {
	in      *scope
	node    *node
	attempt int // 0 for a timer
	before  int // attempts before somebody retried the run
	since   int64
	due     int64
	n       any    // http_call: what its body carries
	url     string // http_call: where it goes, when that is known exactly
}

// A failure is the error of a step. What the expression language says about it is its own affair.
type failure struct {
	step     string
	code     string // "" for any
	attempts int    // of a call
	status   int
}

// An outcome is what one attempt of a call brought.
type outcome struct {
	Status     int
	Class      string // of the error; "" for none
	N          int    // number in the body
	Text       bool   // the body is no JSON
	RetryAfter int    // seconds; 0 for none
}

func newModel(f *flow, body map[string]any) *model {
	return &model{
		scope: newScope("", f), body: body, its: map[string]*scope{}, loops: map[string]*looping{},
		open: map[string]*opening{}, tries: map[string]int{}, status: "running",
	}
}

func (m *model) start(now int64, limit int) {
	m.leave(m.scope, "trigger", []string{"out"})
	m.walk(m.scope, now, limit)
}

// resume goes on with what a cut segment left.
func (m *model) resume(now int64, limit int) { m.walk(m.scope, now, limit) }

// fire is the end of a delay.
func (m *model) fire(step string, now int64, limit int) {
	m.skip(step, map[string]any{"woke_at": iso(now)}, []string{"out"}, now, limit)
}

// attempt takes the outcome of one try. It answers whether the call is tried again; then retried must be told when.
func (m *model) attempt(step string, o outcome, now int64, limit int) (again bool) {
	w := m.open[step]
	n := w.node
	m.tries[step]++
	if o.Class == "" && o.Status/100 == 2 {
		headers := map[string]any{}
		var body any = map[string]any{"n": float64(o.N)}
		if o.Text {
			headers["content-type"] = "text/plain"
			body = fmt.Sprintf("%d", o.N)
		} else {
			headers["content-type"] = "application/json"
		}
		m.skip(step, map[string]any{
			"status": float64(o.Status), "headers": headers, "body": body,
			"attempts": float64(w.attempt), "duration_ms": float64(now - w.since),
		}, []string{"out"}, now, limit)
		return false
	}
	retryable := o.Class == "network" || o.Class == "timeout" || o.Class == "" && (o.Status/100 == 5 || o.Status == 429)
	if retryable && w.attempt-w.before < n.Retry.Max {
		w.attempt++
		return true
	}
	delete(m.open, step)
	e := &failure{step: step, attempts: w.attempt, status: o.Status}
	if o.Class == "" {
		e.code = "MH_CALL_STATUS"
	}
	m.was = map[string]*opening{step: w}
	m.fail(w.in, n.ID, e)
	m.walk(w.in, now, limit)
	return false
}

// delays are the bounds of the delay before another attempt of a step whose attempt-th try had this outcome.
func (n *node) delays(attempt int, o outcome) (least, most int64) {
	bound := n.Retry.BaseMS
	for range attempt - 1 {
		bound *= n.Retry.Factor
	}
	bound = min(bound, n.Retry.CapMS)
	after := min(int64(o.RetryAfter)*1000, n.Retry.CapMS)
	least = bound
	if n.Retry.Full {
		least = 0
	}
	return max(least, after), max(bound, after)
}

// reopen takes a failed run up again: the call that failed is open for its next attempt, another step that failed is looked at
// once more, what the failure canceled is open as it was. skip names the step that is to be gone past instead. order is that
// of the graph: in it pending steps are looked at.
func (m *model) reopen(now int64, skip string, order []string) {
	failed := ""
	if m.error != nil {
		failed, _, _ = strings.Cut(m.error.step, "[") // of a step within a loop, the loop: it begins again
	}
	m.ended, m.status, m.output, m.error = false, "running", nil, nil
	for _, id := range order {
		o := m.was[id]
		switch {
		case id == skip:
			if o == nil {
				o = &opening{in: m.scope, node: m.f.node(id), since: now}
			}
		case id == failed && o != nil:
			o = &opening{in: m.scope, node: o.node, attempt: o.attempt + 1, before: o.attempt, since: now, n: o.n, url: o.url}
		case id == failed, m.letter[id] == 'c':
		default:
			continue
		}
		if id == failed {
			delete(m.out, id)
		}
		m.letter[id] = '.'
		if o != nil {
			m.letter[id] = 'o'
			m.open[id] = o
		}
	}
	m.was = nil
	for _, id := range order {
		if m.letter[id] == '.' && m.ready(id) {
			m.rest = append(m.rest, id)
		}
	}
}

// repeat begins another run of the flow at a step, with the results of all steps that it does not lead to. order is that of the
// graph. It answers nil when the step is not ready by them.
func (m *model) repeat(from string, order []string) *model {
	again := newModel(m.f, m.body)
	leads := map[string]bool{from: true}
	kept := map[string]bool{"trigger": true}
	for i, e := range m.f.Edges {
		if e.From == "trigger" {
			again.edges[i] = 't'
		}
	}
	for _, id := range order {
		ways, settled := 0, true
		for _, e := range m.f.Edges {
			if e.To == id {
				ways++
				leads[id] = leads[id] || leads[e.From]
				settled = settled && kept[e.From]
			}
		}
		fatal := m.letter[id] == 'f' && m.error != nil && (m.error.step == id || strings.HasPrefix(m.error.step, id+"["))
		if leads[id] || fatal || m.letter[id] != 's' && m.letter[id] != 'f' || ways == 1 && !settled {
			continue
		}
		kept[id] = true
		again.letter[id] = m.letter[id]
		again.out[id] = m.out[id]
		if _, given := m.out[id]; !given && m.f.node(id).Type == "terminate" { // it ended the run
			again.out[id] = m.output
		}
		for i, e := range m.f.Edges {
			if e.From == id {
				again.edges[i] = m.edges[i]
			}
		}
	}
	taken := false
	for i, e := range m.f.Edges {
		taken = taken || e.To == from && again.edges[i] == 't'
	}
	if !taken || !again.ready(from) {
		return nil
	}
	for _, id := range order {
		if again.letter[id] == '.' && again.ready(id) {
			again.rest = append(again.rest, id)
		}
	}
	return again
}

// ready tells whether all edges to a pending step are settled, or one is taken and that is enough.
func (m *model) ready(id string) bool {
	pending, taken := false, false
	for i, e := range m.f.Edges {
		if e.To == id {
			pending = pending || m.edges[i] == '.'
			taken = taken || m.edges[i] == 't'
		}
	}
	return !pending || m.f.node(id).Any && taken
}

// skip settles an open step with what it gives, whoever says so.
func (m *model) skip(step string, out any, ports []string, now int64, limit int) {
	o := m.open[step]
	delete(m.open, step)
	o.in.letter[o.node.ID] = 's'
	o.in.out[o.node.ID] = out
	m.leave(o.in, o.node.ID, ports)
	m.walk(o.in, now, limit)
}

// leave settles the edges of a step.
func (m *model) leave(sc *scope, from string, ports []string) {
	for i, e := range sc.f.Edges {
		if e.From != from {
			continue
		}
		sc.edges[i] = 'x'
		if slices.Contains(ports, e.Port) {
			sc.edges[i] = 't'
		}
		sc.rest = append(sc.rest, e.To)
	}
}

// fail is a step's failure: its error edge is taken, or the scope goes on with the error as output, or it has failed.
func (m *model) fail(sc *scope, id string, e *failure) {
	sc.letter[id] = 'f'
	sc.out[id] = map[string]any{"error": e}
	switch {
	case slices.ContainsFunc(sc.f.Edges, func(d edge) bool { return d.From == id && d.Port == "error" }):
		m.leave(sc, id, []string{"error"})
	case sc.f.node(id).Goes:
		m.leave(sc, id, []string{"out"})
	case sc.loop == nil:
		m.finish("failed", nil, e)
	default:
		sc.over, sc.failed, sc.rest = true, e, nil
	}
}

// work runs what is ready in a scope, one after the other, until nothing is or limit nodes have been run (limit 0: no limit).
func (m *model) work(sc *scope, count *int, now int64, limit int) {
	for len(sc.rest) > 0 && !sc.over && !m.ended && (limit == 0 || *count < limit) {
		id := sc.rest[0]
		sc.rest = sc.rest[1:]
		if sc.letter[id] != '.' {
			continue
		}
		n := sc.f.node(id)
		first, pending := -1, false
		for i, e := range sc.f.Edges {
			if e.To == id {
				pending = pending || sc.edges[i] == '.'
				if sc.edges[i] == 't' && first < 0 {
					first = i
				}
			}
		}
		if pending && !(n.Any && first >= 0) {
			continue
		}
		if first < 0 {
			sc.letter[id] = 'x'
			m.leave(sc, id, nil)
			continue
		}
		*count++
		var input any = m.body
		if source := sc.f.Edges[first].From; source != "trigger" {
			input = sc.out[source]
		} else if sc.loop != nil {
			input = sc.loop.items[sc.index]
		}
		ports, ok := m.run(sc, n, input, now)
		switch {
		case m.ended || sc.over:
		case !ok:
			m.fail(sc, id, &failure{step: sc.name(id)})
		case sc.letter[id] != 'o':
			m.leave(sc, id, ports)
		}
	}
}

// run does one ready node.
func (m *model) run(sc *scope, n *node, input any, now int64) (ports []string, ok bool) {
	switch n.Type {
	case "transform":
		v, ok := m.eval(sc, n.Value, input)
		if !ok {
			return nil, false
		}
		sc.letter[n.ID] = 's'
		sc.out[n.ID] = map[string]any{"n": v}
		if n.Value.Kind == "whole" {
			sc.out[n.ID] = map[string]any{"whole": v}
		}
		return []string{"out"}, true
	case "branch":
		taken := []any{}
		for _, c := range n.Cases {
			v, ok := m.eval(sc, c.When, input)
			if !ok {
				return nil, false
			}
			if v == true {
				taken = append(taken, c.Port)
				if !n.All {
					break
				}
			}
		}
		if len(taken) == 0 && n.Default != "" {
			taken = append(taken, n.Default)
		}
		sc.letter[n.ID] = 's'
		sc.out[n.ID] = taken
		for _, p := range taken {
			ports = append(ports, p.(string))
		}
		return ports, true
	case "http_call":
		w := &opening{in: sc, node: n, attempt: 1, since: now}
		if n.URL.Kind == "text" {
			v := sc.lookup(n.URL.Of)
			if v == nil {
				return nil, false
			}
			if x, isNumber := v.(float64); isNumber {
				w.url = fmt.Sprintf("http://target.test/%s/%v", n.ID, x)
			}
		} else {
			w.url = "http://target.test/" + n.ID
		}
		v, ok := m.eval(sc, n.Value, input)
		if !ok {
			return nil, false
		}
		w.n = v
		m.open[sc.name(n.ID)] = w
		sc.letter[n.ID] = 'o'
		return nil, true
	case "delay":
		due := now + n.DelayMS
		if n.Until {
			at, err := time.Parse(time.RFC3339, m.body["at"].(string))
			if err != nil {
				return nil, false
			}
			due = at.UnixMilli()
		}
		m.open[sc.name(n.ID)] = &opening{in: sc, node: n, since: now, due: due}
		sc.letter[n.ID] = 'o'
		return nil, true
	}
	if n.Type == "each" {
		return m.each(sc, n, input)
	}
	v, ok := m.eval(sc, n.Value, input)
	if !ok {
		return nil, false
	}
	sc.letter[n.ID] = 's'
	if sc.loop != nil { // it ends its iteration
		sc.over, sc.rest, sc.output = true, nil, map[string]any{"n": v}
		if n.Status != "succeeded" {
			sc.failed = &failure{step: sc.name(n.ID)}
		}
		return nil, true
	}
	if n.Status == "succeeded" {
		m.finish(n.Status, map[string]any{"n": v}, nil)
	} else {
		m.finish(n.Status, map[string]any{"n": v}, &failure{step: n.ID})
	}
	return nil, true
}
