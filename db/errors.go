package db

import (
	"errors"
	"io"
	"net"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

var codePattern = regexp.MustCompile(`^(MH_[A-Z0-9_]+): `)

// Error is a failure that this package raises itself, in the shape of those that come from SQL.
type Error struct {
	Code    string // stable, MH_...
	Message string
	Hint    string // what to do
}

// Error gives the code, the message and the advice in one line.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Code is the MH_ code of an error raised on purpose, by SQL or by this package; "" for any other error.
func Code(err error) string {
	var own *Error
	if errors.As(err, &own) {
		return own.Code
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if m := codePattern.FindStringSubmatch(pg.Message); m != nil {
			return m[1]
		}
	}
	return ""
}

// IsUnavailable says whether an error means that the database can not be reached or will not serve now, so that the
// same call may succeed later; as opposed to the database having refused it.
func IsUnavailable(err error) bool {
	if err == nil {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case strings.HasPrefix(pg.Code, "08"), // connection failures
			strings.HasPrefix(pg.Code, "57P"), // shut down, crash, starting up, database dropped
			pg.Code == "53300",                // too many connections
			pg.Code == "25006",                // read only: a standby that was promoted elsewhere
			pg.Code == "MH503":
			return true
		}
		return false
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return true
	}
	if pgconn.SafeToRetry(err) { // nothing was sent: the connection was gone already
		return true
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
