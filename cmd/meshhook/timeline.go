package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// event is one row of meshhook.history.
type event struct {
	Seq     int             `json:"seq"`
	At      time.Time       `json:"at"`
	Type    string          `json:"type"`
	Step    *string         `json:"step"`
	Attempt *int            `json:"attempt"`
	Summary *string         `json:"summary"`
	Data    json.RawMessage `json:"data"`
}

// timeline is a run as a picture in time, told from its events alone. Offsets count from the start of the run.
type timeline struct {
	Steps []*stepLine   `json:"steps"`
	Total time.Duration `json:"-"`
	index map[string]*stepLine
}

// stepLine is one step: when it was decided or begun, when it was settled, and what filled the time between.
type stepLine struct {
	Step   string          `json:"step"`
	Kind   string          `json:"kind"` // pure, call, timer or end
	Status string          `json:"status"`
	From   offset          `json:"from_ms"`
	To     offset          `json:"to_ms"`
	Parts  []part          `json:"parts,omitempty"`
	Note   string          `json:"note,omitempty"`
	Output json.RawMessage `json:"output,omitempty"`
}

// part is a stretch of a step: an attempt, the backoff after one, or a timer.
type part struct {
	Kind    string `json:"kind"` // attempt, backoff or timer
	Attempt int    `json:"attempt,omitempty"`
	From    offset `json:"from_ms"`
	To      offset `json:"to_ms"`
	Status  string `json:"status"`
	Note    string `json:"note,omitempty"`
}

// offset is a length of time that JSON shows as milliseconds.
type offset time.Duration

// MarshalJSON gives milliseconds with three decimals at most.
func (o offset) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Duration(o).Microseconds()) / 1000)
}

// facts are the fields of event data that the picture is drawn from; docs/events.md describes them.
type facts struct {
	Steps []struct {
		Step   string          `json:"step"`
		Output json.RawMessage `json:"output"`
		Ports  []string        `json:"ports"`
		Error  *failure        `json:"error"`
	} `json:"steps"`
	Skipped  []string        `json:"skipped"`
	Output   json.RawMessage `json:"output"`
	Error    *failure        `json:"error"`
	Status   int             `json:"status"`
	Attempts int             `json:"attempts"`
	DelayMS  int64           `json:"delay_ms"`
	Due      int64           `json:"due"`
	Timings  struct {
		Total float64 `json:"total_ms"`
	} `json:"timings"`
}

type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

// newTimeline reads the events of a run that began at start; now is where open steps reach to.
func newTimeline(start, now time.Time, events []event) (*timeline, error) {
	t := &timeline{index: map[string]*stepLine{}, Steps: []*stepLine{}}
	for _, e := range events {
		var f facts
		if err := json.Unmarshal(e.Data, &f); err != nil {
			return nil, fmt.Errorf("read event %d: %w", e.Seq, err)
		}
		at := offset(e.At.Sub(start))
		t.Total = max(t.Total, time.Duration(at))
		t.add(e, f, at, start)
	}
	ended := len(events) > 0 && isEnd(events[len(events)-1].Type)
	present := offset(max(now.Sub(start), t.Total))
	for _, s := range t.Steps {
		switch {
		case s.Status != "running" && s.Status != "retrying" && s.Status != "waiting":
			continue
		case ended:
			s.Status = "canceled"
			s.cutOff(offset(t.Total))
		default:
			s.reach(present)
		}
		t.Total = max(t.Total, time.Duration(s.To))
	}
	return t, nil
}

// cutOff ends what was open when the run ended.
func (s *stepLine) cutOff(at offset) {
	for i := range s.Parts {
		s.Parts[i].To = min(s.Parts[i].To, at)
	}
	s.To = at
}

// reach stretches an open step to the present: a call whose backoff is over, or that never had one, is being tried.
func (s *stepLine) reach(present offset) {
	from, attempt := s.From, 1
	if n := len(s.Parts); n > 0 {
		from, attempt = s.Parts[n-1].To, s.Parts[n-1].Attempt+1
	}
	s.To = max(present, from)
	if s.Kind == "call" && from < present {
		s.Status = "running"
		s.Parts = append(s.Parts, part{Kind: "attempt", Attempt: attempt, From: from, To: present, Status: "running"})
	}
}

func isEnd(kind string) bool {
	return kind == "run.succeeded" || kind == "run.failed" || kind == "run.canceled"
}

// add draws one event.
func (t *timeline) add(e event, f facts, at offset, start time.Time) {
	if e.Type == "segment.decided" {
		for _, d := range f.Steps {
			s := t.step(d.Step, "pure", at)
			s.To, s.Status, s.Output = at, "succeeded", d.Output
			switch {
			case d.Error != nil:
				s.Status, s.Note = "failed", d.Error.Code+": "+d.Error.Message
			case d.Ports != nil:
				s.Note = joinPorts(d.Ports)
			}
		}
		for _, name := range f.Skipped {
			t.step(name, "pure", at).Status = "skipped"
		}
		return
	}
	if e.Type == "run.started" && f.Due != 0 { // a start that was put off is a timer in front of the graph
		t.timer(delayedStart, at, f.Due, start)
	}
	if e.Step == nil {
		return
	}
	switch e.Type {
	case "call.scheduled":
		t.step(*e.Step, "call", at)
	case "call.attempted":
		t.step(*e.Step, "call", at).attempted(e, f, at)
	case "retry.scheduled":
		s := t.step(*e.Step, "call", at)
		s.Status, s.To = "retrying", at+offset(f.DelayMS)*offset(time.Millisecond)
		s.Parts = append(s.Parts, part{
			Kind: "backoff", Attempt: number(e.Attempt) - 1, From: at, To: s.To, Status: "retrying",
		})
	case "call.succeeded", "call.failed":
		s := t.step(*e.Step, "call", at)
		s.To, s.Status = at, "succeeded"
		if f.Error != nil {
			s.Status, s.Note = "failed", f.Error.Code+": "+f.Error.Message
			break
		}
		if f.Attempts > 1 {
			s.Note = fmt.Sprintf("after %d attempts", f.Attempts)
		}
		if n := len(s.Parts); n > 0 {
			s.Parts[n-1].Status = "succeeded" // which statuses are fine is the node's to say
		}
	case "timer.set":
		t.timer(*e.Step, at, f.Due, start)
	case "timer.fired":
		s := t.step(*e.Step, "timer", at)
		s.Status, s.To = "succeeded", at
		if len(s.Parts) > 0 {
			s.Parts[0].To, s.Parts[0].Status = at, "succeeded"
		}
	case "run.succeeded", "run.failed", "run.canceled":
		s := t.step(*e.Step, "end", at)
		s.Status, s.To = "succeeded", at
		s.Note = "ends the run: " + e.Type[len("run."):]
	}
}

// delayedStart is how the log names the timer of a start that was put off.
const delayedStart = "*"

// timer draws a timer up to when it is due.
func (t *timeline) timer(name string, at offset, due int64, start time.Time) {
	s := t.step(name, "timer", at)
	s.Status, s.To = "waiting", offset(time.UnixMilli(due).Sub(start))
	s.Parts = []part{{Kind: "timer", From: at, To: s.To, Status: "waiting"}}
}

// attempted draws one try: it ended when it was recorded, and lasted as long as the worker measured.
func (s *stepLine) attempted(e event, f facts, at offset) {
	from := max(s.From, at-offset(f.Timings.Total*float64(time.Millisecond)))
	if n := len(s.Parts); n > 0 {
		// What was planned as backoff ended when this try began.
		s.Parts[n-1].To = min(s.Parts[n-1].To, max(s.Parts[n-1].From, from))
		from = max(from, s.Parts[n-1].From)
	}
	p := part{Kind: "attempt", Attempt: number(e.Attempt), From: from, To: at, Status: "succeeded"}
	switch {
	case f.Error != nil:
		p.Status, p.Note = "failed", f.Error.Code+": "+f.Error.Message
	case f.Status < 200 || f.Status > 299:
		p.Status = "failed"
	}
	if f.Status != 0 && p.Note == "" {
		p.Note = fmt.Sprintf("%d %s", f.Status, http.StatusText(f.Status))
	}
	s.Parts = append(s.Parts, p)
	s.To = at
}

func (t *timeline) step(name, kind string, at offset) *stepLine {
	if s := t.index[name]; s != nil {
		return s
	}
	s := &stepLine{Step: name, Kind: kind, Status: "running", From: at, To: at}
	t.index[name] = s
	t.Steps = append(t.Steps, s)
	return s
}

func joinPorts(ports []string) string {
	if len(ports) == 0 {
		return "no port"
	}
	text := "takes "
	for i, p := range ports {
		if i > 0 {
			text += ", "
		}
		text += p
	}
	return text
}

func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}
