package worker

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// outgoing is a request ready to be sent, and what must not follow a redirect to another host.
type outgoing struct {
	request *http.Request
	body    []byte
	private []string // names of headers that carry credentials
	inURL   bool     // the url carries one
	inBody  bool     // the body carries one
	ownGzip bool     // we asked for gzip, so we undo it
}

// build makes the HTTP request of an item. Errors are *CallError.
func (c *Caller) build(ctx context.Context, item *Item, scrub *scrubber, fresh bool) (*outgoing, error) {
	request := item.Request
	if len(request.Secrets) > 0 {
		// The fields are copied as far as they are written to: the item keeps its references.
		request.Headers = cloneMap(request.Headers)
		request.Query = cloneMap(request.Query)
		if err := c.fill(ctx, item, &request, scrub); err != nil {
			return nil, err
		}
	}
	out := &outgoing{}
	var isJSON bool
	var err error
	if out.body, isJSON, err = encodeBody(request.Body); err != nil {
		return nil, failf("internal", "MH_CALL_BODY", "the body can not be encoded")
	}
	method := request.Method
	if method == "" {
		method = http.MethodGet
	}
	var reader *bytes.Reader
	if out.body != nil {
		reader = bytes.NewReader(out.body)
		out.request, err = http.NewRequestWithContext(ctx, method, request.URL, reader)
	} else {
		out.request, err = http.NewRequestWithContext(ctx, method, request.URL, nil)
	}
	if err != nil || out.request.URL.Host == "" || !isHTTP(out.request.URL) {
		// The cause would quote the url, which may hold a secret by now.
		return nil, failf("internal", "MH_CALL_URL", "%s is no http or https address", item.Request.URL)
	}
	if err := addQuery(out.request.URL, request.Query); err != nil {
		return nil, err
	}
	header := out.request.Header
	for name, raw := range request.Headers {
		value, ok := scalar(raw)
		if !ok {
			continue
		}
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, failf("internal", "MH_CALL_HEADER", "header %q has a name or value that HTTP can not carry", name)
		}
		header.Set(name, value)
	}
	if isJSON && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	if user := out.request.URL.User; user != nil {
		password, _ := user.Password()
		if header.Get("Authorization") == "" {
			out.request.SetBasicAuth(user.Username(), password)
		}
		scrub.add(password)
		out.request.URL.User = nil
	}
	if err := c.authorize(ctx, item, request.Auth, out.request, scrub, fresh); err != nil {
		return nil, err
	}
	key := item.Key
	if key == "" {
		key = "mh_" + item.Run + "_" + item.Step
	}
	if err := sign(request.Sign, key, out.body, time.Now(), header, scrub); err != nil {
		return nil, err
	}
	setDefault(header, "Idempotency-Key", key)
	setDefault(header, "User-Agent", c.agent)
	setDefault(header, "Traceparent", traceparent(item.Run))
	if header.Get("Accept-Encoding") == "" && header.Get("Range") == "" && method != http.MethodHead {
		header.Set("Accept-Encoding", "gzip")
		out.ownGzip = true
	}
	if c.invalidHeader(header) {
		return nil, failf("secret", "MH_CALL_HEADER", "a credential holds characters that an HTTP header can not carry")
	}
	out.note(item, request.Auth)
	return out, nil
}

// note remembers where credentials stand, for redirects.
func (o *outgoing) note(item *Item, rawAuth json.RawMessage) {
	o.private = []string{"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "Webhook-Signature"}
	for _, at := range item.Request.Secrets {
		if len(at.Path) == 0 {
			continue
		}
		switch at.Path[0] {
		case "url", "query":
			o.inURL = true
		case "body":
			o.inBody = true
		case "headers":
			if name, ok := at.Path[min(1, len(at.Path)-1)].(string); ok {
				o.private = append(o.private, name)
			}
		}
	}
	var a auth
	if !isNull(rawAuth) && json.Unmarshal(rawAuth, &a) == nil && a.Type == "api_key" {
		if a.In == "query" {
			o.inURL = true
		} else {
			o.private = append(o.private, a.Name)
		}
	}
}

func (c *Caller) invalidHeader(header http.Header) bool {
	for name, values := range header {
		if !httpguts.ValidHeaderFieldName(name) || slices.ContainsFunc(values, func(v string) bool { return !httpguts.ValidHeaderFieldValue(v) }) {
			return true
		}
	}
	return false
}

func isHTTP(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "https" }

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

func cloneMap(m map[string]json.RawMessage) map[string]json.RawMessage {
	clone := make(map[string]json.RawMessage, len(m))
	for k, v := range m {
		clone[k] = v
	}
	return clone
}

// encodeBody makes the bytes of a body: a string is sent as it is, any other JSON in its compact form.
func encodeBody(raw json.RawMessage) (body []byte, isJSON bool, err error) {
	if isNull(raw) {
		return nil, false, nil
	}
	if raw[0] == '"' {
		var text string
		err = json.Unmarshal(raw, &text)
		return []byte(text), false, err
	}
	var out bytes.Buffer
	out.Grow(len(raw))
	err = json.Compact(&out, raw)
	return out.Bytes(), true, err
}

// scalar is the text of a JSON string, number or boolean; false for null and for what has no text.
func scalar(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 {
		return "", false
	}
	switch raw[0] {
	case '"':
		var text string
		return text, json.Unmarshal(raw, &text) == nil
	case 'n', '{', '[':
		return "", false
	}
	return string(raw), true
}

func addQuery(u *url.URL, query map[string]json.RawMessage) error {
	if len(query) == 0 {
		return nil
	}
	values := url.Values{}
	for name, raw := range query {
		if text, ok := scalar(raw); ok {
			values.Add(name, text)
			continue
		}
		var list []json.RawMessage
		if isNull(raw) || json.Unmarshal(raw, &list) != nil {
			if isNull(raw) {
				continue
			}
			return failf("internal", "MH_CALL_QUERY", "query value %q is neither a scalar nor an array of them", name)
		}
		for _, element := range list {
			if text, ok := scalar(element); ok {
				values.Add(name, text)
			}
		}
	}
	if u.RawQuery != "" && len(values) > 0 {
		u.RawQuery += "&"
	}
	u.RawQuery += values.Encode()
	return nil
}

func setDefault(header http.Header, name, value string) {
	if header.Get(name) == "" && httpguts.ValidHeaderFieldValue(value) {
		header.Set(name, value)
	}
}

// traceparent names the run as the trace and gives the attempt a span of its own.
func traceparent(run string) string {
	trace := strings.ReplaceAll(run, "-", "")
	if len(trace) != 32 {
		trace = "00000000000000000000000000000001"
	}
	var span [8]byte
	for n := rand.Uint64() | 1; n != 0; n >>= 8 {
		copy(span[1:], span[:7])
		span[0] = byte(n)
	}
	return "00-" + trace + "-" + hex.EncodeToString(span[:]) + "-01"
}
