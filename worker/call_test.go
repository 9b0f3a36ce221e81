package worker_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profullstack/meshhook/worker"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func TestCallSendsWhatTheNodeSays(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"ok":true}`)
	}))
	defer server.Close()
	result := newCaller(t, nil).Do(t.Context(), item(t, server.URL+"/orders?x=1",
		`{"method": "POST", "headers": {"X-Number": 12.50, "X-Text": "ä"}, "query": {"a": [1, "zwei"], "b": true, "c": null},
		  "body": {"id": 9007199254740993, "deep": {"list": [1, 2.0]}}}`, ""))
	if result.Error != nil {
		t.Fatal(result.Error)
	}
	if got.Method != "POST" || got.URL.Path != "/orders" || got.URL.RawQuery != "x=1&a=1&a=zwei&b=true" {
		t.Errorf("%s %s", got.Method, got.URL)
	}
	if want := `{"id":9007199254740993,"deep":{"list":[1,2.0]}}`; string(body) != want {
		t.Errorf("body %s, want %s", body, want)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "X-Number": "12.50", "X-Text": "ä", "User-Agent": "MeshHook/1.2.3",
		"Idempotency-Key": "mh_01890a5d-ac96-774b-bcce-b302099a8057_post", "Accept-Encoding": "gzip",
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s: %q, want %q", name, value, want)
		}
	}
	if trace := got.Header.Get("Traceparent"); !strings.HasPrefix(trace, "00-01890a5dac96774bbcceb302099a8057-") || len(trace) != 55 {
		t.Errorf("traceparent %q", trace)
	}
	if result.Response.Status != 201 || result.Response.Headers["x-two"] != "a, b" || !result.Response.Text || string(result.Body) != `{"ok":true}` {
		t.Errorf("recorded %+v %s", result.Response, result.Body)
	}
	if result.Timings.Total <= 0 || result.Timings.FirstByte <= 0 || result.Timings.Reused {
		t.Errorf("timings %+v", result.Timings)
	}
	if result.Bytes != 11 || result.Run != "01890a5d-ac96-774b-bcce-b302099a8057" || result.Step != "post" || result.Job != 1 {
		t.Errorf("result %+v", result)
	}
}

func TestCallBodies(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s|%s|%d", r.Header.Get("Content-Type"), body, r.ContentLength)
	}))
	defer server.Close()
	for request, want := range map[string]string{
		`{"method": "POST", "body": "raw <text>"}`:                                   "|raw <text>|10",
		`{"method": "POST", "body": ""}`:                                             "||0",
		`{"method": "POST", "body": null}`:                                           "||0",
		`{"method": "POST"}`:                                                         "||0",
		`{"method": "POST", "body": [1, "<a>"]}`:                                     `application/json|[1,"<a>"]|9`,
		`{"method": "POST", "body": false}`:                                          "application/json|false|5",
		`{"method": "PUT", "body": {"a": 1}, "headers": {"content-type": "text/x"}}`: `text/x|{"a":1}|7`,
		`{"method": "DELETE", "body": {"a": "ä"}}`:                                   `application/json|{"a":"ä"}|10`,
	} {
		result := newCaller(t, nil).Do(t.Context(), item(t, server.URL, request, ""))
		if result.Error != nil {
			t.Errorf("%s: %v", request, result.Error)
		} else if string(result.Body) != want {
			t.Errorf("%s: sent %s, want %s", request, result.Body, want)
		}
	}
}

func TestCallAuth(t *testing.T) {
	var tokens atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "me" || secret != "s3cr%3At" || r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("scope") != "a b" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"access_token": "token-%d", "expires_in": 3600}`, tokens.Add(1))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("picky") && r.Header.Get("Authorization") == "Bearer token-1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		sum := len(r.Header.Get("Authorization")) // lengths, for the value itself would be scrubbed
		w.Header().Set("X-Lengths", fmt.Sprint(sum, len(r.Header.Get("X-Key")), len(r.URL.Query().Get("key"))))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	caller := newCaller(t, map[string]string{"pw": "pass:word", "client": "s3cr:t"})
	oauth := fmt.Sprintf(`"auth": {"type": "oauth2_client_credentials", "token_url": "%s/token", "client_id": "me", "client_secret": "{{ secrets.client }}", "scope": "a b"},
		"secrets": [{"path": ["auth", "client_secret"], "parts": [{"secret": "client", "encode": null}]}]`, server.URL)
	for _, c := range []struct{ name, request, lengths string }{
		{"none", `{"auth": {"type": "none"}}`, "0 0 0"},
		{"basic", `{"auth": {"type": "basic", "username": "me", "password": "{{ secrets.pw }}"}, "secrets": [{"path": ["auth", "password"], "parts": [{"secret": "pw"}]}]}`, "22 0 0"},
		{"bearer", `{"auth": {"type": "bearer", "token": "abc"}}`, "10 0 0"},
		{"header key", `{"auth": {"type": "api_key", "name": "X-Key", "value": "12345"}}`, "0 5 0"},
		{"query key", `{"auth": {"type": "api_key", "in": "query", "name": "key", "value": "1&3"}}`, "0 0 3"},
		{"oauth2", "{" + oauth + "}", "14 0 0"},
		{"oauth2, from the cache", "{" + oauth + "}", "14 0 0"},
		{"oauth2, token turned down", `{"url": "` + server.URL + `/?picky", ` + oauth + "}", "14 0 0"},
	} {
		result := caller.Do(t.Context(), item(t, server.URL, c.request, ""))
		if result.Error != nil || result.Response.Status != 200 || result.Response.Headers["x-lengths"] != c.lengths {
			t.Errorf("%s: %v %+v", c.name, result.Error, result.Response)
		}
	}
	if n := tokens.Load(); n != 2 {
		t.Errorf("%d tokens were fetched, want 2", n)
	}
	result := caller.Do(t.Context(), item(t, server.URL, strings.ReplaceAll("{"+oauth+"}", `"me"`, `"you"`), ""))
	if result.Error == nil || result.Error.Class != "secret" || result.Error.Code != "MH_CALL_TOKEN" {
		t.Errorf("a refused client: %+v", result.Error)
	}
}

func TestCallSignsByStandardWebhooks(t *testing.T) {
	type seen struct{ id, stamp, signature, body string }
	got := make(chan seen, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- seen{r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), r.Header.Get("Webhook-Signature"), string(body)}
	}))
	defer server.Close()
	key := []byte("0123456789abcdef01234567")
	caller := newCaller(t, map[string]string{"sig": "whsec_" + base64.StdEncoding.EncodeToString(key)})
	result := caller.Do(t.Context(), item(t, server.URL,
		`{"method": "POST", "body": {"a": 1}, "sign": {"secret": "x"}, "secrets": [{"path": ["sign", "secret"], "parts": [{"secret": "sig"}]}]}`, ""))
	if result.Error != nil {
		t.Fatal(result.Error)
	}
	s := <-got
	if want := "v1," + hmac256(key, s.id+"."+s.stamp+"."+s.body); s.signature != want || s.body != `{"a":1}` {
		t.Errorf("signature %s, want %s over %s", s.signature, want, s.body)
	}
	for _, secret := range []string{`""`, `"whsec_"`, `"whsec_###"`} {
		result := caller.Do(t.Context(), item(t, server.URL, `{"sign": {"secret": `+secret+`}}`, ""))
		if result.Error == nil || result.Error.Class != "secret" {
			t.Errorf("secret %s: %+v", secret, result.Error)
		}
	}
}

func TestCallSecretsAreFilledInAndScrubbed(t *testing.T) {
	const value = "s3cret/+ value&"
	var header, query, body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		header, query, body = r.Header.Get("Authorization"), r.URL.RequestURI(), string(content)
		w.Header().Set("X-Echo", header)
		fmt.Fprintf(w, "%s %s %s %s %s", value, url.QueryEscape(value), base64.StdEncoding.EncodeToString([]byte(value)), url.PathEscape(value), content)
	}))
	defer server.Close()
	caller := newCaller(t, map[string]string{"erp": value})
	request := `{"method": "POST", "url": "` + server.URL + `/p/{{ secrets.erp }}?q={{ secrets.erp }}", "headers": {"Authorization": "Bearer {{ secrets.erp }}", "X": "1"},
		"body": {"list": [{"n": 9007199254740993, "key": "{{ secrets.erp }}"}], "literal": "{{ secrets.other }}"},
		"secrets": [
		  {"path": ["url"], "parts": ["` + server.URL + `/p/", {"secret": "erp", "encode": "path"}, "?q=", {"secret": "erp", "encode": "query"}]},
		  {"path": ["headers", "Authorization"], "parts": ["Bearer ", {"secret": "erp", "encode": null}]},
		  {"path": ["body", "list", 0, "key"], "parts": [{"secret": "erp"}]}]}`
	result := caller.Do(t.Context(), item(t, "", request, ""))
	if result.Error != nil {
		t.Fatal(result.Error)
	}
	if header != "Bearer "+value || query != "/p/s3cret%2F%2B%20value%26?q=s3cret%2F%2B%20value%26" {
		t.Errorf("sent %q to %q", header, query)
	}
	if !strings.Contains(body, `"n":9007199254740993`) || !strings.Contains(body, `"key":"`+value+`"`) || !strings.Contains(body, "{{ secrets.other }}") {
		t.Errorf("sent %s", body)
	}
	all, _ := json.Marshal(result)
	for _, place := range []string{string(all), string(result.Body)} {
		for _, form := range []string{value, url.QueryEscape(value), base64.RawStdEncoding.EncodeToString([]byte(value)), "s3cret"} {
			if strings.Contains(place, form) {
				t.Errorf("%q came through in %s", form, place)
			}
		}
	}
	if want := server.URL + "/p/{{ secrets.erp }}?q={{ secrets.erp }}"; result.URL != want {
		t.Errorf("recorded the url %s, want %s", result.URL, want)
	}

	result = caller.Do(t.Context(), item(t, server.URL, `{"headers": {"A": ""}, "secrets": [{"path": ["headers", "A"], "parts": [{"secret": "gone"}]}]}`, ""))
	if result.Error == nil || result.Error.Class != "secret" || result.Error.Code != "MH_CALL_SECRET_UNKNOWN" {
		t.Errorf("an unknown secret: %+v", result.Error)
	}
}

func TestCallScrubsSecretsCutInHalf(t *testing.T) {
	const value = "abcdefghijklmnop"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "1234567890"+value) }))
	defer server.Close()
	result := newCaller(t, map[string]string{"k": value}).Do(t.Context(), item(t, server.URL,
		`{"headers": {"A": ""}, "secrets": [{"path": ["headers", "A"], "parts": [{"secret": "k"}]}]}`, `{"response": {"max_bytes": 18}}`))
	if result.Error == nil || result.Error.Code != "MH_CALL_TOO_LARGE" || string(result.Body) != "1234567890" {
		t.Errorf("%+v %q", result.Error, result.Body)
	}
}

// Every way in which the other side can misbehave has a class, a code, and an end.
func TestCallFailures(t *testing.T) {
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		block := make([]byte, 64<<10)
		for sent := 0; sent < 1<<30; sent += len(block) { // a GiB, if anybody reads it
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	bomb := gzipped(make([]byte, 64<<20))
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	head := "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, url, more string
		class, code     string
		status          int
	}{
		{"hangs before a byte", wire(t, "", hang(t)), `{"timeout_ms": 150}`, "timeout", "MH_CALL_TIMEOUT", 0},
		{"hangs in the head", wire(t, head+"X-A: ", hang(t)), `{"timeout_ms": 150}`, "timeout", "MH_CALL_TIMEOUT", 0},
		{"hangs in the body", wire(t, head+"Content-Length: 10\r\n\r\nabc", hang(t)), `{"timeout_ms": 150}`, "timeout", "MH_CALL_TIMEOUT", 200},
		{"resets", wire(t, "", reset), "", "network", "MH_CALL_RESET", 0},
		{"closes without an answer", wire(t, "", nil), "", "network", "MH_CALL_CLOSED", 0},
		{"speaks no HTTP", wire(t, "SSH-2.0-x\r\n\r\n", nil), "", "network", "MH_CALL_NETWORK", 0},
		{"claims more than it sends", wire(t, head+"Content-Length: 10\r\n\r\nabc", nil), "", "body", "MH_CALL_BODY_CUT", 200},
		{"breaks its chunks", wire(t, head+"Transfer-Encoding: chunked\r\n\r\nzz\r\n", nil), "", "body", "MH_CALL_BODY_CHUNKS", 200},
		{"claims a huge length", wire(t, head+"Content-Length: 9000000000000\r\n\r\n"+strings.Repeat("x", 4096), hang(t)), `{"timeout_ms": 150}`, "timeout", "MH_CALL_TIMEOUT", 200},
		{"sends without end", endless.URL, "", "too_large", "MH_CALL_TOO_LARGE", 200},
		{"sends a bomb", wire(t, head+"Content-Encoding: gzip\r\nContent-Length: "+fmt.Sprint(len(bomb))+"\r\n\r\n"+string(bomb), nil), "", "too_large", "MH_CALL_TOO_LARGE", 200},
		{"lies about gzip", wire(t, head+"Content-Encoding: gzip\r\nContent-Length: 11\r\n\r\nhello world", nil), "", "body", "MH_CALL_BODY_GZIP", 200},
		{"cuts its gzip", wire(t, head+"Content-Encoding: gzip\r\n\r\n"+string(gzipped([]byte("hello")))[:14], nil), "", "body", "MH_CALL_BODY_CUT", 200},
		{"has endless headers", wire(t, head+strings.Repeat("X-A: "+strings.Repeat("a", 1000)+"\r\n", 100)+"\r\n", nil), "", "too_large", "MH_CALL_HEADERS_TOO_LARGE", 0},
		{"is not listening", "http://127.0.0.1:1/", "", "network", "MH_CALL_REFUSED", 0},
		{"has an unknown certificate", secure.URL, "", "tls", "MH_CALL_CERTIFICATE", 0},
		{"speaks plain where TLS is asked", "https" + strings.TrimPrefix(endless.URL, "http"), "", "tls", "MH_CALL_TLS", 0},
		{"is a private address", "http://10.1.2.3/", "", "blocked", "MH_CALL_BLOCKED", 0},
		{"is the metadata address", "http://169.254.169.254/latest/", "", "blocked", "MH_CALL_BLOCKED", 0},
		{"is private in disguise", "http://[::ffff:192.168.1.1]/", "", "blocked", "MH_CALL_BLOCKED", 0},
		{"is a port that nobody allowed", "http://93.184.216.34:22/", "", "blocked", "MH_CALL_BLOCKED", 0},
		{"has no http address", "ftp://example.org/", "", "internal", "MH_CALL_URL", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := newCaller(t, nil).Do(t.Context(), item(t, c.url, "", c.more))
			switch {
			case result.Error == nil:
				t.Fatalf("succeeded: %+v", result.Response)
			case result.Error.Class != c.class || result.Error.Code != c.code:
				t.Errorf("got %+v, want %s %s", result.Error, c.class, c.code)
			case result.Error.Message == "" || strings.Contains(result.Error.Message, "%!"):
				t.Errorf("message %q", result.Error.Message)
			}
			status := 0
			if result.Response != nil {
				status = result.Response.Status
			}
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			if len(result.Body) > 1<<20 {
				t.Errorf("kept %d bytes", len(result.Body))
			}
		})
	}
}

func TestCallGzip(t *testing.T) {
	content := strings.Repeat("hello ", 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead || r.URL.Path == "/empty" {
			w.Header().Set("Content-Encoding", "gzip")
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(gzipped([]byte(content)))
	}))
	defer server.Close()
	caller := newCaller(t, nil)
	for i := range 2 {
		result := caller.Do(t.Context(), item(t, server.URL, "", ""))
		if result.Error != nil || string(result.Body) != content || result.Response.Headers["content-encoding"] != "" {
			t.Errorf("%v %q", result.Error, result.Body)
		}
		if result.Timings.Reused != (i > 0) {
			t.Errorf("call %d: reused is %v", i, result.Timings.Reused)
		}
	}
	for _, request := range []string{`{"method": "HEAD"}`, `{"url": "` + server.URL + `/empty"}`} {
		if result := caller.Do(t.Context(), item(t, server.URL, request, "")); result.Error != nil || len(result.Body) != 0 {
			t.Errorf("%s: %v %q", request, result.Error, result.Body)
		}
	}
	// Whoever asks for an encoding gets it as it is.
	result := caller.Do(t.Context(), item(t, server.URL, `{"headers": {"Accept-Encoding": "gzip"}}`, ""))
	if result.Error != nil || result.Response.Text || result.Response.Headers["content-encoding"] != "gzip" {
		t.Errorf("%v %+v", result.Error, result.Response)
	}
}

func TestCallRedirects(t *testing.T) {
	const value = "very-secret-value"
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %d %d %d %s", r.Method, len(r.Header.Get("Authorization")), len(r.Header.Get("X-Mine")), len(body), r.Header.Get("X-Open"))
	}))
	defer other.Close()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	to := func(status int, location string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(status)
		}
	}
	mux.HandleFunc("/same", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %d %d %d %s", r.Method, len(r.Header.Get("Authorization")), len(r.Header.Get("X-Mine")), len(body), r.Header.Get("X-Open"))
	})
	mux.HandleFunc("/303", to(303, "/same"))
	mux.HandleFunc("/308", to(308, "same"))
	mux.HandleFunc("/away", to(307, other.URL))
	mux.HandleFunc("/loop", to(302, "/loop"))
	mux.HandleFunc("/file", to(302, "file:///etc/passwd"))
	mux.HandleFunc("/private", to(302, "http://10.0.0.1/"))
	caller := newCaller(t, map[string]string{"k": value})
	request := func(path, more string) string {
		return `{"method": "POST", "url": "` + server.URL + path + `", "body": "12345", "headers": {"X-Mine": "", "X-Open": "o"}, "auth": {"type": "bearer", "token": "t"},
			"secrets": [{"path": ["headers", "X-Mine"], "parts": [{"secret": "k"}]}` + more + `]}`
	}
	for _, c := range []struct {
		name, request, response string
		body, code              string
	}{
		{"not followed unless asked", request("/303", ""), `{"redirects": 0}`, "", ""},
		{"303 becomes GET", request("/303", ""), `{"redirects": 3}`, "GET 8 17 0 o", ""},
		{"308 repeats", request("/308", ""), `{"redirects": 3}`, "POST 8 17 5 o", ""},
		{"credentials stay", request("/away", ""), `{"redirects": 3}`, "POST 0 0 5 o", ""},
		{"secret bodies stay", request("/away", `, {"path": ["body"], "parts": [{"secret": "k"}]}`), `{"redirects": 3}`, "", "MH_CALL_REDIRECT_SECRET"},
		{"loops end", request("/loop", ""), `{"redirects": 3}`, "", "MH_CALL_REDIRECTS"},
		{"no other schemes", request("/file", ""), `{"redirects": 3}`, "", "MH_CALL_REDIRECT_URL"},
		{"the guard looks again", request("/private", ""), `{"redirects": 3}`, "", "MH_CALL_BLOCKED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := caller.Do(t.Context(), item(t, "", c.request, `{"response": `+c.response+`}`))
			code := ""
			if result.Error != nil {
				code = result.Error.Code
			}
			if code != c.code || string(result.Body) != c.body {
				t.Errorf("%v %q, want %q %q", result.Error, result.Body, c.code, c.body)
			}
		})
	}
}

func TestCallIsGivenUpWithoutResultWhenTheProcessStops(t *testing.T) {
	// Only the reason of the worker itself ends a call without result: any other end of the context is a failure to record.
	ctx, cancel := context.WithCancelCause(t.Context())
	entered := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(entered); <-r.Context().Done() }))
	defer server.Close()
	go func() { <-entered; cancel(errors.New("another reason")) }()
	if result := newCaller(t, nil).Do(ctx, item(t, server.URL, "", "")); result == nil || result.Error == nil {
		t.Errorf("got %+v", result)
	}
}

func TestCallConnectTimeout(t *testing.T) {
	caller := worker.NewCaller(worker.CallerConfig{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	began := time.Now()
	result := caller.Do(t.Context(), item(t, "http://192.0.2.1/", "", `{"connect_ms": 50, "timeout_ms": 20000}`))
	if result.Error == nil {
		t.Fatal("connected to nowhere")
	}
	// Where a network refuses at once, the class is network; what matters is that nobody waits for the whole attempt.
	if result.Error.Class != "timeout" && result.Error.Class != "network" || time.Since(began) > 10*time.Second {
		t.Errorf("%+v after %s", result.Error, time.Since(began))
	}
}
