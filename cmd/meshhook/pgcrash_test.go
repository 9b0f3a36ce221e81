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

// TestDatabaseCrash kills PostgreSQL under load, or stops it without any order, and starts it again; two processes go on by
// themselves. The door answers only what is committed, so every answered webhook is there and runs to its end, once.
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
	other := r.join(r.url)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() { r.send(ctx, webhooks) })
	}
	for k := range kills {
		at := r.count.Load() + 1 + rand.Int64N(webhooks/int64(kills))
		eventually(t, "webhooks come in", func() bool { return r.count.Load() >= at })
		end, how := server.Kill, "killed"
		if k%2 == 1 {
			end, how = server.Quit, "stopped at once"
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		since, before := time.Now(), r.count.Load()
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		up := time.Since(since)
		eventually(t, "webhooks come in again", func() bool { return r.count.Load() > before })
		dbtest.Report(t, "%s after %d answers: the server was back after %.1f s, the next webhook was answered after %.1f s", how, before, up.Seconds(), time.Since(since).Seconds())
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
	other.leave(t)
	r.judge(kills)
}
