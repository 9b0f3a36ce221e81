//go:build unix

package enginetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestWatchedTableUnderLoad lets an application without any right of ours change a partitioned table from six sessions, by its
// own name and by its partitions', in transactions and savepoints that commit or not. Each row changed by what was committed has
// one run, and stands in one batch; of the rest nothing is left.
func TestWatchedTableUnderLoad(t *testing.T) {
	url := dbtest.URL(t)
	conn := connect(t, url)
	must(t, conn, "select meshhook.create_project('proof')")
	for _, name := range []string{"rows", "batches"} {
		must(t, conn, "select meshhook.publish('proof', $1, $2)", name, fmt.Sprintf(`{"apiVersion": "meshhook/v1", "name": %q,
			"nodes": {"a": {"type": "transform", "with": {"expr": "trigger.body"}}}, "edges": [{"from": "trigger", "to": "a"}]}`, name))
	}
	for _, sql := range []string{
		"create sequence item_ids",
		"create table items (id bigint default nextval('item_ids'), kind int not null, seen int not null default 0) partition by list (kind)",
		"create table items_0 partition of items for values in (0)",
		"create table items_1 partition of items for values in (1)",
		"create table changes (id bigint, op text)", // what the application itself knows
		"select meshhook.watch_table('items', 'proof', 'rows')",
		"select meshhook.watch_table('items', 'proof', 'batches', batch => 7)",
		"do $$ begin create role mh_t_load login; exception when duplicate_object then null; end $$",
		"grant all on items, items_0, items_1, changes to mh_t_load",
		"grant usage on sequence item_ids to mh_t_load",
	} {
		must(t, conn, sql)
	}

	statements := []string{
		"insert into %[1]s (kind) select %[2]d from generate_series(1, %[3]d)",
		"update %[1]s set seen = seen + 1 where kind = %[2]d and id %% %[3]d = 0",
		"delete from %[1]s where kind = %[2]d and id %% 50 = %[3]d",
	}
	rollback := errors.New("taken back")
	var wait sync.WaitGroup
	errs := make([]error, 6)
	for k := range errs {
		app, err := pgx.Connect(t.Context(), dbtest.As(t, url, "mh_t_load"))
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			defer app.Close(context.WithoutCancel(t.Context()))
			change := func(tx pgx.Tx) error {
				kind := rand.IntN(2)
				table := []string{"items", fmt.Sprint("items_", kind)}[rand.IntN(2)]
				sql := fmt.Sprintf(statements[rand.IntN(3)], table, kind, 1+rand.IntN(20))
				_, err := tx.Exec(t.Context(), "with c as ("+sql+" returning id) insert into changes select id, $1 from c", sql[:6])
				return err
			}
			for range 25 {
				err := pgx.BeginFunc(t.Context(), app, func(tx pgx.Tx) error {
					for range 1 + rand.IntN(3) {
						err := pgx.BeginFunc(t.Context(), tx, func(inner pgx.Tx) error {
							if err := change(inner); err != nil || rand.IntN(4) > 0 {
								return err
							}
							return rollback
						})
						if err != nil && !errors.Is(err, rollback) {
							return err
						}
					}
					if rand.IntN(4) == 0 {
						return rollback
					}
					return nil
				})
				var pg *pgconn.PgError
				if errors.As(err, &pg) && pg.Code == "40P01" {
					continue // two of the application's own updates met
				}
				if err != nil && !errors.Is(err, rollback) {
					errs[k] = err
					return
				}
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}

	const told = `with told as (
		select w.name as flow, c.body ->> 'op' as op, coalesce(c.body -> 'new' -> 'id', c.body -> 'old' -> 'id')::bigint as id
		from meshhook.runs r join meshhook.workflows w on w.id = r.workflow_id
		cross join lateral jsonb_array_elements(coalesce(r.output -> 'changes', jsonb_build_array(r.output))) c(body))
		select count(*)::int from (
		  (select op, id, count(*) from told where flow = $1 group by op, id except select op, id, count(*) from changes group by op, id)
		  union all
		  (select op, id, count(*) from changes group by op, id except select op, id, count(*) from told where flow = $1 group by op, id)) x`
	rows := get[int](t, conn, "select count(*)::int from changes")
	for _, flow := range []string{"rows", "batches"} {
		if n := get[int](t, conn, told, flow); n > 0 {
			t.Errorf("%s: %d rows are told more or less often than they were changed", flow, n)
		}
	}
	if n := get[int](t, conn, "select count(*)::int from meshhook.watched_changes"); n > 0 {
		t.Errorf("%d rows are kept and belong to no transaction", n)
	}
	if n := get[int](t, conn, "select coalesce(max(jsonb_array_length(output -> 'changes')), 0) from meshhook.runs"); n < 2 || n > 7 {
		t.Errorf("the largest batch has %d rows", n)
	}
	if n := get[int](t, conn, "select count(*)::int from (select id from meshhook.runs order by random() limit 200) r, meshhook.verify(r.id)"); n > 0 {
		t.Errorf("%d problems in the logs", n)
	}
	if rows < 100 {
		t.Errorf("only %d rows were changed", rows)
	}
	dbtest.Report(t, "%d rows changed and committed by six sessions, each with its run and in one batch", rows)
}
