package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/api/door/signature"
	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/keyring"
)

// secretVariable is where send looks for a signing secret that was not given otherwise.
const secretVariable = "MESHHOOK_SEND_SECRET"

// target is where a webhook goes and how it is signed.
type target struct {
	url    string
	recipe signature.Spec
	secret []byte
}

// answer is what the door said.
type answer struct {
	Status int             `json:"status"`
	TookMS float64         `json:"took_ms"`
	Body   json.RawMessage `json:"body"`

	took time.Duration
}

type sendOptions struct {
	data, file, contentType, base, recipe string
	headers                               []string
	secretStdin, unsigned                 bool
	repeat                                int
}

func newSendCommand(a *app) *cobra.Command {
	var o sendOptions
	c := &cobra.Command{
		Use:   "send ENDPOINT | URL",
		Short: "Send a webhook, signed as its endpoint asks",
		Long: "Sends a webhook to an endpoint (its name, PROJECT/NAME or id) or to a URL, and prints the answer.\n" +
			"It is signed as the endpoint verifies (its preset's recipe, a token, a password), with the first secret found:\n" +
			"--secret-stdin, $" + secretVariable + ", or the endpoint's own, where this machine has the key-encryption key (as with\n" +
			"meshhook dev). Where the endpoint has a public key, the secret is the private one (PEM, PKCS #8).\n" +
			"Exit code 1 when an answer is not 2xx, 3 when nobody answers.",
		Example: "  meshhook send order-paid --data '{\"id\": \"A-1001\", \"amount\": 250}'\n" +
			"  meshhook send https://hooks.example/hooks/abc --file order.json --secret-stdin < secret.txt",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if o.repeat < 1 {
				return usagef("--repeat is at least 1, not %d", o.repeat)
			}
			body, err := a.sendBody(o)
			if err != nil {
				return err
			}
			to, err := a.target(c.Context(), args[0], o)
			if err != nil {
				return err
			}
			return a.send(c.Context(), to, body, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.data, "data", "", "body; @file and - (standard input) work too")
	f.StringVar(&o.file, "file", "", "file that is the body")
	f.StringVar(&o.contentType, "content-type", "application/json", "content type of the body")
	f.StringArrayVar(&o.headers, "header", nil, "another header, as 'Name: value'; may be repeated")
	f.StringVar(&o.base, "url", "", "where the door is (default: $MESHHOOK_BASE_URL, or the meshhook dev that runs here)")
	f.StringVar(&o.recipe, "verify", "", "how a URL verifies, as JSON, when the database at hand does not know it")
	f.BoolVar(&o.secretStdin, "secret-stdin", false, "read the signing secret from standard input")
	f.BoolVar(&o.unsigned, "unsigned", false, "send without a signature")
	f.IntVar(&o.repeat, "repeat", 1, "how often to send it, one after the other")
	return c
}

func (a *app) sendBody(o sendOptions) ([]byte, error) {
	switch {
	case o.data != "" && o.file != "":
		return nil, usagef("--data or --file, not both")
	case o.file != "":
		return a.readValue("@" + o.file)
	case o.data == "-" && o.secretStdin:
		return nil, usagef("standard input is either the body or the secret")
	case o.data == "":
		return []byte("{}"), nil
	}
	return a.readValue(o.data)
}

func (a *app) send(ctx context.Context, to target, body []byte, o sendOptions) error {
	refused := false
	for range o.repeat {
		request, err := to.request(ctx, body, o.contentType, time.Now())
		if err != nil {
			return err
		}
		for _, header := range o.headers {
			name, value, ok := strings.Cut(header, ":")
			if !ok {
				return usagef("--header is 'Name: value', not %q", header)
			}
			request.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
		got, err := deliverWebhook(request)
		if err != nil {
			return fmt.Errorf("send webhook: %w", err)
		}
		refused = refused || got.Status < 200 || got.Status > 299
		if a.json {
			err = writeJSON(a.out, got)
		} else {
			_, err = fmt.Fprintln(a.out, got.line(newPaint(a.out)))
		}
		if err != nil {
			return err
		}
	}
	if refused {
		return exitError{exitFailed}
	}
	return nil
}

// line is the answer for people.
func (g answer) line(p paint) string {
	status := fmt.Sprintf("%d %s", g.Status, http.StatusText(g.Status))
	if g.Status >= 200 && g.Status <= 299 {
		status = p.green(status)
	} else {
		status = p.red(status)
	}
	return fmt.Sprintf("%s in %s  %s", status, span(g.took), compact(g.Body))
}

// request is the webhook ready to be sent: signed for this moment.
func (t target) request(ctx context.Context, body []byte, contentType string, now time.Time) (*http.Request, error) {
	signed := signature.Request{Method: http.MethodPost, URL: t.url, Body: body, Header: http.Header{}}
	signed.Header.Set("Content-Type", contentType)
	signed.Header.Set("User-Agent", "meshhook-send/"+version())
	if t.signs() {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make webhook id: %w", err)
		}
		if err := sign(t.recipe, &signed, t.secret, id.String(), now); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, signed.URL, bytes.NewReader(body))
	if err != nil {
		return nil, usagef("make request: %w", err)
	}
	r.Header = signed.Header
	return r, nil
}

// deliverWebhook sends a request and reads the whole answer.
func deliverWebhook(r *http.Request) (answer, error) {
	begun := time.Now()
	client := &http.Client{Timeout: 90 * time.Second}
	response, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return answer{}, fmt.Errorf("read answer: %w", err)
	}
	took := time.Since(begun)
	raw := json.RawMessage(bytes.TrimSpace(text))
	if !json.Valid(raw) {
		if raw, err = json.Marshal(string(text)); err != nil {
			return answer{}, err
		}
	}
	return answer{response.StatusCode, float64(took.Microseconds()) / 1000, raw, took}, nil
}

// target finds where to send and how to sign.
func (a *app) target(ctx context.Context, name string, o sendOptions) (target, error) {
	var to target
	if o.recipe != "" {
		if err := json.Unmarshal([]byte(o.recipe), &to.recipe); err != nil {
			return to, usagef("--verify is not JSON: %w", err)
		}
	}
	secret, err := a.givenSecret(o)
	if err != nil {
		return to, err
	}
	to.secret = secret
	isURL := strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://")
	if isURL {
		to.url = name
	}
	if isURL && (o.unsigned || to.recipe.Kind == "none" || to.recipe.Kind != "" && secret != nil) {
		return to.unsigned(o.unsigned), nil // nothing to be asked of a database
	}
	pool, err := a.open(ctx)
	if err != nil {
		if isURL {
			return to, fmt.Errorf("who knows how %s verifies? Give --verify and a secret, or --unsigned: %w", name, err)
		}
		return to, err
	}
	defer pool.Close()

	token := ""
	if isURL {
		u, err := url.Parse(name)
		if err != nil {
			return to, usagef("read url: %w", err)
		}
		token = path.Base(u.Path)
	} else if token, err = endpointToken(ctx, pool, name); err != nil {
		return to, err
	}
	if !isURL {
		base := o.base
		if base == "" {
			base = a.doorURL()
		}
		to.url = strings.TrimRight(base, "/") + "/hooks/" + token
	}
	known, err := readEndpoint(ctx, pool, token)
	if err != nil {
		return to, err
	}
	if to.recipe.Kind == "" {
		to.recipe = known.Verify
	}
	if to.signs() && to.secret == nil && !o.unsigned {
		if to.secret, err = a.ownSecret(ctx, pool, known); err != nil {
			return to, err
		}
	}
	return to.unsigned(o.unsigned), nil
}

// signs tells whether the target verifies anything.
func (t target) signs() bool { return t.recipe.Kind != "" && t.recipe.Kind != "none" }

func (t target) unsigned(yes bool) target {
	if yes {
		t.recipe = signature.Spec{Kind: "none"}
	}
	return t
}

// givenSecret is the secret that the caller brought; nil when there is none.
func (a *app) givenSecret(o sendOptions) ([]byte, error) {
	if !o.secretStdin {
		if value := os.Getenv(secretVariable); value != "" {
			return []byte(value), nil
		}
		return nil, nil
	}
	content, err := io.ReadAll(a.in)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	content = bytes.TrimRight(content, "\r\n")
	if len(content) == 0 {
		return nil, usagef("standard input holds no secret")
	}
	return content, nil
}

// endpointToken finds an endpoint by name, PROJECT/NAME or id.
func endpointToken(ctx context.Context, pool *pgxpool.Pool, name string) (string, error) {
	project, bare, qualified := strings.Cut(name, "/")
	if !qualified {
		project, bare = "", name
	}
	rows, err := pool.Query(ctx, "select path from meshhook.endpoint_list where (name = $1 or id::text = $1) and ($2 = '' or project = $2)", bare, project)
	if err != nil {
		return "", fmt.Errorf("find endpoint: %w", err)
	}
	paths, err := pgx.CollectRows(rows, pgx.RowTo[*string])
	switch {
	case err != nil:
		return "", fmt.Errorf("find endpoint: %w", err)
	case len(paths) == 0:
		return "", fmt.Errorf("there is no endpoint %s that you can see (select project, name from meshhook.endpoint_list)", name)
	case len(paths) > 1:
		return "", usagef("%d endpoints are named %s; say PROJECT/%s", len(paths), bare, bare)
	case paths[0] == nil:
		return "", fmt.Errorf("the URL of endpoint %s is for those who may edit its project", name)
	}
	return path.Base(*paths[0]), nil
}

// endpoint is what the door is told of an endpoint.
type endpoint struct {
	ID      uuid.UUID      `json:"id"`
	Project int32          `json:"project"`
	Name    string         `json:"name"`
	Verify  signature.Spec `json:"verify"`
	Secrets []struct {
		ID         uuid.UUID  `json:"id"`
		Key        uuid.UUID  `json:"key"`
		Sealed     string     `json:"sealed"`
		ValidFrom  *time.Time `json:"valid_from"`
		ValidUntil *time.Time `json:"valid_until"`
	} `json:"secrets"`
}

func readEndpoint(ctx context.Context, conn db.DBTX, token string) (endpoint, error) {
	raw, err := db.New(conn).Endpoint(ctx, token)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (len(raw) == 0 || string(raw) == "null") {
		return endpoint{}, errors.New("this database knows no endpoint with that token")
	}
	if err != nil {
		return endpoint{}, fmt.Errorf("read endpoint: %w", err)
	}
	var e endpoint
	if err := json.Unmarshal(raw, &e); err != nil {
		return endpoint{}, fmt.Errorf("read endpoint: %w", err)
	}
	return e, nil
}

// ownSecret opens a live secret of the endpoint with the key-encryption key of this machine.
func (a *app) ownSecret(ctx context.Context, pool *pgxpool.Pool, e endpoint) ([]byte, error) {
	ring, err := a.machineRing(pool)
	if err != nil {
		return nil, err
	}
	secret, err := openSecret(ctx, ring, e)
	if err != nil {
		return nil, fmt.Errorf("sign for endpoint %s (give the secret with --secret-stdin or $%s): %w", e.Name, secretVariable, err)
	}
	return secret, nil
}

// openSecret is the newest live secret of the endpoint that the ring opens.
func openSecret(ctx context.Context, ring *keyring.Ring, e endpoint) ([]byte, error) {
	problem := errors.New("it has no live secret")
	now := time.Now()
	for _, s := range e.Secrets {
		if s.ValidFrom != nil && s.ValidFrom.After(now) || s.ValidUntil != nil && !s.ValidUntil.After(now) {
			continue
		}
		sealed, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(s.Sealed, "\n", ""))
		if err != nil {
			return nil, fmt.Errorf("read sealed secret: %w", err)
		}
		value, err := ring.OpenEndpointSecret(ctx, e.Project, e.ID, s.ID, s.Key, sealed)
		if err == nil {
			return value, nil
		}
		problem = err
	}
	return nil, problem
}
