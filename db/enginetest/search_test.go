//go:build unix

package enginetest

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestSearchUsesIndexes fills the request log of several projects and asks, as one who sees a single project only, for
// requests by a path of the body and by verdict: row level security must not keep an index from being used. The short form
// has fifty thousand requests, MESHHOOK_SOAK a million.
func TestSearchUsesIndexes(t *testing.T) {
	rows := 50_000
	if os.Getenv("MESHHOOK_SOAK") != "" {
		rows = 1_000_000
	}
	conn, err := pgx.Connect(t.Context(), dbtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range []string{
		"select meshhook.create_project('p' || g) from generate_series(1, 20) g",
		"insert into meshhook.members (project_id, principal, role) select id, 'ann', 'viewer' from meshhook.projects where slug = 'p7'",
		"create role mh_search_api login noinherit",
		"grant meshhook_user to mh_search_api",
		"insert into meshhook.trusted_sessions (role_name) values ('mh_search_api')",
	} {
		must(t, conn, statement)
	}
	must(t, conn, `with made as (
			select meshhook_engine.uuid_v7(now() - make_interval(secs => g * 0.4)) as id, p.id as project, g
			from generate_series(1, $1) g join meshhook.projects p on p.slug = 'p' || g % 20 + 1
		), stored as (
			insert into meshhook.requests (id, received_at, project_id, verdict, endpoint_id, method, path, headers, body)
			select id, now() - make_interval(secs => g * 0.4), project, (case when g % 4000 < 20 then 'rejected' else 'accepted' end)::meshhook.verdict,
				'00000000-0000-7000-8000-000000000001', 'POST', '/', '{}', '{}' from made
		)
		insert into meshhook.request_terms (project_id, path, value, request_id) select project, 'body.id', (g / 20)::text, id from made`, rows)
	must(t, conn, "vacuum analyze meshhook.requests, meshhook.request_terms")
	defer must(t, conn, "reset session authorization")
	must(t, conn, "set session authorization mh_search_api")
	must(t, conn, "set role meshhook_user")
	must(t, conn, `select set_config('request.jwt.claims', '{"sub": "ann"}', false)`)

	for name, ask := range map[string]struct{ sql, index string }{
		"path":    {"select * from meshhook.request_terms where project_id = (select id from meshhook.projects where slug = 'p7') and path = 'body.id' and value = '77' order by request_id desc limit 100", "request_terms"},
		"verdict": {"select id from meshhook.requests where project_id = (select id from meshhook.projects where slug = 'p7') and verdict = 'rejected' order by id desc limit 100", "verdict"},
	} {
		plan := get[[]map[string]any](t, conn, "explain (analyze, costs off, timing off, summary off, format json) "+ask.sql)
		scans := scansOf(plan[0]["Plan"].(map[string]any))
		if !slices.ContainsFunc(scans, func(s scan) bool { return strings.Contains(s.index, ask.index) && s.rows > 0 }) {
			t.Errorf("%s: no index of it found anything: %v", name, scans)
		}
		for _, s := range scans {
			if strings.HasPrefix(s.table, "request") && s.index == "" && s.rows > 0 {
				t.Errorf("%s: %s is read through, %v rows", name, s.table, s.rows)
			}
		}
	}
	if got := get[int](t, conn, `select count(*)::int from meshhook.search_requests('p7', '{"verdict": "rejected"}', most => 1000000)`); got == 0 || got > rows/20 {
		t.Errorf("%d rejected requests found in one project of %d requests", got, rows)
	}
}

// scan is one look at a table: by which index ("" for none), and how many rows it met.
type scan struct {
	table, index string
	rows         float64
}

func scansOf(node map[string]any) (scans []scan) {
	if table, ok := node["Relation Name"].(string); ok {
		index, _ := node["Index Name"].(string)
		rows, _ := node["Actual Rows"].(float64)
		removed, _ := node["Rows Removed by Filter"].(float64)
		scans = append(scans, scan{table, index, rows + removed})
	}
	children, _ := node["Plans"].([]any)
	for _, child := range children {
		scans = append(scans, scansOf(child.(map[string]any))...)
	}
	return scans
}
