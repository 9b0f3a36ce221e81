package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
)

// How often listen looks for new requests, and how far back it looks again for those whose commit came late.
const (
	listenEvery = 300 * time.Millisecond
	listenBack  = 10 * time.Second
)

// received is a row of meshhook.requests_after.
type received struct {
	ID         uuid.UUID
	ReceivedAt time.Time
	Verdict    string
	Cause      *string
	Method     string
	Query      json.RawMessage
	Headers    json.RawMessage
	Body       []byte
}

func newListenCommand(a *app) *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "listen ENDPOINT",
		Short: "Show requests at an endpoint as they come, and forward each to a local address",
		Long: "Every request that comes in at the endpoint, whatever its verdict, is shown as it comes. With --to each is sent on with its\n" +
			"method, query, headers and bytes, and the answer is shown. Workflows run as always. Headers that carry credentials are kept\n" +
			"masked, so a local program cannot check a signature by them.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var target *url.URL
			if to != "" {
				var err error
				if target, err = url.Parse(to); err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
					return usagef("--to takes an address such as http://localhost:3000/hook, not %q", to)
				}
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			endpoint, _, err := findEndpoint(c.Context(), pool, args[0])
			if err != nil {
				return err
			}
			return a.listen(c.Context(), pool, endpoint, target)
		},
	}
	c.Flags().StringVar(&to, "to", "", "address to forward to")
	return c
}

func (a *app) listen(ctx context.Context, pool *pgxpool.Pool, endpoint uuid.UUID, to *url.URL) error {
	began, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id to begin from: %w", err)
	}
	a.progress("listening; Ctrl-C ends it")
	client := &http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	after := began
	seen := map[uuid.UUID]time.Time{}
	ticker := time.NewTicker(listenEvery)
	defer ticker.Stop()
	for {
		rows, err := pool.Query(ctx, "select * from meshhook.requests_after($1, $2)", endpoint, after)
		if err == nil {
			var came []received
			if came, err = pgx.CollectRows(rows, pgx.RowToStructByPos[received]); err == nil {
				for i := range came {
					if _, known := seen[came[i].ID]; known {
						continue
					}
					seen[came[i].ID] = time.Now()
					if err := a.tellRequest(ctx, client, &came[i], to); err != nil {
						return err
					}
				}
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for requests: %w", err)
		}
		after = lookBack(began, time.Now().Add(-listenBack))
		for id, at := range seen {
			if time.Since(at) > 2*listenBack {
				delete(seen, id)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// lookBack is the smallest id of a moment, but none before the beginning.
func lookBack(began uuid.UUID, at time.Time) uuid.UUID {
	var id uuid.UUID
	for i, ms := 0, at.UnixMilli(); i < 6; i++ {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6], id[8] = 0x70, 0x80
	if bytes.Compare(id[:], began[:]) < 0 {
		return began
	}
	return id
}

// tellRequest shows a request and, when it goes somewhere, what came of that.
func (a *app) tellRequest(ctx context.Context, client *http.Client, r *received, to *url.URL) error {
	shown := struct {
		ID       uuid.UUID `json:"id"`
		At       time.Time `json:"at"`
		Method   string    `json:"method"`
		Verdict  string    `json:"verdict"`
		Cause    string    `json:"cause,omitempty"`
		Bytes    int       `json:"bytes"`
		Answered string    `json:"answered,omitempty"`
	}{ID: r.ID, At: r.ReceivedAt, Method: r.Method, Verdict: r.Verdict, Bytes: len(r.Body)}
	if r.Cause != nil {
		shown.Cause = *r.Cause
	}
	if to != nil {
		shown.Answered = forward(ctx, client, r, to)
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(shown)
	}
	line := fmt.Sprintf("%s  %s  %-6s %-9s %6d B", r.ReceivedAt.Local().Format("15:04:05.000"), r.ID, r.Method, r.Verdict, len(r.Body))
	for _, more := range []string{shown.Cause, shown.Answered} {
		if more != "" {
			line += "  " + more
		}
	}
	_, err := fmt.Fprintln(a.out, line)
	return err
}

// forward sends a request on and says how it was answered.
func forward(ctx context.Context, client *http.Client, r *received, to *url.URL) string {
	target := *to
	query := target.Query()
	var values map[string]any
	if len(r.Query) > 0 && json.Unmarshal(r.Query, &values) == nil {
		for name, value := range values {
			if list, ok := value.([]any); ok {
				for _, v := range list {
					query.Add(name, fmt.Sprint(v))
				}
				continue
			}
			query.Add(name, fmt.Sprint(value))
		}
	}
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, r.Method, target.String(), bytes.NewReader(r.Body))
	if err != nil {
		return err.Error()
	}
	var headers map[string]string
	if err := json.Unmarshal(r.Headers, &headers); err != nil {
		return "its headers cannot be read: " + err.Error()
	}
	for name, value := range headers {
		switch strings.ToLower(name) {
		case "host", "connection", "content-length", "transfer-encoding", "keep-alive", "upgrade", "te", "trailer":
		default:
			request.Header.Set(name, value)
		}
	}
	request.Header.Set("X-MeshHook-Request", r.ID.String())
	response, err := client.Do(request)
	if err != nil {
		return "not forwarded: " + err.Error()
	}
	response.Body.Close()
	return fmt.Sprintf("%s answered %s", to.Host, response.Status)
}
