package door

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/keyring"
)

// A request is verified again by the time at which it came, and by nothing but what was sealed beside its bytes.
func TestVerifyOne(t *testing.T) {
	ring, err := keyring.New(nil, bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	d := &Door{conf: Config{Ring: ring}, endpoints: &endpoints{ring: ring}}
	id, came := uuid.New(), time.Now().Add(-time.Hour)
	row := func(verify string) *db.TakeReevaluationsRow {
		raw, err := json.Marshal(evidence{URL: "https://h/hooks/t", Header: http.Header{"X-Sig": {"00"}, "X-Time": {strconv.FormatInt(came.Unix(), 10)}}})
		if err != nil {
			t.Fatal(err)
		}
		body := []byte(`{"type": 1}`)
		sealed, err := ring.SealEvidence(1, id, body, raw)
		if err != nil {
			t.Fatal(err)
		}
		return &db.TakeReevaluationsRow{
			ReceivedAt: came, Method: "POST", Body: body, Evidence: sealed,
			Endpoint: json.RawMessage(`{"id": "` + id.String() + `", "project": 1, "methods": ["POST"], "state": "active", "verify": ` + verify + `, "secrets": []}`),
		}
	}
	timed := `{"kind": "hmac", "header": "x-sig", "signed": "{timestamp}{body}", "timestamp_header": "x-time", "tolerance_ms": 60000}`
	expect := func(what string, row *db.TakeReevaluationsRow, want string) {
		t.Helper()
		got, err := d.verifyOne(t.Context(), row)
		if err != nil || !strings.HasPrefix(string(got), want) {
			t.Errorf("%s: %s %v, want %s", what, got, err, want)
		}
	}
	expect("by the time it came", row(timed), `{"verdict":"rejected","cause":"MH_SECRET_NONE"`)
	late := row(timed)
	late.ReceivedAt = time.Now()
	expect("by another", late, `{"verdict":"rejected","cause":"MH_TIMESTAMP_STALE"`)
	expect("nothing is verified any more", row(`{"kind": "none"}`), `null`)
	expect("a handshake", row(`{"kind": "none", "handshake": "discord"}`), `{"verdict":"ignored","cause":"MH_HANDSHAKE"`)
	expect("a preset that is gone", row(`{"kind": "acme"}`), `{"verdict":"rejected","cause":"MH_VERIFY_KIND"`)
	moved := row(timed)
	moved.Body = []byte("another")
	expect("beside another body", moved, `{"verdict":"rejected","cause":"MH_REQUEST_NO_EVIDENCE"`)
	gone := row(timed)
	gone.Endpoint = json.RawMessage("null")
	expect("the endpoint is gone", gone, `{"verdict":"rejected","cause":"MH_ENDPOINT_UNKNOWN"`)
	other, err := keyring.New(nil, bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	kept := row(timed)
	d.conf.Ring = other
	expect("with another KEK", kept, `{"verdict":"rejected","cause":"MH_REQUEST_NO_EVIDENCE"`)
}
