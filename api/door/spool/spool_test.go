package spool_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/profullstack/meshhook/api/door/spool"
)

func open(t *testing.T, dir string) *spool.Spool {
	t.Helper()
	s, err := spool.Open(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s *spool.Spool, records ...string) {
	t.Helper()
	for _, r := range records {
		if err := s.Append([][]byte{[]byte(r)}); err != nil {
			t.Fatal(err)
		}
	}
}

// taken drains a spool, so many at a time, and joins what came.
func taken(t *testing.T, s *spool.Spool, most int) string {
	t.Helper()
	var all []string
	if err := s.Take(most, func(records [][]byte) error {
		if len(records) > most {
			t.Errorf("%d records at a time", len(records))
		}
		for _, r := range records {
			all = append(all, string(r))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}

func segments(t *testing.T, dir, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestTakenInOrderAndOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a", "", "b")
	if err := s.Append([][]byte{[]byte("c"), []byte("d")}); err != nil {
		t.Fatal(err)
	}
	if got := taken(t, s, 2); got != "[a  b c d]" {
		t.Errorf("took %s", got)
	}
	if s.Held() != 0 || taken(t, s, 2) != "[]" || len(segments(t, dir, "*.spool")) != 0 {
		t.Error("something is left")
	}
	put(t, s, "e")
	if got := taken(t, s, 2); got != "[e]" {
		t.Errorf("took %s", got)
	}
}

func TestWhatIsNotTakenStays(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a", "b", "c")
	refusal := errors.New("away")
	n := 0
	err := s.Take(1, func([][]byte) error {
		if n++; n == 2 {
			return refusal
		}
		return nil
	})
	if !errors.Is(err, refusal) {
		t.Fatalf("got %v", err)
	}
	put(t, s, "d")
	s.Close()
	s = open(t, dir) // another process
	put(t, s, "e")
	if got := taken(t, s, 10); got != "[a b c d e]" {
		t.Errorf("took %s: the segment from its beginning, then what came later", got)
	}
}

func TestOnlyOneProcess(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if s, err := spool.Open(dir, 1); err == nil {
		s.Close()
		t.Error("two have it open")
	}
}

func TestFull(t *testing.T) {
	s, err := spool.Open(t.TempDir(), 30)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, "0123456789")
	if err := s.Append([][]byte{[]byte("0123456789")}); !errors.Is(err, spool.ErrFull) {
		t.Errorf("got %v", err)
	}
	if got := taken(t, s, 10); got != "[0123456789]" {
		t.Errorf("took %s", got)
	}
	put(t, s, "0123456789")
}

// A write may be cut off at any byte; a byte may change. What was whole before it is taken.
func TestCutOffAndDamaged(t *testing.T) {
	whole := func(dir string) []byte {
		s := open(t, dir)
		put(t, s, "first", "second")
		s.Close()
		content, err := os.ReadFile(segments(t, dir, "*.spool")[0])
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	content := whole(t.TempDir())
	for cut := range len(content) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "0000000000000001.spool"), content[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		want := "[]"
		if cut >= 8+len("first") {
			want = "[first]"
		}
		if got := taken(t, open(t, dir), 10); got != want {
			t.Fatalf("cut at %d: took %s, want %s", cut, got, want)
		}
	}
	for at := 8; at < 8+len("first"); at++ {
		dir := t.TempDir()
		changed := bytes.Clone(content)
		changed[at] ^= 1
		if err := os.WriteFile(filepath.Join(dir, "0000000000000001.spool"), changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open(t, dir).Take(10, func([][]byte) error { t.Error("a damaged record was handed out"); return nil }); err == nil {
			t.Error("damage is not told")
		}
		if kept := segments(t, dir, "*.damaged"); len(kept) != 1 {
			t.Errorf("kept %v", kept)
		}
	}
}
