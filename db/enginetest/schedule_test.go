//go:build unix

package enginetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestSchedulesRunOnce lets eight processes, whose clocks differ and jump, look for due schedules at once while somebody
// replaces, pauses and cancels. Each due moment is dealt with once and has one run; nobody waits for a lock of another's.
func TestSchedulesRunOnce(t *testing.T) {
	url := dbtest.URL(t)
	conn := connect(t, url)
	must(t, conn, "insert into meshhook.settings (name, value) values ('test', 'true') on conflict (name) do update set value = 'true'")
	begin := time.Now().UTC().Truncate(time.Hour).Add(-24 * time.Hour)
	set := func(at time.Time) []any { return []any{at.Format(time.RFC3339)} }
	must(t, conn, "select set_config('meshhook.fake_now', $1, false)", set(begin)...)
	must(t, conn, "select meshhook.create_project('proof')")
	must(t, conn, "select meshhook.publish('proof', 'call', $1)", `{"apiVersion": "meshhook/v1", "name": "call",
		"nodes": {"post": {"type": "http_call", "with": {"url": "http://target.test/"}}}, "edges": [{"from": "trigger", "to": "post"}]}`)
	for _, s := range [][]any{
		{"minutes", "* * * * *", "all", "allow"},
		{"often", "@every 20s", "all", "allow"},
		{"last", "*/2 * * * *", "last", "allow"},
		{"none", "* * * * *", "none", "skip"},
		{"cancel", "* * * * *", "all", "cancel_old"},
	} {
		must(t, conn, "select meshhook.add_schedule('proof', 'call', $1, $2, catch_up => $3, overlap => $4)", s...)
	}

	const processes, rounds = 8, 40
	var wait sync.WaitGroup
	errs := make([]error, processes+1)
	for k := range processes {
		c := connect(t, url)
		wait.Go(func() {
			for n := range rounds {
				at := begin.Add(time.Duration(n)*time.Minute + time.Duration(rand.IntN(240)-120)*time.Second)
				if _, err := c.Exec(t.Context(), "select set_config('meshhook.fake_now', $1, false)", at.Format(time.RFC3339)); err != nil {
					errs[k] = err
					return
				}
				if _, err := c.Exec(t.Context(), "select meshhook_engine.wake(null, 50)"); err != nil {
					errs[k] = fmt.Errorf("process %d, round %d: %w", k, n, err)
					return
				}
			}
		})
	}
	other := connect(t, url)
	must(t, other, "select set_config('meshhook.fake_now', $1, false)", set(begin.Add(rounds/2*time.Minute))...)
	wait.Go(func() {
		for range rounds {
			for _, sql := range []string{
				"select meshhook.add_schedule('proof', 'call', 'minutes', '* * * * *', catch_up => 'all')",
				"select meshhook.pause_schedule('proof', 'none'), meshhook.resume_schedule('proof', 'none')",
				"select meshhook.cancel(id) from meshhook.runs where finished_at is null and id in (select id from meshhook.runs order by random() limit 1)",
			} {
				if _, err := other.Exec(t.Context(), sql); err != nil {
					var e *pgconn.PgError
					if !errors.As(err, &e) || e.Code != "MH409" { // the run has ended meanwhile
						errs[processes] = fmt.Errorf("%s: %w", sql, err)
					}
				}
			}
		}
	})
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}

	end := begin.Add(rounds * time.Minute)
	must(t, conn, "select set_config('meshhook.fake_now', $1, false)", set(end)...)
	must(t, conn, "select meshhook_engine.wake(null, 50)")
	for schedule, want := range map[string]int{"minutes": rounds, "often": 3 * rounds, "cancel": rounds} {
		got := get[int](t, conn, `select count(*)::int from meshhook.schedule_runs k join meshhook.schedules s on s.id = k.schedule_id where s.name = $1 and k.due_at <= $2`, schedule, end)
		if got != want {
			t.Errorf("%s: %d moments were dealt with, %d were due", schedule, got, want)
		}
	}
	if n := get[int](t, conn, `select count(*)::int from (select e.data #>> '{trigger,schedule}', e.data #>> '{trigger,due_at}' from meshhook.events e
		where e.type = 'run.started' group by 1, 2 having count(*) > 1) x`); n > 0 {
		t.Errorf("%d moments have more than one run", n)
	}
	runs := get[int](t, conn, "select count(*)::int from meshhook.runs where trigger = 'schedule'")
	if n := get[int](t, conn, "select count(*)::int from meshhook.schedule_runs k join meshhook.runs r on r.id = k.run_id where k.outcome = 'started'"); n != runs || runs < 3*rounds {
		t.Errorf("%d runs, %d moments started", runs, n)
	}
	if n := get[int](t, conn, "select count(*)::int from meshhook.runs r join meshhook.schedule_runs k on k.run_id = r.id join meshhook.schedules s on s.id = k.schedule_id where s.name = 'cancel' and r.finished_at is null"); n > 1 {
		t.Errorf("%d runs of a schedule that cancels the old one are open", n)
	}
	if n := get[int](t, conn, "select count(*)::int from meshhook.runs r, meshhook.verify(r.id)"); n > 0 {
		t.Errorf("%d problems in the logs", n)
	}
}
