package door

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/profullstack/meshhook/api/door/signature"
)

// judge verifies a request over its raw bytes.
func (d *Door) judge(r *http.Request, ep *endpoint, body []byte) judgement {
	switch {
	case ep.broken != nil:
		return judgement{refusal: ep.broken.Copy()}
	case ep.verify.Spec.Handshake == "":
		if !ep.verify.Verifies() {
			return judgement{}
		}
		return judgement{refusal: ep.verify.Check(r.Context(), d.seen(r, body), ep.secrets, time.Now())}
	case ep.greets(r):
		greeting, refusal := metaChallenge(r.URL.Query(), ep.secrets, time.Now())
		return judgement{refusal: refusal, greeting: greeting}
	}
	if refusal := ep.verify.Check(r.Context(), d.seen(r, body), ep.secrets, time.Now()); refusal != nil {
		return judgement{refusal: refusal}
	}
	return judgement{greeting: handshake(ep.verify.Spec.Handshake, r, body)}
}

// seen is a request as its verification sees it.
func (d *Door) seen(r *http.Request, body []byte) *signature.Request {
	return &signature.Request{Method: r.Method, URL: d.base(r) + r.URL.RequestURI(), Header: r.Header, Body: body}
}

// evidence is what the verification of a refused request read. It is kept sealed, because it may hold good credentials, so
// that the request can be verified again once the endpoint's secrets are right.
type evidence struct {
	URL    string      `json:"url"`
	Header http.Header `json:"header"`
}

// look finds out more about a refused request that will be kept.
func (d *Door) look(r *http.Request, ep *endpoint, body []byte, j *judgement, now time.Time) {
	seen := d.seen(r, body)
	if ep.verify != nil {
		ep.verify.Explain(seen, ep.secrets, now, j.refusal)
	}
	raw, err := json.Marshal(evidence{URL: seen.URL, Header: seen.Header})
	if err != nil || !d.conf.Ring.HasKEK() {
		return // it can be replayed, but not verified again
	}
	id, err := ep.uuid()
	if err == nil {
		j.evidence, err = d.conf.Ring.SealEvidence(ep.project, id, body, raw)
	}
	if err != nil {
		d.conf.Log.Warn("what a refused request showed is not kept", slog.String("endpoint", ep.id), slog.Any("error", err))
	}
}
