//go:build unix

package tests

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db/dbtest"
)

var update = flag.Bool("update", false, "write events.json of the cases anew, to be read before it is kept")

// TestCases runs every folder of cases: one behaviour each, told by what goes in and by the log that must come out.
// cases/README.md says what the files mean. Each case has a transaction to itself, rolled back at its end.
func TestCases(t *testing.T) {
	folders, err := filepath.Glob("cases/*/definition.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < 152 {
		t.Fatalf("only %d cases are there", len(folders))
	}
	conn, err := pgx.Connect(t.Context(), dbtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, file := range folders {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			testCase(t, conn, dir)
		})
	}
}

// caseInput is input.json: what happens to the workflow, in order.
type caseInput struct {
	Says    string            `json:"says"`
	Vars    map[string]any    `json:"vars"`
	Also    []json.RawMessage `json:"also"`
	Slots   int               `json:"slots"`
	Door    map[string]any    `json:"door"`
	Before  []action          `json:"before"`
	Input   json.RawMessage   `json:"input"`
	Start   map[string]any    `json:"start"`
	Webhook *webhook          `json:"webhook"`
	Do      []action          `json:"do"`
}

// action is one line of a script; exactly one of its kinds is given.
type action struct {
	Settle    bool           `json:"settle"`
	LoseQueue bool           `json:"lose_queue"`
	Answer    int            `json:"answer"`
	Deliver   *answer        `json:"deliver"`
	Advance   string         `json:"advance"`
	Start     map[string]any `json:"start"`
	Webhook   *webhook       `json:"webhook"`
	Verb      string         `json:"verb"`

	With    map[string]any  `json:"with"`
	Verdict string          `json:"verdict"`
	Raises  string          `json:"raises"`
	Answers json.RawMessage `json:"answers"`
	Keep    string          `json:"keep"`
}

// webhook is a request at the door; Text is a body that is no JSON.
type webhook struct {
	Method  string            `json:"method"`
	Query   map[string]any    `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	Text    *string           `json:"text"`
}

// answer is a line of calls.json: what one try of a step's call meets, and how long that takes. Letters is a body of that
// many, for what is too long to read.
type answer struct {
	Step    string            `json:"step"`
	Run     string            `json:"run"`
	Attempt int               `json:"attempt"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	Text    *string           `json:"text"`
	Base64  *[]byte           `json:"base64"`
	Letters int               `json:"letters"`
	Error   map[string]any    `json:"error"`
	Takes   string            `json:"takes"`
}

func testCase(t *testing.T, conn *pgx.Conn, dir string) {
	c := &caseRun{t: t, ctx: t.Context(), kept: map[string]string{}}
	var definition json.RawMessage
	readInto(t, filepath.Join(dir, "definition.json"), &definition)
	readInto(t, filepath.Join(dir, "input.json"), &c.input)
	readInto(t, filepath.Join(dir, "calls.json"), &c.answers)
	if strings.Count(c.input.Says, " ") < 3 {
		t.Fatal("input.json must say in a sentence what the case shows")
	}
	var err error
	if c.tx, err = conn.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer c.tx.Rollback(context.WithoutCancel(t.Context()))

	c.mocks = mocksOf(c.answers)
	c.prepare(definition)
	for _, a := range c.input.Before {
		c.act(a)
	}
	c.begin()
	script := c.input.Do
	if script == nil {
		script = []action{{Settle: true}}
	}
	for _, a := range script {
		c.act(a)
	}
	if len(c.answers) > 0 {
		t.Fatalf("nobody asked for answer %q of calls.json", c.answers[0].Step)
	}
	got := c.told()
	c.prove()
	if c.input.Do == nil && len(c.runs()) == 1 {
		c.simulate(definition)
	}

	file := filepath.Join(dir, "events.json")
	want, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if string(want) == got {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Log("events.json is written anew")
		return
	}
	t.Errorf("%s\nthe log is not what events.json says:\n%s", c.input.Says, differing(string(want), got))
}

func readInto(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(content)))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
}

// UnmarshalJSON also takes an action without settings by its name alone.
func (a *action) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"settle"`:
		a.Settle = true
		return nil
	case `"answer"`:
		a.Answer = 1
		return nil
	case `"lose_queue"`:
		a.LoseQueue = true
		return nil
	}
	type plain action
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode((*plain)(a)); err != nil {
		return fmt.Errorf("action %s: %w", b, err)
	}
	return nil
}

// differing shows the lines that only one of two texts has, in their order.
func differing(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	same := make([][]int, len(w)+1) // length of the longest common part from here on
	for i := range same {
		same[i] = make([]int, len(g)+1)
	}
	for i := len(w) - 1; i >= 0; i-- {
		for j := len(g) - 1; j >= 0; j-- {
			if w[i] == g[j] {
				same[i][j] = same[i+1][j+1] + 1
			} else {
				same[i][j] = max(same[i+1][j], same[i][j+1])
			}
		}
	}
	var b strings.Builder
	i, j := 0, 0
	for i < len(w) || j < len(g) {
		switch {
		case i < len(w) && j < len(g) && w[i] == g[j]:
			i++
			j++
		case j == len(g) || (i < len(w) && same[i+1][j] >= same[i][j+1]):
			fmt.Fprintln(&b, "want", w[i])
			i++
		default:
			fmt.Fprintln(&b, "got ", g[j])
			j++
		}
	}
	return b.String()
}
