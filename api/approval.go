package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/db"
)

// approvals answers one-time links. Opening one only asks: mail programs and chats open links to show a preview of them, and
// none of these may decide anything. The token is all the right there is, so it goes nowhere else.
type approvals struct {
	queries *db.Queries
	log     *slog.Logger
}

func newApprovals(pool *pgxpool.Pool, log *slog.Logger) *approvals {
	return &approvals{queries: db.New(pool), log: log}
}

// question is what a link asks, and how it stands.
type question struct {
	State    string `json:"state"` // open, used, closed, expired, unknown
	Title    string `json:"title"`
	Workflow string `json:"workflow"`
	Project  string `json:"project"`
	Approved *bool  `json:"approved"`
	Done     string `json:"-"` // what was answered just now
}

var approvalPage = template.Must(template.New("approval").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{if eq .State "open"}}Approval{{else}}Answered{{end}}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center }
main { max-width: 32rem; padding: 2rem }
h1 { font-size: 1.5rem; overflow-wrap: anywhere }
label, textarea { display: block; width: 100%; box-sizing: border-box; font: inherit }
textarea { margin: .25rem 0 1rem; padding: .5rem }
button { font: inherit; padding: .5rem 1.25rem; margin-right: .5rem; cursor: pointer }
</style>
</head>
<body><main>
{{- if .Done}}
<h1>{{.Done}}</h1>
<p>{{.Title}}</p>
<p>The answer is recorded. This page can be closed.</p>
{{- else if eq .State "open"}}
<p>{{.Project}} · {{.Workflow}}</p>
<h1>{{.Title}}</h1>
<form method="post">
<label for="note">Note (optional)</label>
<textarea id="note" name="note" rows="3" maxlength="2000"></textarea>
<button name="answer" value="approve">Approve</button>
<button name="answer" value="reject">Reject</button>
</form>
{{- else if eq .State "used"}}
<h1>This link has been used</h1>
<p>{{.Title}}</p>
<p>The answer was: {{if .Approved}}approved{{else}}rejected{{end}}.</p>
{{- else if eq .State "closed"}}
<h1>This is not asked any more</h1>
<p>{{.Title}}</p>
<p>It was answered in another way, or the time for it is over.</p>
{{- else if eq .State "expired"}}
<h1>This link has expired</h1>
<p>{{.Title}}</p>
<p>Ask whoever sent it for another one.</p>
{{- else}}
<h1>There is nothing at this address</h1>
{{- end}}
</main></body>
</html>
`))

// status maps how a link stands to an HTTP status.
func (q question) status() int {
	switch q.State {
	case "open":
		return http.StatusOK
	case "unknown":
		return http.StatusNotFound
	}
	return http.StatusGone
}

// show asks (GET); it changes nothing.
func (a *approvals) show(w http.ResponseWriter, r *http.Request, token string) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	q, err := a.read(ctx, token)
	if err != nil {
		a.failed(w, err)
		return
	}
	a.page(w, q.status(), q)
}

// answer takes the answer (POST).
func (a *approvals) answer(w http.ResponseWriter, r *http.Request, token string) {
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	answer := r.PostFormValue("answer")
	if answer != "approve" && answer != "reject" {
		http.Error(w, "Say answer=approve or answer=reject.", http.StatusBadRequest)
		return
	}
	if !tokenShape.MatchString(token) {
		a.page(w, http.StatusNotFound, question{State: "unknown"})
		return
	}
	err := a.queries.AnswerApproval(ctx, token, answer == "approve", strings.ToValidUTF8(strings.ReplaceAll(r.PostFormValue("note"), "\x00", ""), ""))
	var refused *pgconn.PgError
	if err != nil && !(errors.As(err, &refused) && (refused.Code == "MH404" || refused.Code == "MH409")) {
		a.failed(w, fmt.Errorf("answer an approval: %w", err))
		return
	}
	q, readErr := a.read(ctx, token)
	if readErr != nil {
		q = question{State: "used"}
	}
	switch {
	case err != nil:
		a.page(w, q.status(), q)
	case answer == "approve":
		q.Done = "Approved"
		a.page(w, http.StatusOK, q)
	default:
		q.Done = "Rejected"
		a.page(w, http.StatusOK, q)
	}
}

// tokenShape is what a token looks like; nothing else is worth asking the database about.
var tokenShape = regexp.MustCompile(`^[a-z2-7]{26}$`)

func (a *approvals) read(ctx context.Context, token string) (q question, err error) {
	if !tokenShape.MatchString(token) {
		return question{State: "unknown"}, nil
	}
	raw, err := a.queries.Approval(ctx, token)
	if err == nil {
		err = json.Unmarshal(raw, &q)
	}
	if err != nil {
		return question{}, fmt.Errorf("read an approval: %w", err)
	}
	return q, nil
}

func (a *approvals) page(w http.ResponseWriter, status int, q question) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Robots-Tag", "noindex, nofollow")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	if err := approvalPage.Execute(w, q); err != nil {
		a.log.Debug("approval page not sent", slog.Any("error", err))
	}
}

func (a *approvals) failed(w http.ResponseWriter, err error) {
	a.log.Warn("approval link not answered", slog.Any("error", err))
	w.Header().Set("Retry-After", "5")
	http.Error(w, "The database does not answer. Try again in a moment.", http.StatusServiceUnavailable)
}
