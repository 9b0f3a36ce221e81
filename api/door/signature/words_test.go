//go:build unix

package signature

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/profullstack/meshhook/db/dbtest"
)

// bad is what a sentence looks like in which a fact is missing.
var bad = regexp.MustCompile(`[{}]|  | [.,:;]|""|\(\)|''|without a name`)

// Each thing that can be wrong, as the door finds it, becomes a sentence without a gap, and one of its own.
func TestWordsFitWhatIsFound(t *testing.T) {
	pool := dbtest.New(t)
	run := func(sql string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]string{"one": uuid.NewString(), "new": uuid.NewString(), "old": uuid.NewString(), "": uuid.NewString()}
	run("select meshhook.create_project('p'), meshhook.save_draft('p', 'flow', '{}')")
	run("select meshhook.create_endpoint('p', 'flow')")
	run("insert into meshhook.key_ring (id, project_id, kek_id, wrapped) select gen_random_uuid(), id, 'x', 'x' from meshhook.projects")
	for name, id := range ids {
		run(`insert into meshhook.endpoint_secrets (id, endpoint_id, project_id, key_id, sealed, fingerprint)
			select $1, e.id, e.project_id, k.id, 'x', $2 from meshhook.endpoints e, meshhook.key_ring k`, id, "feedbeef"+name)
	}
	for name, c := range wrongs(t) {
		given, r := c.ready()
		secrets := slices.Clone(given)
		for i := range secrets {
			secrets[i].ID = ids[secrets[i].ID]
		}
		v := ready(t, c.recipe)
		refused := v.Check(t.Context(), r, secrets, noon)
		v.Explain(r, secrets, noon, refused)
		trace, err := json.Marshal(refused.Trace)
		if err != nil {
			t.Fatal(err)
		}
		var problem, advice string
		var id uuid.UUID
		err = pool.QueryRow(t.Context(), `select a.request_id from meshhook.endpoints e, meshhook_engine.accept(null, 0, array[jsonb_build_object('endpoint', e.id, 'method', 'POST', 'path', '/',
			'headers', '{}'::jsonb, 'verdict', 'rejected', 'cause', $1::text, 'message', $2::text, 'trace', $3::jsonb)], array[''::bytea]) a`, refused.Cause, refused.Message, string(trace)).Scan(&id)
		if err == nil {
			err = pool.QueryRow(t.Context(), "select problem, advice from meshhook.explain_request($1)", id).Scan(&problem, &advice)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, text := range []string{problem, advice} {
			// Recipes are quoted with their braces, values in SQL with theirs.
			plain := strings.NewReplacer("{body}", "x", "'...'", "x", "...", "x").Replace(text)
			if found := bad.FindString(plain); found != "" {
				t.Errorf("%s: %q in %s", name, found, text)
			}
		}
		if testing.Verbose() {
			t.Logf("%s: %s\n\t%s", name, problem, advice)
		}
	}
}
