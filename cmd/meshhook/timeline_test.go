package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// start of the runs below.
var t0 = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// logged is an event some milliseconds after the start.
func logged(ms int, kind, step string, attempt int, data string) event {
	e := event{At: t0.Add(time.Duration(ms) * time.Millisecond), Type: kind, Data: json.RawMessage(data)}
	if step != "" {
		e.Step = &step
	}
	if attempt > 0 {
		e.Attempt = &attempt
	}
	return e
}

// story is the steps and their parts as lines, which tests compare.
func story(t *timeline) []string {
	ms := func(o offset) string { return time.Duration(o).String() }
	var lines []string
	for _, s := range t.Steps {
		lines = append(lines, strings.Join([]string{s.Step, s.Kind, s.Status, ms(s.From), ms(s.To), s.Note}, " "))
		for _, p := range s.Parts {
			lines = append(lines, strings.TrimRight(strings.Join([]string{"  ", p.Kind, p.Status, ms(p.From), ms(p.To), p.Note}, " "), " "))
		}
	}
	return lines
}

func TestTimelineTellsAttemptsAndBackoffApart(t *testing.T) {
	events := []event{
		logged(0, "run.started", "", 0, `{"workflow":"w","version":1}`),
		logged(0, "segment.decided", "", 0, `{"steps":[{"step":"shape","output":{"id":1}},{"step":"size","ports":["large"]}],"skipped":["small"]}`),
		logged(0, "call.scheduled", "erp", 1, `{"method":"POST","url":"http://erp"}`),
		logged(20, "call.attempted", "erp", 1, `{"status":503,"timings":{"total_ms":15}}`),
		logged(20, "retry.scheduled", "erp", 2, `{"delay_ms":200,"due":1,"draw":0.5,"class":"5xx"}`),
		logged(260, "call.attempted", "erp", 2, `{"error":{"class":"timeout","code":"MH_CALL_TIMEOUT","message":"too slow"},"timings":{"total_ms":30}}`),
		logged(260, "retry.scheduled", "erp", 3, `{"delay_ms":100,"due":1,"draw":0.5,"class":"timeout"}`),
		logged(380, "call.attempted", "erp", 3, `{"status":200,"body":{},"timings":{"total_ms":10}}`),
		logged(380, "call.succeeded", "erp", 3, `{"attempts":3,"duration_ms":380}`),
		logged(380, "run.succeeded", "done", 0, `{"output":{"ok":true}}`),
	}
	got, err := newTimeline(t0, t0.Add(time.Hour), events)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"shape pure succeeded 0s 0s ",
		"size pure succeeded 0s 0s takes large",
		"small pure skipped 0s 0s ",
		"erp call succeeded 0s 380ms after 3 attempts",
		"   attempt failed 5ms 20ms 503 Service Unavailable",
		"   backoff retrying 20ms 220ms",
		"   attempt failed 230ms 260ms MH_CALL_TIMEOUT: too slow",
		"   backoff retrying 260ms 360ms",
		"   attempt succeeded 370ms 380ms 200 OK",
		"done end succeeded 380ms 380ms ends the run: succeeded",
	}
	if diff := cmp.Diff(want, story(got)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func TestTimelineOfAnOpenRunReachesToThePresent(t *testing.T) {
	due := t0.Add(time.Minute).UnixMilli()
	events := []event{
		logged(0, "run.started", "", 0, `{}`),
		logged(0, "call.scheduled", "fresh", 1, `{}`),
		logged(0, "call.scheduled", "tried", 1, `{}`),
		logged(0, "timer.set", "pause", 0, `{"due":`+jsonNumber(due)+`}`),
		logged(100, "call.attempted", "tried", 1, `{"status":500,"timings":{"total_ms":100}}`),
		logged(100, "retry.scheduled", "tried", 2, `{"delay_ms":5000}`),
	}
	got, err := newTimeline(t0, t0.Add(time.Second), events)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"fresh call running 0s 1s ",
		"   attempt running 0s 1s",
		"tried call retrying 0s 5.1s ",
		"   attempt failed 0s 100ms 500 Internal Server Error",
		"   backoff retrying 100ms 5.1s",
		"pause timer waiting 0s 1m0s ",
		"   timer waiting 0s 1m0s",
	}
	if diff := cmp.Diff(want, story(got)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func TestTimelineOfACanceledRunCutsOffWhatWasOpen(t *testing.T) {
	events := []event{
		logged(0, "run.started", "", 0, `{}`),
		logged(0, "call.scheduled", "erp", 1, `{}`),
		logged(10, "call.attempted", "erp", 1, `{"status":500,"timings":{"total_ms":10}}`),
		logged(10, "retry.scheduled", "erp", 2, `{"delay_ms":60000}`),
		logged(900, "run.canceled", "", 0, `{"error":{"code":"MH_CANCELED","message":"enough"},"output":null}`),
	}
	got, err := newTimeline(t0, t0.Add(time.Hour), events)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"erp call canceled 0s 900ms ",
		"   attempt failed 0s 10ms 500 Internal Server Error",
		"   backoff retrying 10ms 900ms",
	}
	if diff := cmp.Diff(want, story(got)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func TestDrawPartsKeepsEveryAttemptVisible(t *testing.T) {
	ms := func(n int) offset { return offset(time.Duration(n) * time.Millisecond) }
	line := drawParts(paint{}, []part{
		{Kind: "attempt", From: ms(0), To: ms(1)},
		{Kind: "backoff", From: ms(1), To: ms(499)},
		{Kind: "attempt", From: ms(499), To: ms(500)},
		{Kind: "backoff", From: ms(500), To: ms(999)},
		{Kind: "attempt", From: ms(999), To: ms(1000)},
	}, time.Second)
	if got := len([]rune(line)); got != barWidth {
		t.Errorf("the line has %d characters, want %d: %q", got, barWidth, line)
	}
	if got := strings.Count(line, "█"); got != 3 {
		t.Errorf("%d attempts are seen, want 3: %q", got, line)
	}
	if strings.Contains(line, " ") {
		t.Errorf("there is a gap in a line without one: %q", line)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:               "0 ms",
		2400 * time.Microsecond:    "2.4 ms",
		812 * time.Millisecond:     "812 ms",
		1210 * time.Millisecond:    "1.21 s",
		61 * time.Second:           "1 m 01 s",
		90 * time.Minute:           "1 h 30 m",
		75*time.Hour + time.Hour/2: "3 d 03 h",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%d) = %q, want %q", d, got, want)
		}
	}
}

func jsonNumber(n int64) string {
	text, _ := json.Marshal(n) // a number always can
	return string(text)
}
