//go:build unix

package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db/dbtest"
)

// FuzzCron gives whatever text there is as a cron text: it is read, or refused with a code and a place inside the text; what
// was read falls due in order, soon, or never.
func FuzzCron(f *testing.F) {
	conn := connect(f, dbtest.URL(f))
	for _, seed := range []string{
		"* * * * *", "*/5 1-3,7 L JAN-mar/2 MON,5-7", "0 0 29 2 */7", "0 0 31 2 *", "@every 1h30m", "@daily", "61 * * * *", "TZ=UTC * * * * *", "@every 0s", "",
		"\t1 2 3 4 5 ", "1,,2 * * * *", "*/0 * * * *", "9999999999 * * * *", "١ * * * *", strings.Repeat("*", 300), "* * * * *\x00",
	} {
		f.Add(seed)
	}
	code := regexp.MustCompile(`^MH_CRON_[A-Z_]+: `)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return // PostgreSQL takes neither
		}
		began := time.Now()
		var due []time.Time
		err := conn.QueryRow(context.Background(), "select array(select meshhook.next_due($1, 'Europe/Berlin', '2026-01-01Z', 20))", text).Scan(&due)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%q took %s", text, took)
		}
		if err == nil {
			for i := 1; i < len(due); i++ {
				if !due[i].After(due[i-1]) {
					t.Errorf("%q falls due at %s after %s", text, due[i], due[i-1])
				}
			}
			return
		}
		var pg *pgconn.PgError
		var detail struct {
			Code     string
			Position int
		}
		switch {
		case !errors.As(err, &pg) || pg.Code != "MH422" || !code.MatchString(pg.Message) || pg.Hint == "":
			t.Errorf("%q: %v", text, err)
		case json.Unmarshal([]byte(pg.Detail), &detail) != nil || !strings.HasPrefix(pg.Message, detail.Code+": "):
			t.Errorf("%q: the detail is %s", text, pg.Detail)
		case detail.Position < 1 || detail.Position > utf8.RuneCountInString(text)+1:
			t.Errorf("%q: position %d", text, detail.Position)
		}
	})
}
