package worker

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/profullstack/meshhook/db/keyring"
)

// reference is a part of a string that is a secret.
type reference struct {
	Secret string  `json:"secret"`
	Encode *string `json:"encode"` // null, path or query
}

// secretError is why a call cannot be made: one of its secrets is not to be had. It never quotes a value.
func secretError(name string, err error) *CallError {
	switch {
	case errors.Is(err, keyring.ErrUnknown):
		return failf("secret", "MH_CALL_SECRET_UNKNOWN", "the project has no secret %s; set it with: meshhook secret set", name)
	case errors.Is(err, keyring.ErrNoKEK):
		return failf("secret", "MH_CALL_SECRET_NO_KEY", "this worker has no key-encryption key, so it can not open secret %s", name)
	case errors.Is(err, keyring.ErrWrongKEK), errors.Is(err, keyring.ErrNotOpened):
		return failf("secret", "MH_CALL_SECRET_SEALED", "secret %s does not open: %s", name, err)
	}
	return failf("internal", "MH_CALL_SECRET_READ", "secret %s could not be read", name)
}

// fill puts the secrets into the request, in memory. Only the places that the template named are touched, so data can never
// name a secret. The values used go to the scrubber.
func (c *Caller) fill(ctx context.Context, item *Item, request *Request, scrub *scrubber) error {
	for _, at := range item.Request.Secrets {
		text, err := c.rebuild(ctx, item.Project, at.Parts, scrub)
		if err != nil {
			return err
		}
		if err := place(request, at.Path, text); err != nil {
			return failf("internal", "MH_CALL_SECRET_PLACE", "a secret has no place in the request: %s", err)
		}
	}
	return nil
}

func (c *Caller) rebuild(ctx context.Context, project int32, parts []json.RawMessage, scrub *scrubber) (string, error) {
	var text strings.Builder
	for _, part := range parts {
		var literal string
		if json.Unmarshal(part, &literal) == nil {
			text.WriteString(literal)
			continue
		}
		var ref reference
		if err := json.Unmarshal(part, &ref); err != nil || ref.Secret == "" {
			return "", failf("internal", "MH_CALL_SECRET_PLACE", "a part of the request is neither text nor a secret")
		}
		value, err := c.secret(ctx, project, ref.Secret)
		if err != nil {
			return "", secretError(ref.Secret, err)
		}
		scrub.add(value)
		if ref.Encode != nil { // path or query: what is unreserved in both stays, everything else is encoded
			value = strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
		}
		text.WriteString(value)
	}
	return text.String(), nil
}

// place writes text at the path of the request. The first part names a field; what lies below is JSON.
func place(request *Request, path []any, text string) error {
	if len(path) == 0 {
		return errors.New("the path is empty")
	}
	field, _ := path[0].(string)
	value, err := marshalPlain(text)
	if err != nil {
		return err
	}
	inMap := func(values map[string]json.RawMessage) error {
		name, ok := "", len(path) >= 2
		if ok {
			name, ok = path[1].(string)
		}
		if !ok || values == nil {
			return fmt.Errorf("%v", path)
		}
		var err error
		values[name], err = placeIn(values[name], path[2:], value)
		return err
	}
	switch field {
	case "url":
		request.URL = text
		return nil
	case "headers":
		return inMap(request.Headers)
	case "query":
		return inMap(request.Query)
	case "body":
		request.Body, err = placeIn(request.Body, path[1:], value)
	case "auth":
		request.Auth, err = placeIn(request.Auth, path[1:], value)
	case "sign":
		request.Sign, err = placeIn(request.Sign, path[1:], value)
	default:
		return fmt.Errorf("%v", path)
	}
	return err
}

// placeIn replaces the value at the path inside a JSON document. Numbers keep their text.
func placeIn(document json.RawMessage, path []any, value json.RawMessage) (json.RawMessage, error) {
	if len(path) == 0 {
		return value, nil
	}
	switch key := path[0].(type) {
	case string:
		var object map[string]json.RawMessage
		if err := json.Unmarshal(document, &object); err != nil || object == nil {
			return nil, fmt.Errorf("no object holds %q", key)
		}
		inner, err := placeIn(object[key], path[1:], value)
		if err != nil {
			return nil, err
		}
		object[key] = inner
		return marshalPlain(object)
	case float64:
		var list []json.RawMessage
		if err := json.Unmarshal(document, &list); err != nil || int(key) < 0 || int(key) >= len(list) {
			return nil, fmt.Errorf("no array holds %v", key)
		}
		inner, err := placeIn(list[int(key)], path[1:], value)
		if err != nil {
			return nil, err
		}
		list[int(key)] = inner
		return marshalPlain(list)
	}
	return nil, fmt.Errorf("%v is no key", path[0])
}

// marshalPlain is json.Marshal without the escapes that only HTML needs.
func marshalPlain(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// scrubber takes the values of secrets out of whatever comes back, in the forms in which an echo may carry them.
type scrubber struct {
	forms [][]byte
}

const scrubbed = "[secret]"

// shortestScrubbed keeps a secret of three characters from tearing holes into every answer.
const shortestScrubbed = 4

func (s *scrubber) add(value string) {
	if len(value) < shortestScrubbed {
		return
	}
	quoted, _ := json.Marshal(value)
	plain, _ := marshalPlain(value)
	for _, form := range []string{
		value,
		url.QueryEscape(value),
		strings.ReplaceAll(url.QueryEscape(value), "+", "%20"),
		url.PathEscape(value),
		base64.RawStdEncoding.EncodeToString([]byte(value)), // with padding it begins alike; the = that stay tell nothing
		base64.RawURLEncoding.EncodeToString([]byte(value)),
		string(quoted[1 : len(quoted)-1]),
		string(plain[1 : len(plain)-1]),
	} {
		if !slices.ContainsFunc(s.forms, func(known []byte) bool { return string(known) == form }) {
			s.forms = append(s.forms, []byte(form))
		}
	}
	// Longest first: a form that contains another must go before it.
	slices.SortStableFunc(s.forms, func(a, b []byte) int { return len(b) - len(a) })
}

func (s *scrubber) bytes(content []byte) []byte {
	for _, form := range s.forms {
		if bytes.Contains(content, form) {
			content = bytes.ReplaceAll(content, form, []byte(scrubbed))
		}
	}
	return content
}

func (s *scrubber) text(text string) string {
	for _, form := range s.forms {
		text = strings.ReplaceAll(text, string(form), scrubbed)
	}
	return text
}
