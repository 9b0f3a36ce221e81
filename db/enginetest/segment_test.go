//go:build unix

package enginetest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestCutByTheClock cuts a long segment by time, wherever that falls, and folds it again by the number of nodes that was
// recorded. Most nodes are skipped, so that the clock strikes between two that count.
func TestCutByTheClock(t *testing.T) {
	conn := connect(t, dbtest.URL(t))
	nodes := map[string]any{
		"way": map[string]any{"type": "branch", "with": map[string]any{"cases": []any{map[string]any{"port": "never", "when": "`false`"}}, "default": "always"}},
	}
	edges := []any{map[string]any{"from": "trigger", "to": "way"}}
	for i := range 480 {
		id, from, port := fmt.Sprintf("n%d", i), fmt.Sprintf("n%d", i-2), "out"
		switch i {
		case 0:
			from, port = "way", "never"
		case 1:
			from, port = "way", "always"
		}
		if i > 1 && i%40 != 1 && i%2 == 1 { // live steps are few
			from = fmt.Sprintf("n%d", i-1)
		} else if i > 1 && i%40 == 1 {
			from = fmt.Sprintf("n%d", i-40)
		}
		nodes[id] = map[string]any{"type": "transform", "with": map[string]any{"expr": "{n: run.version}"}}
		edges = append(edges, map[string]any{"from": from, "to": id, "port": port})
	}
	text, err := json.Marshal(map[string]any{"apiVersion": "meshhook/v1", "name": "long", "nodes": nodes, "edges": edges})
	if err != nil {
		t.Fatal(err)
	}
	must(t, conn, "select meshhook.create_project('proof')")
	must(t, conn, "select meshhook.publish('proof', 'long', $1)", string(text))
	cuts, skipping := 0, 0
	for micros := 50; micros < 30_000; micros += 50 + micros/30 {
		row := get[string](t, conn, `
			with v as materialized (select compiled - 'nodes' as graph, meshhook_engine.nodes_of(compiled) as nodes from meshhook.workflow_versions),
			live as materialized (
				select d.frontier, d.effects, v.*
				from v, meshhook_engine.decide(v.graph, v.nodes, '{}', row('run.started', null, null, null, null)::meshhook_engine.fact,
					'{"run": {"version": 1}, "trigger": {}, "vars": {}}', null, 1, now(), null, null, make_interval(secs => $1)) d),
			cut as materialized (
				select l.*, (select (e.data -> 'cut_after')::int from unnest(l.effects) e where e.type = 'segment.decided') as n from live l)
			select case when c.n is null then 'whole' when d.frontier = c.frontier and d.effects = c.effects then 'same' else 'differs' end
				|| case when c.frontier ->> 'n' like '%x%' then ' skipping' else '' end
			from cut c, meshhook_engine.decide(c.graph, c.nodes, '{}', row('run.started', null, null, null, null)::meshhook_engine.fact,
				'{"run": {"version": 1}, "trigger": {}, "vars": {}}', null, 1, now(), null, c.n, null) d`, float64(micros)/1e6)
		switch row {
		case "same skipping":
			skipping++
			cuts++
		case "same":
			cuts++
		case "whole", "whole skipping":
		default:
			t.Fatalf("cut after %d microseconds: folding again %s", micros, row)
		}
	}
	if skipping == 0 {
		t.Errorf("%d cuts, none among skipped nodes", cuts)
	}
	t.Logf("%d cuts, %d of them after nodes were skipped", cuts, skipping)
}
