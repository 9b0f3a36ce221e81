package door

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/profullstack/meshhook/api/door/signature"
	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/keyring"
)

// remember is how long an endpoint is believed without asking: what is committed takes effect within it on every node.
const remember = time.Second

// endpoint is what the door knows of one, ready to be used.
type endpoint struct {
	id       string
	project  int32
	methods  []string
	allow    string // for the Allow header
	maxBody  int64
	state    string
	verify   *signature.Verification // nil when broken says why
	broken   *signature.Refusal      // why nothing can be verified, so nothing enters
	secrets  []signature.Secret
	wait     bool
	waitTime time.Duration
	networks []netip.Prefix // where senders must be; none: anywhere
	rated    bool           // it or its project has a rate
}

// endpoints remembers endpoints by token; unknown tokens too, so that guessing costs the database little.
type endpoints struct {
	queries *db.Queries
	ring    *keyring.Ring
	keys    *signature.KeySets
	log     *slog.Logger
	stale   bool // while the database is away, an endpoint is believed as it was last known

	mu    sync.RWMutex
	known map[string]*entry
	asked map[string]*question
}

type entry struct {
	endpoint *endpoint // nil: unknown
	until    time.Time
}

// question is one look-up that several requests wait for.
type question struct {
	done     chan struct{}
	endpoint *endpoint
	err      error
}

const mostKnown = 50_000

// get is the endpoint with the token, nil when there is none. Whoever must ask waits no longer than patience.
func (e *endpoints) get(ctx context.Context, token string) (*endpoint, error) {
	if !isToken(token) {
		return nil, nil
	}
	e.mu.RLock()
	known := e.known[token]
	e.mu.RUnlock()
	if known != nil && time.Now().Before(known.until) {
		return known.endpoint, nil
	}
	e.mu.Lock()
	q := e.asked[token]
	if q == nil {
		q = &question{done: make(chan struct{})}
		e.asked[token] = q
		go e.ask(token, q)
	}
	e.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	select {
	case <-q.done:
		if err = q.err; err == nil {
			return q.endpoint, nil
		}
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if e.stale && known != nil && !isRefusal(err) {
		return known.endpoint, nil
	}
	return nil, err
}

func (e *endpoints) ask(token string, q *question) {
	// The answer is for all who wait, so no single caller's end may end it.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	began := time.Now() // what is committed after this moment may be missing from the answer
	q.endpoint, q.err = e.load(ctx, token)
	e.mu.Lock()
	delete(e.asked, token)
	if q.err == nil {
		if len(e.known) >= mostKnown {
			clear(e.known)
		}
		e.known[token] = &entry{endpoint: q.endpoint, until: began.Add(remember)}
	}
	e.mu.Unlock()
	close(q.done)
}

func (e *endpoints) load(ctx context.Context, token string) (*endpoint, error) {
	raw, err := e.queries.Endpoint(ctx, token)
	if err != nil {
		return nil, fmt.Errorf("read endpoint: %w", err)
	}
	return e.read(ctx, raw)
}

// read makes an endpoint ready to be used; nil when there is none.
func (e *endpoints) read(ctx context.Context, raw json.RawMessage) (*endpoint, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	var row struct {
		ID      string          `json:"id"`
		Project int32           `json:"project"`
		Methods []string        `json:"methods"`
		MaxBody int64           `json:"max_body"`
		State   string          `json:"state"`
		Verify  json.RawMessage `json:"verify"`
		CIDRs   []netip.Prefix  `json:"cidrs"`
		Rated   bool            `json:"rated"`
		Respond struct {
			Mode      string `json:"mode"`
			TimeoutMS int64  `json:"timeout_ms"`
		} `json:"respond"`
		Secrets []struct {
			ID         uuid.UUID  `json:"id"`
			Key        uuid.UUID  `json:"key"`
			Sealed     string     `json:"sealed"`
			ValidFrom  *time.Time `json:"valid_from"`
			ValidUntil *time.Time `json:"valid_until"`
		} `json:"secrets"`
	}
	if err := json.Unmarshal(raw, &row); err != nil {
		return nil, fmt.Errorf("read endpoint: %w", err)
	}
	id, err := uuid.Parse(row.ID)
	if err != nil {
		return nil, fmt.Errorf("read endpoint: %w", err)
	}
	ep := &endpoint{
		id: row.ID, project: row.Project, methods: row.Methods, allow: strings.Join(row.Methods, ", "),
		maxBody: min(row.MaxBody, mostBody), state: row.State, networks: row.CIDRs, rated: row.Rated,
		wait:     row.Respond.Mode == "wait",
		waitTime: min(time.Duration(row.Respond.TimeoutMS)*time.Millisecond, time.Minute),
	}
	if ep.verify, ep.broken = signature.Parse(row.Verify, e.keys); ep.verify == nil || !ep.verify.Verifies() {
		return ep, nil
	}
	for _, s := range row.Secrets {
		// PostgreSQL breaks base64 into lines.
		sealed, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(s.Sealed, "\n", ""))
		if err != nil {
			return nil, fmt.Errorf("read endpoint secret %s: %w", s.ID, err)
		}
		value, err := e.ring.OpenEndpointSecret(ctx, row.Project, id, s.ID, s.Key, sealed)
		if err != nil {
			if db.IsUnavailable(err) || ctx.Err() != nil {
				return nil, fmt.Errorf("open endpoint secret %s: %w", s.ID, err)
			}
			// One secret that does not open must not silence the others.
			e.log.Error("a signing secret does not open", slog.String("endpoint", row.ID), slog.String("secret", s.ID.String()), slog.Any("error", err))
		}
		opened := signature.Secret{ID: s.ID.String(), Value: value, Sealed: err != nil}
		if s.ValidFrom != nil {
			opened.From = *s.ValidFrom
		}
		if s.ValidUntil != nil {
			opened.Until = *s.ValidUntil
		}
		ep.secrets = append(ep.secrets, opened)
	}
	ep.secrets = ep.verify.Prepare(ep.secrets)
	return ep, nil
}

func (ep *endpoint) takes(method string) bool { return slices.Contains(ep.methods, method) }

func (ep *endpoint) uuid() (uuid.UUID, error) { return uuid.Parse(ep.id) }

// marks are the places of a request that carry its credential; nil when nothing is verified.
func (ep *endpoint) marks() *signature.Marks {
	if ep.verify == nil {
		return nil
	}
	return &ep.verify.Marks
}

// isToken tells whether text can be a token, or a project and an alias, at all; whatever else comes needs no look-up.
func isToken(text string) bool {
	project, alias, named := strings.Cut(text, "/")
	if named {
		return len(project) <= 100 && len(alias) <= 100 && isName(project) && isName(alias)
	}
	return len(text) >= 16 && len(text) <= 64 && isName(text) && !strings.ContainsAny(text, "._-")
}

func isName(text string) bool {
	for i := range len(text) {
		if b := text[i]; (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '.' && b != '_' && b != '-' {
			return false
		}
	}
	return text != ""
}
