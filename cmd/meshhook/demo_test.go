package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/profullstack/meshhook/db/dbtest"
	"github.com/profullstack/meshhook/db/keyring"
)

func TestInstallDemoTwiceChangesNothing(t *testing.T) {
	pool := dbtest.New(t)
	ring, err := keyring.New(pool, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	first, err := installDemo(t.Context(), pool, ring, "http://127.77.0.1:1111")
	if err != nil {
		t.Fatal(err)
	}
	again, err := installDemo(t.Context(), pool, ring, "http://127.77.0.1:2222")
	if err != nil {
		t.Fatal(err)
	}
	if first.version != 1 || again.version != 1 || first.path != again.path || string(first.target.secret) != string(again.target.secret) {
		t.Errorf("first %+v, again %+v", first, again)
	}

	// Whoever has lost the key gets another secret, not an error.
	lost, err := keyring.New(pool, []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := installDemo(t.Context(), pool, lost, "http://127.77.0.1:2222")
	if err != nil {
		t.Fatal(err)
	}
	if string(other.target.secret) == string(first.target.secret) || other.path != first.path {
		t.Errorf("with another key: %+v", other)
	}

	// What somebody made of the demo stays.
	execute(t, pool, "select meshhook.publish('demo', 'order-paid', $1::text::jsonb)", strings.Replace(demoDefinition, "`100`", "`1000`", 1))
	if mine, err := installDemo(t.Context(), pool, ring, "http://127.77.0.1:2222"); err != nil || mine.version != 2 {
		t.Errorf("version %d, %v: a version that somebody published was replaced", mine.version, err)
	}
}

func TestDemoTargetFailsTwiceForEachOrder(t *testing.T) {
	target, err := startDemoTarget("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	post := func(order string) int {
		t.Helper()
		response, err := http.Post(target.URL+"/orders/"+order, "application/json", strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	for i, want := range []int{503, 503, 200, 200} {
		if got := post("a"); got != want {
			t.Errorf("try %d of order a: %d, want %d", i+1, got, want)
		}
	}
	if got := post("b"); got != 503 {
		t.Errorf("first try of order b: %d, want 503", got)
	}
}

func TestDemoTargetKeepsItsAddress(t *testing.T) {
	first, err := startDemoTarget("")
	if err != nil {
		t.Fatal(err)
	}
	taken, err := startDemoTarget(first.URL)
	if err != nil {
		t.Fatal(err)
	}
	if taken.URL == first.URL {
		t.Error("two targets at one address")
	}
	if err := first.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := startDemoTarget(first.URL)
	if err != nil {
		t.Fatal(err)
	}
	if again.URL != first.URL {
		t.Errorf("at %s, want %s again", again.URL, first.URL)
	}
	u, err := url.Parse(again.URL)
	if err != nil || u.Hostname() != again.Prefix.Addr().String() || !again.Prefix.IsSingleIP() {
		t.Errorf("calls are let through to %s, the target is at %s", again.Prefix, again.URL)
	}
	for _, elsewhere := range []string{"http://10.0.0.1:80", "http://example.com", "nonsense"} {
		other, err := startDemoTarget(elsewhere)
		if err != nil {
			t.Fatalf("last at %s: %v", elsewhere, err)
		}
		if !strings.HasPrefix(other.URL, "http://127.") {
			t.Errorf("last at %s: now at %s", elsewhere, other.URL)
		}
		if err := other.close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, open := range []*demoTarget{taken, again} {
		if err := open.close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
