//go:build unix

package main

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestRestore sets a database back to an earlier moment, as a restore from a backup does, while a process of the time in
// between still lives and holds results. What was there at that moment goes on and ends, each run proven; what the old
// process brings is stale; calls that may have been made are listed.
func TestRestore(t *testing.T) {
	server := dbtest.Server(t)
	data := filepath.Join(server.Dir, "data")
	backup := filepath.Join(server.Dir, "backup")
	r := newFleetRig(t, dbtest.Clone(t, server.URL))
	// The sequences of a database that was copied from a template are safe from crashes only after a checkpoint: until then
	// they count on what was logged for the template.
	execute(t, r.pool, "checkpoint")
	up := func() {
		t.Helper()
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the database answers", func() bool { return r.pool.Ping(t.Context()) == nil })
	}
	shell := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	works := func(m *member, least int) func() bool {
		return func() bool {
			var n int
			err := r.pool.QueryRow(t.Context(), `select count(*) from meshhook_river.river_job j
				where j.attempted_by[cardinality(j.attempted_by)] = $1::int::text`, m.id).Scan(&n)
			return err == nil && n >= least
		}
	}

	// The backup is taken while calls are under way: of a server that stands still, a copy is what its storage holds.
	old := r.join(r.url)
	r.burst(60, old)
	eventually(t, "calls are under way", works(old, 10))
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	shell("cp", "-a", data, backup)
	point := time.Now()
	up()
	kept := map[int64]string{}
	r.accepted.Range(func(n, run any) bool { kept[n.(int64)] = run.(string); return true })

	// Life goes on, until somebody finds that it has to be set back.
	eventually(t, "the door takes webhooks again", func() bool {
		status, _, _, err := r.post(r.hookOf(old), r.tries.Add(1))
		return err == nil && status == 202
	})
	r.burst(40, old)
	eventually(t, "calls are under way again", works(old, 10))
	if err := old.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	shell("rm", "-rf", data)
	shell("cp", "-a", backup, data)
	up()
	var open, listed, again, stale int
	if err := r.pool.QueryRow(t.Context(), "select count(*) from meshhook.runs where finished_at is null").Scan(&open); err != nil {
		t.Fatal(err)
	}
	// Results of the old time, one for each call listed: whoever brings them, and whenever, they are stale.
	const restore = `with told as materialized (select * from meshhook.after_restore($1))
		select jsonb_agg(jsonb_build_object('run', run, 'step', step, 'attempt', attempt, 'kind', 'call', 'response', '{"status": 200}'::jsonb)),
		       count(*), count(*) filter (where next = 'tried again') from told`
	var results []byte
	if err := r.pool.QueryRow(t.Context(), restore, point).Scan(&results, &listed, &again); err != nil {
		t.Fatal(err)
	}
	if err := r.pool.QueryRow(t.Context(), `select count(*) from meshhook_engine.deliver($1, 0, array(select jsonb_array_elements($2::jsonb)),
		array_fill(null::bytea, array[jsonb_array_length($2::jsonb)])) d where d.verdict = 'stale'`, old.id, results).Scan(&stale); err != nil {
		t.Fatal(err)
	}
	if stale != listed {
		t.Errorf("%d of %d late results are stale", stale, listed)
	}
	if listed == 0 || again != listed {
		t.Errorf("%d calls are listed, %d are tried again: some were under way, and all had attempts left", listed, again)
	}
	fresh := r.join(r.url)
	if fresh.id < old.id+1_000_000 {
		t.Errorf("the new process is %d, the old one %d: their ids could meet", fresh.id, old.id)
	}
	if err := old.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	r.settle()
	eventually(t, "the old process works again", func() bool {
		status, run, _, err := r.post(r.hookOf(old), r.tries.Add(1))
		if err == nil && status == 202 {
			kept[r.tries.Load()] = run
		}
		return err == nil && status == 202
	})
	r.settle()
	fresh.leave(t)
	old.leave(t)
	dbtest.Report(t, "restore: %d runs were open, %d calls had an outcome nobody knew", open, listed)

	ids := make([]string, 0, len(kept))
	for _, run := range kept {
		ids = append(ids, run)
	}
	for what, sql := range map[string]string{
		"runs that were there and have not succeeded": `select count(*) from unnest($1::uuid[]) k(id) left join meshhook.runs r on r.id = k.id where r.status is distinct from 'succeeded'`,
		"attempts recorded twice":                     `select count(*) from (select from meshhook.events where type = 'call.attempted' and cardinality($1::uuid[]) > 0 group by run_id, step, attempt having count(*) > 1) x`,
		"rows left in the queue":                      `select count(*) from meshhook_river.river_job where kind = 'run' and state not in ('completed', 'discarded', 'cancelled') and cardinality($1::uuid[]) > 0`,
		"waits left":                                  `select count(*) from meshhook.waits where cardinality($1::uuid[]) > 0`,
		"runs that are not proven":                    `select count(*) from meshhook.runs r where exists (select from meshhook.verify(r.id)) and cardinality($1::uuid[]) > 0`,
	} {
		var bad int
		if err := r.pool.QueryRow(t.Context(), sql, ids).Scan(&bad); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if bad > 0 {
			t.Errorf("%d %s", bad, what)
		}
	}
}
