package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// longestAttempt is the most that one attempt of a call may take.
const longestAttempt = 5 * time.Minute

// errStopping cancels calls when the process may wait no longer. Such a call has no result: its job is handed back.
var errStopping = errors.New("the process is stopping")

// CallerConfig says what a Caller needs of its surroundings.
type CallerConfig struct {
	Version string
	// AllowPrivate are networks that calls may reach though they are not on the public internet.
	AllowPrivate []netip.Prefix
	// Secret opens a project's secret.
	Secret func(ctx context.Context, project int32, name string) (string, error)
	// Transport replaces the guarded one; for tests of what lies above it.
	Transport http.RoundTripper
}

// Caller makes outgoing calls: one attempt each, inside its limits, never twice.
type Caller struct {
	transport http.RoundTripper
	secret    func(ctx context.Context, project int32, name string) (string, error)
	agent     string
	tokens    tokenCache
}

// NewCaller makes a Caller with a connection pool of its own.
func NewCaller(conf CallerConfig) *Caller {
	c := &Caller{transport: conf.Transport, secret: conf.Secret, agent: "MeshHook/" + conf.Version}
	if !httpguts.ValidHeaderFieldValue(c.agent) {
		c.agent = "MeshHook"
	}
	if c.transport == nil {
		c.transport = newTransport(conf.AllowPrivate)
	}
	return c
}

// Do makes one attempt of the call and says what came of it. nil means that the process is stopping, or that nobody
// waits for the call any more, and there is no result.
func (c *Caller) Do(ctx context.Context, item *Item) *Result {
	result := item.result()
	scrub := &scrubber{}
	watch := newWatch()
	limited, cancel := context.WithTimeout(ctx, item.timeout())
	defer cancel()
	limited = context.WithValue(watch.trace(limited), connectLimit{}, item.connectTimeout())

	err := c.attempt(limited, item, result, scrub, watch)
	if why := context.Cause(ctx); err != nil && (errors.Is(why, errStopping) || errors.Is(why, errUnwanted)) {
		return nil
	}
	if err != nil {
		why := explain(cause(limited, err), watch.phase(), item)
		result.Error = &CallError{Class: why.Class, Code: why.Code, Message: clean(scrub.text(why.Message))}
	}
	result.Timings = watch.timings()
	if result.Response != nil {
		for name, value := range result.Response.Headers {
			result.Response.Headers[name] = scrub.text(value)
		}
		result.Body = scrub.bytes(result.Body)
		result.weight = len(result.Body)
		result.Response.Text = isText(result.Body)
	}
	result.URL = clean(scrub.text(withoutUser(result.URL)))
	return result
}

func (c *Caller) attempt(ctx context.Context, item *Item, result *Result, scrub *scrubber, watch *watch) error {
	for _, fresh := range []bool{false, true} {
		out, err := c.build(ctx, item, scrub, fresh)
		if err != nil {
			return err
		}
		response, err := c.send(ctx, item, out)
		if err != nil {
			return err
		}
		if !fresh && response.StatusCode == http.StatusUnauthorized && usesToken(item) {
			// The server turned the token down before its time; nothing was done yet, so ask once more with a new one.
			discard(response)
			continue
		}
		watch.enter("reading the answer's body")
		return read(item, out, response, result, scrub)
	}
	return nil
}

// send makes the round trip and follows as many redirects as the node allows.
func (c *Caller) send(ctx context.Context, item *Item, out *outgoing) (*http.Response, error) {
	for hop := 0; ; hop++ {
		response, err := c.transport.RoundTrip(out.request)
		if err != nil {
			return nil, err
		}
		location := response.Header.Get("Location")
		if item.Response.Redirects <= 0 || location == "" || !isRedirect(response.StatusCode) {
			return response, nil
		}
		discard(response)
		if hop >= item.Response.Redirects {
			return nil, failf("redirect", "MH_CALL_REDIRECTS", "more than %d redirects", item.Response.Redirects)
		}
		if err := out.follow(ctx, response, location); err != nil {
			return nil, err
		}
	}
}

func isRedirect(status int) bool {
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308
}

// follow turns the request into the one the redirect asks for. Credentials stay with the host they were meant for, and with
// the encryption they were sent under.
func (o *outgoing) follow(ctx context.Context, response *http.Response, location string) error {
	from := o.request.URL
	to, err := from.Parse(location)
	if err != nil || to.Host == "" || !isHTTP(to) {
		return failf("redirect", "MH_CALL_REDIRECT_URL", "the answer redirects to what is no http or https address")
	}
	to.User = nil
	method, body := o.request.Method, o.body
	if response.StatusCode < 307 && method != http.MethodGet && method != http.MethodHead {
		method, body = http.MethodGet, nil
	}
	header := o.request.Header.Clone()
	if body == nil {
		for name := range header {
			if strings.HasPrefix(name, "Content-") {
				delete(header, name)
			}
		}
	}
	if !strings.EqualFold(to.Host, from.Host) || to.Scheme != from.Scheme && to.Scheme != "https" {
		if body != nil && o.inBody {
			return failf("redirect", "MH_CALL_REDIRECT_SECRET", "the answer redirects to %s, and the body holds a secret meant for %s", to.Host, from.Host)
		}
		for _, name := range o.private {
			header.Del(name)
		}
	}
	var reader io.Reader
	if body != nil {
		reader = strings.NewReader(string(body))
	}
	next, err := http.NewRequestWithContext(ctx, method, to.String(), reader)
	if err != nil {
		return failf("redirect", "MH_CALL_REDIRECT_URL", "the answer redirects to what is no http or https address")
	}
	next.Header = header
	o.request, o.body = next, body
	return nil
}

// discard reads a little of a body nobody wants, so that the connection can be used again.
func discard(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10)
	response.Body.Close()
}

// cause prefers the reason why ctx ended, where one was given, to the transport's words for it.
func cause(ctx context.Context, err error) error {
	var own *CallError
	if errors.As(err, &own) || ctx.Err() == nil {
		return err
	}
	if reason := context.Cause(ctx); !errors.Is(err, reason) && !errors.Is(err, errConnectTimeout) {
		return fmt.Errorf("%w: %w", reason, err)
	}
	return err
}

func usesToken(item *Item) bool {
	return !isNull(item.Request.Auth) && strings.Contains(string(item.Request.Auth), `"oauth2_client_credentials"`)
}

// withoutUser takes user and password out of an address before it is recorded.
func withoutUser(address string) string {
	if !strings.Contains(address, "@") {
		return address
	}
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// clean makes a text of foreign origin fit to be recorded: valid UTF-8 without control characters, and of bounded length.
func clean(text string) string {
	const most = 2000
	if len(text) > most {
		text = text[:most]
	}
	if !slices.ContainsFunc([]byte(text), func(b byte) bool { return b < ' ' || b >= 0x7f }) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}
