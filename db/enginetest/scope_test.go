//go:build unix

package enginetest

import (
	"fmt"
	"slices"
	"time"
)

// finish ends the run; what is open is canceled.
func (m *model) finish(status string, output any, e *failure) {
	m.ended, m.paused, m.status, m.output, m.error = true, false, status, output, e
	if m.was == nil {
		m.was = map[string]*opening{}
	}
	for id, o := range m.open {
		m.was[id] = o
	}
	for id, l := range m.letter {
		if l == 'o' {
			m.letter[id] = 'c'
		}
	}
	m.open, m.its, m.loops = map[string]*opening{}, map[string]*scope{}, map[string]*looping{}
	m.rest = nil
}

// result is the output of a scope that no terminate ended: of its single last node, or a map.
func (sc *scope) result() any {
	all := map[string]any{}
	var last string
	ends := 0
	for _, n := range sc.f.Nodes {
		if slices.ContainsFunc(sc.f.Edges, func(e edge) bool { return e.From == n.ID }) {
			continue
		}
		ends++
		last = n.ID
		if v, ran := sc.out[n.ID]; ran {
			all[n.ID] = v
		}
	}
	if ends == 1 {
		return all[last]
	}
	return all
}

// lookup is the number (or whatever stands there) of a step's output: of this scope, or of one around it.
func (sc *scope) lookup(id string) any {
	for sc.f.own(id) == nil {
		sc = sc.loop.in
	}
	switch out := sc.out[id].(type) {
	case []any:
		if sc.f.node(id).Type == "each" {
			return out
		}
		if len(out) > 0 {
			return out[0]
		}
	case map[string]any:
		switch sc.f.node(id).Type {
		case "transform":
			return out["n"]
		case "http_call":
			if body, ok := out["body"].(map[string]any); ok {
				return body["n"]
			}
		case "delay":
			return out["woke_at"]
		case "each":
			return out
		}
	}
	return nil
}

func (m *model) eval(sc *scope, v value, input any) (any, bool) {
	switch v.Kind {
	case "const":
		return float64(v.K), true
	case "body":
		return m.body["n"], true
	case "sum":
		n, ok := sc.lookup(v.Of).(float64)
		return n + float64(v.K), ok
	case "any", "whole":
		return sc.lookup(v.Of), true
	case "text":
		n := sc.lookup(v.Of)
		return fmt.Sprintf("n=%v", n), n != nil
	case "input":
		o, ok := input.(map[string]any)
		return float64(len(o)), ok
	case "var":
		return 7.0, true
	case "rows":
		return m.body["rows"], true
	case "list":
		return []any{m.body["n"], nil}, true
	case "word":
		return m.body["word"], true
	case "item":
		return sc.loop.items[sc.index], true
	case "index":
		return float64(sc.index), true
	case "yes":
		return true, true
	case "no":
		return false, true
	case "flag":
		return m.body["flag"], true
	case "above":
		n, ok := sc.lookup(v.Of).(float64)
		return ok && n > float64(v.K), true
	}
	return nil, false
}

// letters spells the nodes in the given order.
func (sc *scope) letters(ids []string) string {
	b := make([]byte, len(ids))
	for i, id := range ids {
		b[i] = sc.letter[id]
	}
	return string(b)
}

func iso(now int64) string { return time.UnixMilli(now).UTC().Format("2006-01-02T15:04:05.000000Z") }
