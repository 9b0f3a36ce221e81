package signature

import (
	"strconv"
	"strings"
	"time"
)

// parseTimestamp reads a time as senders give it: seconds or milliseconds since 1970, RFC 3339, or t=<seconds> in a list.
// text is what is signed.
func parseTimestamp(value string) (at time.Time, text string, ok bool) {
	if len(value) > 8<<10 {
		return at, "", false
	}
	text = strings.TrimSpace(value)
	if strings.IndexByte(text, '=') >= 0 {
		found := false
		for element := range strings.SplitSeq(text, ",") {
			if stamp, is := strings.CutPrefix(strings.TrimSpace(element), "t="); is {
				text, found = stamp, true
				break
			}
		}
		if !found {
			return at, "", false
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case n < 0 || n >= 1e15:
			return at, "", false
		case n >= 1e11:
			return time.UnixMilli(n), text, true
		}
		return time.Unix(n, 0), text, true
	}
	if len(text) > 64 {
		return at, "", false
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	return at, text, err == nil
}
