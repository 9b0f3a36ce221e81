//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestDatabaseCrash kills PostgreSQL under load and starts it again; the program goes on by itself. The door answers only
// what is committed, so every answered webhook is there and runs to its end.
func TestDatabaseCrash(t *testing.T) {
	webhooks, kills := int64(120), 2
	if soaking() {
		webhooks, kills = 500, 6
	}
	server := dbtest.Server(t)
	r := newCrashRig(t, dbtest.Clone(t, server.URL))
	var durable string
	if err := r.pool.QueryRow(t.Context(), "show synchronous_commit").Scan(&durable); err != nil || durable != "on" {
		t.Fatalf("synchronous_commit is %q: %v", durable, err)
	}
	cmd := r.serve()
	defer func() { _ = cmd.Process.Kill() }()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() { r.send(ctx, webhooks) })
	}
	for k := range kills {
		at := r.count.Load() + 1 + rand.Int64N(webhooks/int64(kills))
		eventually(t, "webhooks come in", func() bool { return r.count.Load() >= at })
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		since, before := time.Now(), r.count.Load()
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		up := time.Since(since)
		eventually(t, "webhooks come in again", func() bool { return r.count.Load() > before })
		dbtest.Report(t, "crash %d after %d answers: the server was back after %.1f s, the next webhook was answered after %.1f s", k+1, before, up.Seconds(), time.Since(since).Seconds())
	}
	r.calm.Store(true)
	senders.Wait()
	r.settle()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ends with %v", err)
	}
	r.judge(kills)
}
