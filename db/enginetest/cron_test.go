//go:build unix

package enginetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/profullstack/meshhook/db/dbtest"
)

// cronField is what one field allows, drawn together with a text that says so.
type cronField struct {
	text string
	set  map[int]bool
}

var (
	monthNames = []string{"", "JAN", "Feb", "mar", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"SUN", "mon", "TUE", "Wed", "THU", "FRI", "SAT"}
)

// drawField draws elements of a field and collects their values one by one.
func drawField(t *rapid.T, label string, low, high int, names []string) cronField {
	f := cronField{set: map[int]bool{}}
	name := func(v int) string {
		if names != nil && v < len(names) && rapid.Bool().Draw(t, label+" by name") {
			return names[v]
		}
		return fmt.Sprint(v)
	}
	var elements []string
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, label+" elements") {
		from, to, step, text := low, high, 1, "*"
		stepped := rapid.IntRange(0, 3).Draw(t, label+" stepped") == 0
		switch rapid.SampledFrom([]string{"*", "*", "a", "a", "a-b"}).Draw(t, label+" kind") {
		case "a":
			from = rapid.IntRange(low, high).Draw(t, label)
			if text = name(from); !stepped { // a/n goes to the end
				to = from
			}
		case "a-b":
			from = rapid.IntRange(low, high).Draw(t, label+" from")
			to = rapid.IntRange(from, high).Draw(t, label+" to")
			text = name(from) + "-" + name(to)
		}
		if stepped {
			step = rapid.IntRange(1, high+1).Draw(t, label+" step")
			text += fmt.Sprint("/", step)
		}
		for v := from; v <= to; v += step {
			f.set[v] = true
		}
		elements = append(elements, text)
	}
	f.text = strings.Join(elements, ",")
	return f
}

// TestCronReference holds the search for due moments against a reference that looks at every minute: it walks through the
// minutes of the world, notes what the clocks of the zone show, and knows nothing of days, windows or AT TIME ZONE.
func TestCronReference(t *testing.T) {
	conn := connect(t, dbtest.URL(t))
	zones := []struct {
		name  string
		times []string // where clocks jump, in UTC
	}{
		{"UTC", nil},
		{"Asia/Kathmandu", nil},
		{"America/New_York", []string{"2024-03-10T07:00:00Z", "2024-11-03T06:00:00Z"}},
		{"Europe/Berlin", []string{"2023-03-26T01:00:00Z", "2023-10-29T01:00:00Z"}},
		{"Australia/Lord_Howe", []string{"2022-10-01T15:30:00Z", "2023-04-01T15:00:00Z"}},
		{"America/Sao_Paulo", []string{"2018-11-04T03:00:00Z", "2018-02-18T02:00:00Z"}},
		{"Pacific/Apia", []string{"2011-12-30T10:00:00Z"}},
		{"America/St_Johns", []string{"2011-03-13T03:31:00Z", "2010-11-07T02:31:00Z"}},
		{"Europe/London", []string{"2024-03-31T01:00:00Z", "2024-10-27T01:00:00Z"}},
	}
	const query = `select array(select extract(epoch from m)::bigint from unnest(meshhook_engine.due_moments(
		meshhook_engine.parse_cron($1), $2, $3, $3, $4, $5, $6)) with ordinality x(m, n) order by n)`
	cases, moments := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		minute := drawField(t, "minute", 0, 59, nil)
		hour := drawField(t, "hour", 0, 23, nil)
		day := drawField(t, "day", 1, 31, nil)
		month := drawField(t, "month", 1, 12, monthNames)
		week := drawField(t, "weekday", 0, 6, dayNames)
		last := rapid.IntRange(0, 9).Draw(t, "L") == 0
		if last {
			day = cronField{text: "L", set: map[int]bool{}}
		}
		if rapid.Bool().Draw(t, "any month") {
			month = cronField{text: "*"}
		}
		text := strings.Join([]string{minute.text, hour.text, day.text, month.text, week.text}, " ")
		either := !strings.HasPrefix(day.text, "*") && !strings.HasPrefix(week.text, "*")
		matches := func(l time.Time) bool {
			byDay := day.set[l.Day()] || last && l.AddDate(0, 0, 1).Day() == 1
			byWeek := week.set[int(l.Weekday())]
			return minute.set[l.Minute()] && hour.set[l.Hour()] && (month.set == nil || month.set[int(l.Month())]) &&
				(either && (byDay || byWeek) || !either && byDay && byWeek)
		}

		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		location, err := time.LoadLocation(zone.name)
		if err != nil {
			t.Skip(err)
		}
		after := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 10*365*24*60).Draw(t, "minutes")) * time.Minute)
		if len(zone.times) > 0 && rapid.IntRange(0, 3).Draw(t, "near a jump") > 0 {
			at, _ := time.Parse(time.RFC3339, rapid.SampledFrom(zone.times).Draw(t, "jump"))
			after = at.Add(-time.Duration(rapid.IntRange(-180, 2*24*60).Draw(t, "before")) * time.Minute)
		}
		after = after.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 59}).Draw(t, "seconds")) * time.Second)
		upto := after.Add(time.Duration(rapid.SampledFrom([]int{1, 24, 70}).Draw(t, "hours")) * time.Hour)

		// What the zone's clocks show at each minute; of two minutes that look the same, the later counts.
		naive := func(u time.Time) int64 {
			l := u.In(location)
			return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC).Unix()
		}
		shown := map[int64]int64{}
		begin, end := after.Truncate(time.Minute).Add(-72*time.Hour), upto.Add(72*time.Hour)
		for u := begin; u.Before(end); u = u.Add(time.Minute) {
			shown[naive(u)] = u.Unix()
		}
		seen := map[int64]bool{}
		var before, moved int64 // the last minute that was shown, and when
		for l := naive(begin); l < naive(end); l += 60 {
			moment, ok := shown[l]
			if ok {
				before, moved = l, moment
			} else { // skipped: as much later as the clocks went
				moment = moved + l - before
			}
			if matches(time.Unix(l, 0).UTC()) && moment > after.Unix() && moment <= upto.Unix() {
				seen[moment] = true
			}
		}
		want := make([]int64, 0, len(seen))
		for m := range seen {
			want = append(want, m)
		}
		slices.Sort(want)

		limit := rapid.SampledFrom([]int{1, 3, 10000}).Draw(t, "limit")
		for _, latest := range []bool{false, true} {
			part := want
			if len(part) > limit {
				if latest {
					part = part[len(part)-limit:]
				} else {
					part = part[:limit]
				}
			}
			var got []int64
			if err := conn.QueryRow(context.Background(), query, text, zone.name, after, upto, limit, latest).Scan(&got); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if !slices.Equal(got, part) {
				t.Fatalf("%q in %s after %s, latest %v, at most %d:\n got %v\nwant %v", text, zone.name, after.Format(time.RFC3339), latest, limit, readable(got, location), readable(part, location))
			}
		}
		cases++
		moments += len(want)
	})
	dbtest.Report(t, "%d cron texts and %d moments as a look at every minute has them", cases, moments)
}

func readable(moments []int64, location *time.Location) []string {
	var list []string
	for _, m := range moments[:min(len(moments), 20)] {
		list = append(list, time.Unix(m, 0).In(location).Format("2006-01-02T15:04:05-07:00"))
	}
	return list
}
