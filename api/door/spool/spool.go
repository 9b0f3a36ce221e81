// Package spool keeps records on the local disk, in order, until somebody takes them: what the door does with requests while
// the database is away. A record that Append has accepted survives the process and the machine; one that is being written when
// the machine dies was not acknowledged and is dropped.
//
// On disk a spool is a folder of segments. A record is its length and CRC-32C, four bytes each, then its bytes. A segment that
// has been taken whole is removed; whoever takes records must know those it has had before, because after a crash a segment is
// taken from its beginning again.
package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// ErrFull says that the spool holds as much as it may.
var ErrFull = errors.New("the spool is full")

const (
	header      = 8
	suffix      = ".spool"
	segmentSize = 16 << 20 // a segment that has grown to this is followed by another
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Spool is a folder of records. Its methods may be called by several goroutines; Take by one at a time.
type Spool struct {
	dir  string
	most int64
	lock *os.File
	held atomic.Int64 // bytes on disk

	mu     sync.Mutex
	out    *os.File // nil until there is something to write
	size   int64
	number int
}

// Open opens the spool in dir, which is made if it is not there, and keeps any other process out of it. It holds at most so
// many bytes.
func Open(dir string, most int64) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("the spool %s belongs to another process: %w", dir, err)
	}
	s := &Spool{dir: dir, most: most, lock: lock}
	segments, err := s.segments()
	if err != nil {
		lock.Close()
		return nil, err
	}
	for _, path := range segments {
		info, err := os.Stat(path)
		if err != nil {
			lock.Close()
			return nil, fmt.Errorf("open the spool: %w", err)
		}
		s.held.Add(info.Size())
		if _, err := fmt.Sscanf(filepath.Base(path), "%d", &s.number); err != nil {
			lock.Close()
			return nil, fmt.Errorf("open the spool: %s is no segment's name", path)
		}
	}
	return s, nil
}

// Dir is the folder of the spool.
func (s *Spool) Dir() string { return s.dir }

// Held is how many bytes wait to be taken.
func (s *Spool) Held() int64 { return s.held.Load() }

// Append writes records behind all others, and returns when they are on disk: all of them or, with an error, none for sure.
func (s *Spool) Append(records [][]byte) error {
	var block []byte
	for _, record := range records {
		block = binary.BigEndian.AppendUint32(block, uint32(len(record)))
		block = binary.BigEndian.AppendUint32(block, crc32.Checksum(record, castagnoli))
		block = append(block, record...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held.Load()+int64(len(block)) > s.most {
		return ErrFull
	}
	if s.out == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	_, err := s.out.Write(block)
	if err == nil {
		err = s.out.Sync()
	}
	if err != nil {
		// What is half written must not stand before what comes: the segment ends where it was whole.
		err = errors.Join(fmt.Errorf("write to the spool: %w", err), s.out.Truncate(s.size))
		s.end()
		return err
	}
	s.size += int64(len(block))
	s.held.Add(int64(len(block)))
	if s.size >= segmentSize {
		s.end()
	}
	return nil
}

// begin starts a segment. The caller holds the mutex.
func (s *Spool) begin() error {
	out, err := os.OpenFile(filepath.Join(s.dir, fmt.Sprintf("%016d%s", s.number+1, suffix)), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		if err = s.syncDir(); err != nil {
			out.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("begin a segment of the spool: %w", err)
	}
	s.number++
	s.out, s.size = out, 0
	return nil
}

// end finishes the segment that is written. The caller holds the mutex.
func (s *Spool) end() {
	if s.out != nil {
		s.out.Close()
		s.out = nil
	}
}

// Take hands the oldest records to take, in order and at most so many at a time, until none is left or take fails. What take
// has accepted is gone from the spool once the rest of its segment has been accepted too.
func (s *Spool) Take(most int, take func(records [][]byte) error) error {
	for {
		s.mu.Lock()
		s.end() // what is written from now on comes into another segment
		s.mu.Unlock()
		segments, err := s.segments()
		if err != nil || len(segments) == 0 {
			return err
		}
		if err := s.takeSegment(segments[0], most, take); err != nil {
			return err
		}
	}
}

func (s *Spool) takeSegment(path string, most int, take func([][]byte) error) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the spool: %w", err)
	}
	records, damaged := split(content)
	for len(records) > 0 {
		n := min(most, len(records))
		if err := take(records[:n]); err != nil {
			return err
		}
		records = records[n:]
	}
	if damaged {
		// Not the end of a write that was cut off, but bytes that changed: kept for somebody to look at.
		err = os.Rename(path, strings.TrimSuffix(path, suffix)+".damaged")
	} else {
		err = os.Remove(path)
	}
	if err == nil {
		err = s.syncDir()
	}
	if err != nil {
		return fmt.Errorf("remove a taken segment of the spool: %w", err)
	}
	s.held.Add(-int64(len(content)))
	if damaged {
		return fmt.Errorf("a segment of the spool is damaged: its whole records were taken, it is kept beside as %s.damaged", strings.TrimSuffix(filepath.Base(path), suffix))
	}
	return nil
}

// split cuts a segment into its records. What follows the last whole one is the rest of a write that never ended, unless its
// length says that all of it is there: then it is damaged.
func split(content []byte) (records [][]byte, damaged bool) {
	for len(content) >= header {
		length := int64(binary.BigEndian.Uint32(content))
		sum := binary.BigEndian.Uint32(content[4:])
		if length > int64(len(content)-header) {
			return records, false
		}
		record := content[header : header+length]
		if crc32.Checksum(record, castagnoli) != sum {
			return records, true
		}
		records = append(records, record)
		content = content[header+length:]
	}
	return records, false
}

// Close lets another process have the spool.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
	return s.lock.Close()
}

func (s *Spool) segments() ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(s.dir, "*"+suffix))
	if err != nil {
		return nil, fmt.Errorf("list the spool: %w", err)
	}
	sort.Strings(paths)
	return paths, nil
}

func (s *Spool) syncDir() error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
