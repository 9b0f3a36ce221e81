// Package keyring seals and opens secrets. The database keeps ciphertext only: each project has data keys, wrapped by the
// key-encryption key (KEK) that lives in the environment of the processes that may read secrets, never in the database.
//
// A seal is AES-256-GCM with a random nonce. Its additional data names what is sealed (project, name and version, or project,
// endpoint and id), so that a row copied to another place does not open there.
package keyring

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db"
)

// How long an opened value is remembered: a changed or deleted secret is out of every process by then.
const remember = time.Minute

// maxSecret is the length of the longest value that can be sealed.
const maxSecret = 64 << 10

// Errors that callers tell apart. Neither they nor any other error of this package quotes a value.
var (
	ErrNoKEK     = errors.New("no key-encryption key: set MESHHOOK_KEK or MESHHOOK_KEK_FILE")
	ErrUnknown   = errors.New("no such secret")
	ErrWrongKEK  = errors.New("the data key was wrapped by another key-encryption key")
	ErrNotOpened = errors.New("the sealed value does not open: it was changed, or moved from where it belongs")
)

// Ring opens and seals with one KEK. A Ring without a KEK answers ErrNoKEK.
type Ring struct {
	queries *db.Queries
	kek     cipher.AEAD
	kekID   string
	raw     []byte

	mu      sync.Mutex
	keys    map[uuid.UUID]dataKey
	secrets map[secretName]opened
}

type dataKey struct {
	aead    cipher.AEAD
	project int32
}

type secretName struct {
	project int32
	name    string
}

type opened struct {
	value string
	err   error // ErrUnknown is remembered too, for a moment
	until time.Time
}

// New makes a ring over a database connection or pool. kek is 32 bytes, or nil for a process that has none.
func New(conn db.DBTX, kek []byte) (*Ring, error) {
	r := &Ring{queries: db.New(conn), keys: map[uuid.UUID]dataKey{}, secrets: map[secretName]opened{}}
	if kek == nil {
		return r, nil
	}
	aead, err := newAEAD(kek)
	if err != nil {
		return nil, fmt.Errorf("use key-encryption key: %w", err)
	}
	sum := sha256.Sum256(append([]byte("meshhook kek id\x00"), kek...))
	r.kek, r.kekID, r.raw = aead, hex.EncodeToString(sum[:8]), kek
	return r, nil
}

// HasKEK tells whether the ring can open anything.
func (r *Ring) HasKEK() bool { return r.kek != nil }

// Derive makes a 32-byte key for another purpose out of the KEK, the same in every process that has it.
func (r *Ring) Derive(purpose string) ([]byte, error) {
	if r.kek == nil {
		return nil, ErrNoKEK
	}
	return hkdf.Key(sha256.New, r.raw, nil, "meshhook "+purpose, 32)
}

// Secret is the value of a project's secret. It is remembered for at most a minute.
func (r *Ring) Secret(ctx context.Context, project int32, name string) (string, error) {
	if r.kek == nil {
		return "", ErrNoKEK
	}
	key := secretName{project, name}
	now := time.Now()
	r.mu.Lock()
	known, ok := r.secrets[key]
	r.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.value, known.err
	}
	row, err := r.queries.Secret(ctx, project, name)
	if errors.Is(err, pgx.ErrNoRows) {
		r.keep(key, opened{err: ErrUnknown, until: now.Add(time.Second)})
		return "", ErrUnknown
	}
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	value, err := r.open(ctx, project, row.KeyID, secretData(project, name, row.Version), row.Sealed)
	if err != nil {
		return "", err
	}
	r.keep(key, opened{value: string(value), until: now.Add(remember)})
	return string(value), nil
}

func (r *Ring) keep(key secretName, value opened) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.secrets) >= 10_000 {
		clear(r.secrets)
	}
	r.secrets[key] = value
}

// OpenEndpointSecret opens a signing secret of an endpoint.
func (r *Ring) OpenEndpointSecret(ctx context.Context, project int32, endpoint, id, key uuid.UUID, sealed []byte) ([]byte, error) {
	if r.kek == nil {
		return nil, ErrNoKEK
	}
	return r.open(ctx, project, key, endpointData(project, endpoint, id), sealed)
}

func (r *Ring) open(ctx context.Context, project int32, key uuid.UUID, data, sealed []byte) ([]byte, error) {
	dek, err := r.dataKey(ctx, key)
	if err != nil {
		return nil, err
	}
	if dek.project != project {
		return nil, ErrNotOpened
	}
	value, err := dek.aead.Open(nil, nil, sealed, data)
	if err != nil {
		return nil, ErrNotOpened
	}
	return value, nil
}

func (r *Ring) dataKey(ctx context.Context, id uuid.UUID) (dataKey, error) {
	r.mu.Lock()
	known, ok := r.keys[id]
	r.mu.Unlock()
	if ok {
		return known, nil
	}
	row, err := r.queries.DataKey(ctx, id)
	if err != nil {
		return dataKey{}, fmt.Errorf("read data key: %w", err)
	}
	dek, err := r.unwrap(id, row.Project, row.Kek, row.Wrapped)
	if err != nil {
		return dataKey{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) >= 10_000 {
		clear(r.keys)
	}
	r.keys[id] = dek
	return dek, nil
}

func (r *Ring) unwrap(id uuid.UUID, project int32, kekID string, wrapped []byte) (dataKey, error) {
	if kekID != r.kekID {
		return dataKey{}, ErrWrongKEK
	}
	raw, err := r.kek.Open(nil, nil, wrapped, keyData(project, id))
	if err != nil {
		return dataKey{}, ErrNotOpened
	}
	aead, err := newAEAD(raw)
	if err != nil {
		return dataKey{}, fmt.Errorf("use data key: %w", err)
	}
	return dataKey{aead: aead, project: project}, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("a key has 32 bytes, this has %d", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func randomKey() []byte {
	key := make([]byte, 32)
	rand.Read(key) // never fails: crypto/rand ends the program rather than answer with less
	return key
}

// Additional data. The kind stands first and each part has a fixed alphabet without "|", so no two places read the same.
func keyData(project int32, id uuid.UUID) []byte {
	return []byte("key|" + strconv.Itoa(int(project)) + "|" + id.String())
}

func secretData(project int32, name string, version int32) []byte {
	return []byte("secret|" + strconv.Itoa(int(project)) + "|" + name + "|" + strconv.Itoa(int(version)))
}

func endpointData(project int32, endpoint, id uuid.UUID) []byte {
	return []byte("endpoint|" + strconv.Itoa(int(project)) + "|" + endpoint.String() + "|" + id.String())
}
