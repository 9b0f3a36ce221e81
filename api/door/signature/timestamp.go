package signature

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// parseTimestamp reads a time as senders give it: seconds or milliseconds since 1970, RFC 3339, or, where the text is a list,
// the element that begins with key and "=". text is what is signed.
func parseTimestamp(value, key string) (at time.Time, text string, ok bool) {
	if len(value) > maxHeader {
		return at, "", false
	}
	text = strings.TrimSpace(value)
	if strings.IndexByte(text, '=') >= 0 {
		if text, ok = element(text, key); !ok {
			return at, "", false
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case n < 0 || n >= 1e15:
			return at, text, false
		case n >= 1e11:
			return time.UnixMilli(n), text, true
		}
		return time.Unix(n, 0), text, true
	}
	if len(text) > 64 {
		return at, text, false
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	return at, text, err == nil
}

// wholeSeconds tells whether a time is given in seconds since 1970 and in nothing else.
func wholeSeconds(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n < 1e11
}

// element is the value of key in a list such as t=1,v1=ab or ts=1;h1=ab.
func element(list, key string) (string, bool) {
	for part := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		if value, is := strings.CutPrefix(part, key+"="); is {
			return value, true
		}
	}
	return "", false
}

// judge refuses a time that is too far from this clock.
func judge(at, now time.Time, tolerance time.Duration, where, text string) *Refusal {
	var refused *Refusal
	switch off := now.Sub(at); {
	case off > tolerance:
		refused = refuse("MH_TIMESTAMP_STALE", "timestamp_stale", "the request was signed %s ago; %s are tolerated", off.Round(time.Second), tolerance)
	case off < -tolerance:
		refused = refuse("MH_TIMESTAMP_FUTURE", "timestamp_future",
			"the request was signed %s ahead of this clock; %s are tolerated: compare the clocks", off.Abs().Round(time.Second), tolerance)
	default:
		return nil
	}
	return refused.with("clock_ms", now.Sub(at).Milliseconds()).with("tolerance_ms", tolerance.Milliseconds()).
		with("header", where).with("timestamp", short(text, 40))
}

// unreadable refuses what is no time, and says what it is where that can be told.
func unreadable(where, text string) *Refusal {
	why := "timestamp_text"
	if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
		switch {
		case n >= 1e15:
			why = "timestamp_fraction"
		case n >= 1e11:
			why = "timestamp_milliseconds"
		}
	}
	return refuse("MH_TIMESTAMP_INVALID", why, "the header %s holds no time", where).with("header", where).with("timestamp", short(text, 40))
}

// inBody reads a time from a field of a JSON body that was verified.
func inBody(body []byte, field string, now time.Time, tolerance time.Duration) *Refusal {
	var fields map[string]json.RawMessage
	where := "body." + field
	if err := json.Unmarshal(body, &fields); err != nil || fields[field] == nil {
		return refuse("MH_TIMESTAMP_MISSING", "timestamp_missing", "the body has no field %s", field).with("header", where)
	}
	text := string(bytes.Trim(fields[field], `"`))
	at, _, ok := parseTimestamp(text, "")
	if !ok {
		return unreadable(where, text)
	}
	return judge(at, now, tolerance, where, text)
}

func short(text string, most int) string {
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return strings.ToValidUTF8(text, "")
}
