package door

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// response is what a respond node said.
type response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// parseResponse reads it; nil when nothing was said.
func parseResponse(raw json.RawMessage) *response {
	var r *response
	if len(raw) == 0 || json.Unmarshal(raw, &r) != nil || r == nil || r.Status < 200 || r.Status > 599 {
		return nil
	}
	return r
}

// forbidden are headers that belong to the transport, or that speak for the whole host. Publishing refuses them already; a
// version that was published before a name came onto the list has none of its own way.
var forbidden = map[string]bool{
	"Connection": true, "Content-Length": true, "Content-Encoding": true, "Host": true, "Keep-Alive": true, "Proxy-Authenticate": true,
	"Proxy-Authorization": true, "Proxy-Connection": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
	"Set-Cookie": true, "Set-Cookie2": true, "Strict-Transport-Security": true, "Clear-Site-Data": true, "Alt-Svc": true,
	"Service-Worker-Allowed": true, "Content-Security-Policy": true, "X-Content-Type-Options": true,
}

// write sends the answer. A string is sent as it stands, anything else as JSON; the node's own Content-Type wins. Whatever it
// claims to be, it runs in no browser as a page of this host: the console lives here too.
func (a *response) write(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	for name, value := range a.Headers {
		if name = http.CanonicalHeaderKey(name); !forbidden[name] {
			header.Set(name, value) // the server writes no line break that stands in a value
		}
	}
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	body, kind := []byte(nil), ""
	switch {
	case len(a.Body) == 0 || string(a.Body) == "null":
	case a.Body[0] == '"':
		var text string
		if json.Unmarshal(a.Body, &text) == nil {
			body, kind = []byte(text), "text/plain; charset=utf-8"
		}
	default:
		var compact bytes.Buffer
		if json.Compact(&compact, a.Body) == nil {
			body, kind = compact.Bytes(), "application/json"
		}
	}
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified || a.Status == http.StatusResetContent {
		body, kind = nil, ""
	}
	if header.Get("Content-Type") == "" && kind != "" {
		header.Set("Content-Type", kind)
	}
	if kind == "" {
		header.Del("Content-Type")
	}
	if a.Status != http.StatusNoContent && a.Status != http.StatusNotModified {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(body)
}
