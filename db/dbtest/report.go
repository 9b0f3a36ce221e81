//go:build unix

package dbtest

import (
	"fmt"
	"os"
	"testing"
)

// ReportVariable names a file that collects figures of a test run; `make test` prints it at the end.
const ReportVariable = "MESHHOOK_TEST_REPORT"

// Report logs a figure that a person wants to see after every run, also when the test passes: go test keeps the log of a
// passing test to itself.
func Report(t testing.TB, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	path := os.Getenv(ReportVariable)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Logf("dbtest: %v", err)
		return
	}
	defer f.Close()
	fmt.Fprintf(f, "%s: %s\n", t.Name(), line)
}
