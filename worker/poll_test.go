//go:build unix

package worker_test

import "testing"

// TestProcessFindsWorkNobodyToldItOf gives work to the queue without a notification, as when the listening connection is
// lost at the wrong moment: notifications are hints, and a process looks for itself.
func TestProcessFindsWorkNobodyToldItOf(t *testing.T) {
	s := newShop(t)
	s.publish("one", one, oneEdge)
	s.publish("nap", `{"nap": {"type": "delay", "with": {"for": "3s"}}}`, `[{"from": "trigger", "to": "nap"}]`)
	s.start("one", 3)
	s.exec("update meshhook_river.river_job set state = 'scheduled', scheduled_at = now() + interval '1 day', attempted_by = '{0}'")
	s.process(nil)
	// One run goes all the way: the process is up, has heard what there was to hear, and found the rest not to be due.
	s.start("one", 1)
	s.wait("a run that is told of", func() bool {
		return s.text("select count(*)::text from meshhook.runs where status = 'succeeded'") == "1"
	})
	if n := s.calls.Load(); n != 1 {
		t.Fatalf("%d calls were made, one run was due", n)
	}
	// Due now, and nobody says so: an update of the table sends nothing.
	s.exec("update meshhook_river.river_job set state = 'available', scheduled_at = now(), attempted_by = null where state = 'scheduled'")
	s.ended(4)
	// Timers are found by looking alone.
	s.start("nap", 2)
	s.ended(6)
	s.alarms.none(t)
}

// TestProcessRunsSchedules lets two processes look at one schedule: each due moment has one run, and that is done.
func TestProcessRunsSchedules(t *testing.T) {
	s := newShop(t)
	s.publish("one", one, oneEdge)
	s.exec("select meshhook.add_schedule('p', 'one', 'tick', '@every 1s', catch_up => 'all')")
	s.process(nil)
	s.process(nil)
	s.wait("three runs of a schedule", func() bool {
		return s.text("select count(*)::text from meshhook.runs where status = 'succeeded' and trigger = 'schedule'") >= "3"
	})
	s.exec("select meshhook.pause_schedule('p', 'tick')")
	started := s.text("select started::text from meshhook.schedules")
	if n := s.text("select count(distinct e.data #>> '{trigger,due_at}') || ' ' || count(*) from meshhook.events e where e.type = 'run.started'"); n != started+" "+started {
		t.Errorf("due moments and runs are %s, the schedule has started %s", n, started)
	}
	s.wait("all of them to end", func() bool {
		return s.text("select count(*)::text from meshhook.runs where finished_at is null") == "0"
	})
	if calls := s.text("select $1::int::text", s.calls.Load()); calls != started {
		t.Errorf("%s calls were made for %s runs", calls, started)
	}
	s.alarms.none(t)
}
