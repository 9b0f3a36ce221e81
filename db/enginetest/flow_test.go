//go:build unix

package enginetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// A flow is a workflow as the generator draws it, the model runs it and publish takes it.
type flow struct {
	Name  string
	Nodes []node
	Edges []edge // in the order of the definition
	Outer *flow  // of a loop's body: the graph around it
}

type node struct {
	ID      string
	Type    string
	Any     bool // join: any
	Goes    bool // on_error: continue
	Cases   []kase
	Default string
	All     bool  // match: all
	Value   value // transform, body of an http_call, output of a terminate
	URL     value // http_call: the last part of its address
	Retry   retry
	DelayMS int64
	Until   bool   // delay until trigger.body.at
	Status  string // terminate
	Body    *flow  // each
	Lanes   int
	Collect bool
}

type kase struct {
	Port string
	When value
}

type edge struct{ From, To, Port string }

type retry struct {
	Max    int
	BaseMS int64
	Factor int64
	CapMS  int64
	Full   bool // jitter: full
}

// A value is an expression of which the model knows the result. Of is the step it looks at, K a number.
type value struct {
	Kind string
	Of   string
	K    int
}

// The kinds of values. Those that look at a step give null or fail when it has not run, failed, or holds something else.
var (
	transformKinds = []string{"const", "body", "sum", "any", "text", "input", "var", "whole", "fail"}
	innerKinds     = append([]string{"const", "item", "item", "index"}, transformKinds...)
	whenKinds      = []string{"yes", "no", "flag", "above", "fail"}
)

// path is where the number of a step's output stands.
func (f *flow) path(id string) string {
	switch f.node(id).Type {
	case "transform":
		return "steps." + id + ".n"
	case "http_call":
		return "steps." + id + ".body.n"
	case "branch":
		return "steps." + id + "[0]"
	case "delay":
		return "steps." + id + ".woke_at"
	}
	return "steps." + id
}

// expr is the value as an expression.
func (f *flow) expr(v value) string {
	switch v.Kind {
	case "const":
		return fmt.Sprintf("{n: `%d`}", v.K)
	case "body":
		return "{n: trigger.body.n}"
	case "sum":
		return fmt.Sprintf("{n: %s + `%d`}", f.path(v.Of), v.K)
	case "any":
		return fmt.Sprintf("{n: %s}", f.path(v.Of))
	case "input":
		return "{n: length(keys(input))}"
	case "var":
		return "{n: vars.base}"
	case "whole":
		return "{whole: steps." + v.Of + "}"
	case "item", "index":
		return "{n: " + v.Kind + "}"
	case "yes":
		return "`true`"
	case "no":
		return "`[]`"
	case "flag":
		return "trigger.body.flag"
	case "above":
		return fmt.Sprintf("%s > `%d`", f.path(v.Of), v.K)
	case "fail":
		return "abs(trigger.body.word)"
	}
	panic("no expression of kind " + v.Kind)
}

// template is the value as a template of an object {n}.
func (f *flow) template(v value) any {
	switch v.Kind {
	case "const":
		return map[string]any{"n": v.K}
	case "body":
		return map[string]any{"n": "{{ trigger.body.n }}"}
	case "item", "index":
		return map[string]any{"n": "{{ " + v.Kind + " }}"}
	case "any":
		return map[string]any{"n": fmt.Sprintf("{{ %s }}", f.path(v.Of))}
	case "text":
		return map[string]any{"n": fmt.Sprintf("n={{ %s }}", f.path(v.Of))}
	case "fail":
		return map[string]any{"n": "{{ abs(trigger.body.word) }}"}
	}
	return map[string]any{"n": "{{ (" + f.expr(v) + ").n }}"}
}

// node is the one with this id, of this graph or one around it.
func (f *flow) node(id string) *node {
	for ; f != nil; f = f.Outer {
		if n := f.own(id); n != nil {
			return n
		}
	}
	return nil
}

func (f *flow) own(id string) *node {
	for i := range f.Nodes {
		if f.Nodes[i].ID == id {
			return &f.Nodes[i]
		}
	}
	return nil
}

func (f *flow) ids() (ids []string) {
	for _, n := range f.Nodes {
		ids = append(ids, n.ID)
	}
	return ids
}

// definition is the flow in the format meshhook/v1.
func (f *flow) definition() json.RawMessage {
	nodes, edges := f.graph()
	text, err := json.Marshal(map[string]any{"apiVersion": "meshhook/v1", "name": f.Name, "nodes": nodes, "edges": edges})
	if err != nil {
		panic(err)
	}
	return text
}

func (f *flow) graph() (nodes map[string]any, edges []any) {
	nodes = map[string]any{}
	for _, n := range f.Nodes {
		d := map[string]any{"type": n.Type}
		if n.Any {
			d["join"] = "any"
		}
		if n.Goes {
			d["on_error"] = "continue"
		}
		switch n.Type {
		case "transform":
			if n.Value.Kind == "text" || n.Value.Kind == "any" {
				d["with"] = map[string]any{"template": f.template(n.Value)}
			} else {
				d["with"] = map[string]any{"expr": f.expr(n.Value)}
			}
		case "branch":
			cases := []any{}
			for _, c := range n.Cases {
				cases = append(cases, map[string]any{"port": c.Port, "when": f.expr(c.When)})
			}
			with := map[string]any{"cases": cases}
			if n.Default != "" {
				with["default"] = n.Default
			}
			if n.All {
				with["match"] = "all"
			}
			d["with"] = with
		case "http_call":
			url := "http://target.test/" + n.ID
			if n.URL.Kind == "text" {
				url += fmt.Sprintf("/{{ %s }}", f.path(n.URL.Of))
			}
			d["with"] = map[string]any{"method": "POST", "url": url, "body": f.template(n.Value)}
			jitter := "none"
			if n.Retry.Full {
				jitter = "full"
			}
			d["retry"] = map[string]any{
				"max_attempts": n.Retry.Max, "base": ms(n.Retry.BaseMS), "factor": n.Retry.Factor, "cap": ms(n.Retry.CapMS), "jitter": jitter,
			}
		case "delay":
			if n.Until {
				d["with"] = map[string]any{"until": "trigger.body.at"}
			} else {
				d["with"] = map[string]any{"for": ms(n.DelayMS)}
			}
		case "each":
			inner, within := n.Body.graph()
			with := map[string]any{"items": f.items(n.Value), "do": map[string]any{"nodes": inner, "edges": within}, "concurrency": n.Lanes}
			if n.Collect {
				with["on_error"] = "collect"
			}
			d["with"] = with
		case "terminate":
			d["with"] = map[string]any{"status": n.Status, "output": f.template(n.Value)}
		}
		nodes[n.ID] = d
	}
	for _, e := range f.Edges {
		edges = append(edges, map[string]any{"from": e.From, "to": e.To, "port": e.Port})
	}
	return nodes, edges
}

// items is what a loop goes through.
func (f *flow) items(v value) string {
	switch v.Kind {
	case "rows":
		return "trigger.body.rows"
	case "list":
		return "[trigger.body.n, `null`]"
	case "word":
		return "trigger.body.word"
	}
	return f.path(v.Of)
}

func ms(n int64) string { return fmt.Sprintf("%dms", n) }

// ports are where edges may leave a node.
func (n *node) ports() []string {
	switch n.Type {
	case "transform", "http_call", "each":
		return []string{"out", "error"}
	case "delay":
		return []string{"out"}
	case "branch":
		p := []string{"error"}
		for _, c := range n.Cases {
			p = append(p, c.Port)
		}
		if n.Default == "other" { // any other default is a case as well
			p = append(p, n.Default)
		}
		return p
	}
	return nil
}

// Ids that mean something elsewhere; a node may have them all the same.
var oddIDs = []string{"vars", "run", "input", "steps", "out", "error", "rest", "open"}

// drawFlow draws a DAG of 1 to 40 nodes: every node is reached, edges lead from earlier nodes to later ones, in a random order.
func drawFlow(t *rapid.T, name string) *flow {
	f := drawGraph(t, rapid.IntRange(1, 40).Draw(t, "nodes"), nil)
	f.Name = name
	return f
}

// drawGraph draws the nodes and edges of a workflow, or of a loop's body.
func drawGraph(t *rapid.T, count int, outer *flow, seenBefore ...string) *flow {
	f := &flow{Outer: outer}
	kinds := transformKinds
	depth := 0
	for o := outer; o != nil; o = o.Outer {
		kinds = innerKinds
		depth++
	}
	if outer == nil && rapid.IntRange(0, 2).Draw(t, "small") == 0 {
		count = 1 + (count-1)%12
	}
	before := map[string]map[string]bool{} // the steps that come before a step
	seen := map[edge]bool{}
	for i := range count {
		n := node{ID: fmt.Sprintf("%sn%d", strings.Repeat("i", depth), i+1)}
		if outer == nil && rapid.IntRange(0, 19).Draw(t, "odd") == 19 {
			if id := rapid.SampledFrom(oddIDs).Draw(t, "id"); before[id] == nil {
				n.ID = id
			}
		}
		before[n.ID] = map[string]bool{}

		// Its incoming edges.
		for range 1 + rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 3}).Draw(t, "more edges") {
			e := edge{From: "trigger", To: n.ID, Port: "out"}
			if from := rapid.IntRange(-1, i-1).Draw(t, "from"); from >= 0 {
				if ports := f.Nodes[from].ports(); len(ports) > 0 {
					e.From = f.Nodes[from].ID
					e.Port = ports[rapid.IntRange(0, 9).Draw(t, "port")%len(ports)]
				}
			}
			if !seen[e] {
				seen[e] = true
				f.Edges = append(f.Edges, e)
				if e.From != "trigger" {
					before[n.ID][e.From] = true
					for id := range before[e.From] {
						before[n.ID][id] = true
					}
				}
			}
		}
		past := slices.Clone(seenBefore) // in a fixed order, so that a draw can be repeated
		for _, m := range f.Nodes {
			if before[n.ID][m.ID] && m.Type != "terminate" {
				past = append(past, m.ID)
			}
		}

		n.Any = rapid.IntRange(0, 3).Draw(t, "any") == 3
		n.Goes = rapid.IntRange(0, 4).Draw(t, "goes") > 0
		n.Type = rapid.SampledFrom([]string{
			"transform", "transform", "transform", "branch", "branch", "http_call", "http_call", "http_call", "delay", "terminate", "each",
		}).Draw(t, "type")
		if n.Type == "terminate" && rapid.IntRange(0, 3).Draw(t, "not yet") > 0 {
			n.Type = "transform"
		}
		if n.Type == "each" && (depth == 2 || depth == 1 && rapid.IntRange(0, 2).Draw(t, "deep") > 0) {
			n.Type = "http_call"
		}
		switch n.Type {
		case "each":
			n.Value = drawValue(t, []string{"rows", "rows", "rows", "list", "word", "any"}, past, nil)
			n.Lanes = rapid.SampledFrom([]int{1, 2, 2, 3, 100}).Draw(t, "concurrency")
			n.Collect = rapid.Bool().Draw(t, "collect")
			n.Body = drawGraph(t, rapid.IntRange(1, 5).Draw(t, "inner nodes"), f, past...)
		case "transform":
			n.Value = drawValue(t, kinds, f.plain(past), past)
		case "branch":
			for k := range rapid.IntRange(1, 3).Draw(t, "cases") {
				n.Cases = append(n.Cases, kase{Port: fmt.Sprintf("p%d", k+1), When: drawValue(t, whenKinds, f.plain(past), past)})
			}
			n.Default = rapid.SampledFrom([]string{"", "other", "other", "p1"}).Draw(t, "default")
			n.All = rapid.Bool().Draw(t, "all")
		case "http_call":
			n.Value = drawValue(t, []string{"const", "body", "any", "any", "fail"}, f.plain(past), past)
			n.URL = drawValue(t, []string{"const", "const", "text"}, f.plain(past), past)
			n.Retry = retry{
				Max: rapid.IntRange(1, 4).Draw(t, "max"), BaseMS: rapid.SampledFrom([]int64{1, 500, 5000}).Draw(t, "base"),
				Factor: rapid.Int64Range(1, 3).Draw(t, "factor"), CapMS: rapid.SampledFrom([]int64{1500, 20000}).Draw(t, "cap"),
				Full: rapid.Bool().Draw(t, "jitter"),
			}
			n.Retry.CapMS = max(n.Retry.CapMS, n.Retry.BaseMS)
		case "delay":
			n.Until = rapid.IntRange(0, 2).Draw(t, "until") == 2
			n.DelayMS = rapid.SampledFrom([]int64{1, 1000, 1999, 2000, 60000}).Draw(t, "for")
		case "terminate":
			n.Status = rapid.SampledFrom([]string{"succeeded", "succeeded", "failed", "canceled"}).Draw(t, "status")
			n.Value = drawValue(t, []string{"const", "any", "text", "fail"}, f.plain(past), past)
		}
		f.Nodes = append(f.Nodes, n)
	}
	f.Edges = rapid.Permutation(f.Edges).Draw(t, "edges")
	return f
}

// plain are the steps that are no loops: no array of theirs ends up in the middle of a text.
func (f *flow) plain(ids []string) (plain []string) {
	for _, id := range ids {
		if f.node(id).Type != "each" {
			plain = append(plain, id)
		}
	}
	return plain
}

// drawValue draws a value of one of some kinds, looking at one of the plain steps; whole takes a loop's output.
func drawValue(t *rapid.T, kinds []string, plain, past []string) value {
	v := value{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), K: rapid.IntRange(0, 9).Draw(t, "k")}
	if v.Kind == "fail" && rapid.IntRange(0, 2).Draw(t, "really") > 0 {
		v.Kind = kinds[0]
	}
	var from []string
	switch v.Kind {
	case "whole":
		from = slices.DeleteFunc(slices.Clone(past), func(id string) bool { return slices.Contains(plain, id) })
		fallthrough
	case "sum", "any", "text", "above":
		if v.Kind != "whole" {
			from = plain
		}
		if len(from) == 0 {
			v.Kind = kinds[0]
		} else {
			v.Of = rapid.SampledFrom(from).Draw(t, "of")
		}
	}
	return v
}
