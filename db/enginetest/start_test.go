//go:build unix

package enginetest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestStartCommitsWithItsTransaction starts runs inside an application's transaction: others see the order and its run at
// one moment or not at all, and workers hear of it after the commit, never before and never when it is rolled back.
func TestStartCommitsWithItsTransaction(t *testing.T) {
	url := dbtest.URL(t)
	app, other, ear := connect(t, url), connect(t, url), connect(t, url)
	must(t, app, "create table orders (id text primary key)")
	must(t, app, "select meshhook.create_project('proof')")
	must(t, app, "select meshhook.publish('proof', 'flow', $1)", `{"apiVersion": "meshhook/v1", "name": "flow",
		"nodes": {"post": {"type": "http_call", "with": {"url": "http://target.test/"}}}, "edges": [{"from": "trigger", "to": "post"}]}`)
	must(t, ear, `listen "meshhook_river.river_insert"`)
	must(t, ear, "listen marker")

	// heard is the channel of the next notification. They come in the order of the commits that sent them.
	heard := func() string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		n, err := ear.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n.Channel
	}
	const seen = "select (select count(*) from orders) || ' ' || (select count(*) from meshhook.runs) || ' ' || (select count(*) from meshhook_river.river_job)"
	order := func(id string) pgx.Tx {
		t.Helper()
		tx, err := app.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		must(t, tx, "insert into orders values ($1)", id)
		must(t, tx, "select meshhook.start('proof', 'flow', jsonb_build_object('id', $1::text), $1)", id)
		if inside := get[string](t, tx, seen); inside != "1 1 1" {
			t.Fatalf("the transaction itself sees %q", inside)
		}
		if outside := get[string](t, other, seen); outside != "0 0 0" {
			t.Fatalf("before the commit others see %q", outside)
		}
		return tx
	}

	tx := order("A-1")
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, other, "select pg_notify('marker', 'after the rollback')")
	if c := heard(); c != "marker" {
		t.Fatalf("a rolled back start is heard on %s", c)
	}
	if outside := get[string](t, other, seen); outside != "0 0 0" {
		t.Fatalf("after the rollback there is %q", outside)
	}

	tx = order("A-2")
	must(t, other, "select pg_notify('marker', 'before the commit')")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if first, second := heard(), heard(); first != "marker" || second != "meshhook_river.river_insert" {
		t.Fatalf("heard %s, then %s: a worker must hear of the run after its commit", first, second)
	}
	if outside := get[string](t, other, seen); outside != "1 1 1" {
		t.Fatalf("after the commit there is %q", outside)
	}
	if id := get[string](t, other, "select o.id from orders o join meshhook.runs r on r.business_key = o.id"); id != "A-2" {
		t.Fatalf("the run is about %s", id)
	}
}
