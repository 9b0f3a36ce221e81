//go:build unix

package keyring_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/profullstack/meshhook/db/dbtest"
	"github.com/profullstack/meshhook/db/keyring"
)

func kek(fill byte) []byte { return bytes.Repeat([]byte{fill}, 32) }

func TestSecretsAreKeptSealedAndOpenOnlyWhereTheyBelong(t *testing.T) {
	ctx, pool := t.Context(), dbtest.New(t)
	mustExec := func(sql string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	mustExec("select meshhook.create_project('one'), meshhook.create_project('two')")
	ids := map[string]int32{}
	for _, slug := range []string{"one", "two"} {
		var id int32
		if err := pool.QueryRow(ctx, "select id from meshhook.projects where slug = $1", slug).Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids[slug] = id
	}
	newRing := func() *keyring.Ring {
		ring, err := keyring.New(pool, kek(1))
		if err != nil {
			t.Fatal(err)
		}
		return ring
	}
	ring := newRing()
	for i, value := range []string{"first", "second value"} {
		version, err := ring.SetSecret(ctx, pool, "one", "token", value)
		if err != nil || version != i+1 {
			t.Fatalf("version %d: %v", version, err)
		}
		if got, err := newRing().Secret(ctx, ids["one"], "token"); err != nil || got != value {
			t.Fatalf("opened %q: %v", got, err)
		}
	}
	if _, err := ring.SetSecret(ctx, pool, "two", "token", "other"); err != nil {
		t.Fatal(err)
	}
	var plain bool
	err := pool.QueryRow(ctx, "select bool_or(position('second value' in encode(sealed, 'escape')) > 0) from meshhook.secrets").Scan(&plain)
	if err != nil || plain {
		t.Errorf("the value stands in the table: %v %v", plain, err)
	}

	other, err := keyring.New(pool, kek(2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Secret(ctx, ids["one"], "token"); !errors.Is(err, keyring.ErrWrongKEK) {
		t.Errorf("another key: %v", err)
	}
	if _, err := newRing().Secret(ctx, ids["one"], "gone"); !errors.Is(err, keyring.ErrUnknown) {
		t.Errorf("an unknown secret: %v", err)
	}
	none, err := keyring.New(pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Secret(ctx, ids["one"], "token"); !errors.Is(err, keyring.ErrNoKEK) {
		t.Errorf("no key: %v", err)
	}

	// A row moved elsewhere does not open: to another name, another version, another project.
	for name, change := range map[string]string{
		"name":    "insert into meshhook.secrets select project_id, 'copy', version, key_id, sealed from meshhook.secrets where project_id = $1 and name = 'token'",
		"version": "update meshhook.secrets set version = 9 where project_id = $1 and name = 'token'",
	} {
		mustExec(change, ids["one"])
		secret := map[string]string{"name": "copy", "version": "token"}[name]
		if _, err := newRing().Secret(ctx, ids["one"], secret); !errors.Is(err, keyring.ErrNotOpened) {
			t.Errorf("moved to another %s: %v", name, err)
		}
	}
	mustExec("update meshhook.secrets a set sealed = b.sealed, key_id = b.key_id, version = b.version from meshhook.secrets b where a.project_id = $1 and a.name = 'token' and b.project_id = $2 and b.name = 'token'", ids["one"], ids["two"])
	if _, err := newRing().Secret(ctx, ids["one"], "token"); !errors.Is(err, keyring.ErrNotOpened) {
		t.Errorf("moved to another project: %v", err)
	}
}

func TestSetSecretRefusesWhatCanNotBe(t *testing.T) {
	ctx, pool := t.Context(), dbtest.New(t)
	if _, err := pool.Exec(ctx, "select meshhook.create_project('one')"); err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.New(pool, kek(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string][3]string{
		"empty":           {"one", "a", ""},
		"too long":        {"one", "a", strings.Repeat("x", 64<<10+1)},
		"bad name":        {"one", "1a", "x"},
		"unknown project": {"none", "a", "x"},
	} {
		if _, err := ring.SetSecret(ctx, pool, set[0], set[1], set[2]); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := ring.SetSecret(ctx, pool, "one", "long", strings.Repeat("x", 64<<10)); err != nil {
		t.Errorf("the longest secret: %v", err)
	}

	// Those who write at the same time each get a version of their own, and the last one holds.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := ring.SetSecret(ctx, pool, "one", "raced", "value"); err != nil {
				t.Errorf("a racing writer: %v", err)
			}
		})
	}
	wg.Wait()
	var version int
	if err := pool.QueryRow(ctx, "select version from meshhook.secrets where name = 'raced'").Scan(&version); err != nil || version != 4 {
		t.Errorf("version %d after four writers: %v", version, err)
	}
}

func TestEndpointSecretsOpenForTheirEndpointOnly(t *testing.T) {
	ctx, pool := t.Context(), dbtest.New(t)
	var endpoint uuid.UUID
	err := pool.QueryRow(ctx, `with p as materialized (select meshhook.create_project('one')),
		w as materialized (select meshhook.publish('one', 'flow', '{"apiVersion":"meshhook/v1","name":"flow","nodes":{"a":{"type":"transform","with":{"expr":"trigger"}}},"edges":[{"from":"trigger","to":"a"}]}') from p)
		select count(*) from w`).Scan(new(int))
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.QueryRow(ctx, "select id from meshhook.create_endpoint('one', 'flow')").Scan(&endpoint); err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.New(pool, kek(1))
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(time.Hour)
	id, fingerprint, err := ring.AddEndpointSecret(ctx, pool, keyring.EndpointSecret{Project: "one", Endpoint: endpoint, Value: "whsec_abc", ValidUntil: &until})
	if err != nil || len(fingerprint) != 16 {
		t.Fatalf("%q: %v", fingerprint, err)
	}
	var project int32
	var key uuid.UUID
	var sealed []byte
	if err := pool.QueryRow(ctx, "select project_id, key_id, sealed from meshhook.endpoint_secrets where id = $1", id).Scan(&project, &key, &sealed); err != nil {
		t.Fatal(err)
	}
	if value, err := ring.OpenEndpointSecret(ctx, project, endpoint, id, key, sealed); err != nil || string(value) != "whsec_abc" {
		t.Errorf("%q: %v", value, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another endpoint": func() ([]byte, error) { return ring.OpenEndpointSecret(ctx, project, uuid.New(), id, key, sealed) },
		"another id": func() ([]byte, error) {
			return ring.OpenEndpointSecret(ctx, project, endpoint, uuid.New(), key, sealed)
		},
		"another project": func() ([]byte, error) { return ring.OpenEndpointSecret(ctx, project+1, endpoint, id, key, sealed) },
		"a changed bit": func() ([]byte, error) {
			broken := bytes.Clone(sealed)
			broken[len(broken)-1] ^= 1
			return ring.OpenEndpointSecret(ctx, project, endpoint, id, key, broken)
		},
	} {
		if value, err := open(); !errors.Is(err, keyring.ErrNotOpened) {
			t.Errorf("%s: %q %v", name, value, err)
		}
	}
	for name, s := range map[string]keyring.EndpointSecret{
		"past":          {Project: "one", Endpoint: endpoint, Value: "x", ValidUntil: new(time.Time)},
		"no endpoint":   {Project: "one", Endpoint: uuid.New(), Value: "x"},
		"empty":         {Project: "one", Endpoint: endpoint},
		"other project": {Project: "none", Endpoint: endpoint, Value: "x"},
	} {
		if _, _, err := ring.AddEndpointSecret(ctx, pool, s); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestKEK(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(kek(7))
	for text, ok := range map[string]bool{
		good: true, good + "\n": true, strings.TrimRight(good, "="): true, base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 32)): true,
		"": false, "short": false, good[:20]: false, "not base64!": false, base64.StdEncoding.EncodeToString(kek(7)[:31]): false,
	} {
		_, err := keyring.ParseKEK(text)
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && len(text) > 8 && strings.Contains(err.Error(), text) {
			t.Errorf("the error quotes the key: %v", err)
		}
	}
	file := filepath.Join(t.TempDir(), "inner", "kek")
	first, err := keyring.EnsureKEK(file)
	if err != nil {
		t.Fatal(err)
	}
	second, err := keyring.EnsureKEK(file)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("asked twice: %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if key, err := keyring.LoadKEK("", ""); key != nil || err != nil {
		t.Errorf("nothing given: %v %v", key, err)
	}
	if _, err := keyring.LoadKEK("", filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing file was read")
	}
}

// Evidence opens beside its own body, at its own endpoint, with its own KEK, and nowhere else.
func TestEvidence(t *testing.T) {
	ring, err := keyring.New(nil, bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	endpoint := uuid.New()
	sealed, err := ring.SealEvidence(1, endpoint, []byte("body"), []byte("headers"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ring.OpenEvidence(1, endpoint, []byte("body"), sealed); err != nil || string(got) != "headers" {
		t.Errorf("%q %v", got, err)
	}
	if bytes.Contains(sealed, []byte("headers")) {
		t.Error("it is not sealed")
	}
	other, err := keyring.New(nil, bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"project":  func() ([]byte, error) { return ring.OpenEvidence(2, endpoint, []byte("body"), sealed) },
		"endpoint": func() ([]byte, error) { return ring.OpenEvidence(1, uuid.New(), []byte("body"), sealed) },
		"body":     func() ([]byte, error) { return ring.OpenEvidence(1, endpoint, []byte("other"), sealed) },
		"KEK":      func() ([]byte, error) { return other.OpenEvidence(1, endpoint, []byte("body"), sealed) },
		"nothing":  func() ([]byte, error) { return ring.OpenEvidence(1, endpoint, []byte("body"), nil) },
	} {
		if got, err := open(); !errors.Is(err, keyring.ErrNotOpened) {
			t.Errorf("another %s: %q %v", name, got, err)
		}
	}
	none, err := keyring.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.SealEvidence(1, endpoint, nil, nil); !errors.Is(err, keyring.ErrNoKEK) {
		t.Errorf("without a KEK: %v", err)
	}
}
