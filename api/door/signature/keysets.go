package signature

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"code.dny.dev/ssrf"
	"github.com/MicahParks/jwkset"
)

// How key sets are fetched and kept. docs/decisions/0015 says why.
const (
	keysFresh    = 10 * time.Minute       // older keys are fetched again, beside the requests that go on with them
	keysStale    = 24 * time.Hour         // for so long keys are believed while their source does not answer
	keysRetry    = 10 * time.Second       // between two attempts that failed
	keysUnknown  = 30 * time.Second       // between two attempts for the sake of an unknown key id
	keysPatience = 800 * time.Millisecond // what a request waits for keys
	keysTimeout  = 5 * time.Second        // what a fetch may take
	maxKeySet    = 512 << 10
	maxKeys      = 100
	maxKeySets   = 1000
)

// KeySets are JSON Web Key Sets by URL: fetched when they are needed, kept in memory, bounded in size, number and time.
type KeySets struct {
	client *http.Client
	now    func() time.Time

	mu   sync.Mutex
	sets map[string]*keySet
}

type keySet struct {
	keys      []publicKey
	fetched   time.Time // when the keys came
	attempted time.Time
	failure   *Refusal      // of the last attempt; nil when it went well
	fetching  chan struct{} // closed when the fetch under way is done; nil: none is
	used      time.Time
}

type publicKey struct {
	id  string
	key any
}

// NewKeySets makes an empty cache. transport decides which addresses may be reached.
func NewKeySets(transport http.RoundTripper) *KeySets {
	return &KeySets{
		client: &http.Client{
			Transport: transport, Timeout: keysTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now: time.Now, sets: map[string]*keySet{},
	}
}

// get is the keys of the set at url, with the one named id if there is one; whoever has to wait for them waits a moment only.
func (k *KeySets) get(ctx context.Context, url, id string) ([]publicKey, *Refusal) {
	k.mu.Lock()
	set := k.sets[url]
	if set == nil {
		k.makeRoom()
		set = &keySet{}
		k.sets[url] = set
	}
	now := k.now()
	set.used = now
	usable := len(set.keys) > 0 && now.Sub(set.fetched) < keysStale
	known := usable && (id == "" || set.has(id))
	since := now.Sub(set.attempted)
	due := !usable || now.Sub(set.fetched) >= keysFresh
	if set.fetching == nil && (due && (set.failure == nil || since >= keysRetry) || usable && !known && since >= keysUnknown) {
		set.fetching = make(chan struct{})
		set.attempted = now
		go k.fetch(url, set, set.fetching)
	}
	wait := set.fetching
	k.mu.Unlock()

	if !known && wait != nil {
		patience := time.NewTimer(keysPatience)
		defer patience.Stop()
		select {
		case <-wait:
		case <-patience.C:
			if !usable {
				return nil, keysAway(url, "jwks_slow", "the key set has not come within %s", keysPatience)
			}
		case <-ctx.Done():
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(set.keys) > 0 && now.Sub(set.fetched) < keysStale {
		return set.keys, nil
	}
	if set.failure != nil {
		return nil, set.failure.Copy()
	}
	return nil, keysAway(url, "jwks_slow", "the key set has not come yet")
}

func (s *keySet) has(id string) bool {
	for i := range s.keys {
		if s.keys[i].id == id {
			return true
		}
	}
	return false
}

// makeRoom drops the set that was not asked for the longest.
func (k *KeySets) makeRoom() {
	if len(k.sets) < maxKeySets {
		return
	}
	oldest := ""
	for url, set := range k.sets {
		if set.fetching == nil && (oldest == "" || set.used.Before(k.sets[oldest].used)) {
			oldest = url
		}
	}
	delete(k.sets, oldest)
}

func (k *KeySets) fetch(url string, set *keySet, done chan struct{}) {
	keys, failure := k.download(url)
	k.mu.Lock()
	defer k.mu.Unlock()
	if set.failure = failure; failure == nil {
		set.keys, set.fetched = keys, k.now()
	}
	set.fetching = nil
	close(done)
}

func (k *KeySets) download(url string) ([]publicKey, *Refusal) {
	// Not a request's context: the keys are for all who come.
	ctx, cancel := context.WithTimeout(context.Background(), keysTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, keysAway(url, "jwks_unreachable", "the address of the key set can not be used")
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := k.client.Do(request)
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return nil, keysAway(url, "jwks_forbidden", "the key set lies at an address that this server may not reach")
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return nil, keysAway(url, "jwks_slow", "the key set did not come within %s", keysTimeout)
	case err != nil:
		return nil, keysAway(url, "jwks_unreachable", "the key set can not be reached")
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, keysAway(url, "jwks_status", "the key set was answered with status %d", response.StatusCode).with("status", response.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxKeySet+1))
	switch {
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return nil, keysAway(url, "jwks_slow", "the key set did not come within %s", keysTimeout)
	case err != nil:
		return nil, keysAway(url, "jwks_unreachable", "the key set ended before all of it had come")
	case len(raw) > maxKeySet:
		return nil, keysAway(url, "jwks_too_large", "the key set is larger than %d bytes", maxKeySet).with("most", maxKeySet)
	}
	keys, err := parseKeySet(raw)
	if err != nil {
		return nil, keysAway(url, "jwks_invalid", "the key set is none: %s", err)
	}
	return keys, nil
}

func keysAway(url, why, format string, args ...any) *Refusal {
	r := refuse("MH_JWKS_AWAY", why, format, args...).with("jwks_url", short(url, 300))
	r.Status = http.StatusServiceUnavailable
	return r
}

// parseKeySet reads the public keys of a set; symmetric ones, those for encryption and those of kinds unknown are left out.
func parseKeySet(raw []byte) ([]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, errors.New("it is not JSON with a list of keys")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("it has %d keys, at most %d are taken", len(set.Keys), maxKeys)
	}
	var keys []publicKey
	for _, one := range set.Keys {
		if key, ok := parseJWK(one); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("it has no key that signatures can be checked with")
	}
	return keys, nil
}

func parseJWK(raw []byte) (publicKey, bool) {
	var marshal jwkset.JWKMarshal
	if json.Unmarshal(raw, &marshal) != nil || marshal.USE == "enc" {
		return publicKey{}, false
	}
	// A certificate is not asked for, least of all from somewhere else.
	marshal.X5U, marshal.X5C, marshal.X5T, marshal.X5TS256 = "", nil, "", ""
	jwk, err := jwkset.NewJWKFromMarshal(marshal, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return publicKey{}, false
	}
	key := publicKey{id: marshal.KID, key: jwk.Key()}
	switch public := key.key.(type) {
	case *rsa.PublicKey:
		return key, public.N.BitLen() >= 2048 && public.N.BitLen() <= 8192
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return key, true
	}
	return publicKey{}, false
}

// isJWK tells a JSON Web Key from other secrets.
func isJWK(value []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(value), []byte("{")) }
