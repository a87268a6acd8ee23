package tiles

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tunnus-id/tunnus/trust/audit"
)

// A Line is one line as it is exported: a JSON object on a line of its own,
// ordered by Index. Record and Salt are absent once erased.
type Line struct {
	Index  *uint64 `json:"index"` // nil if it is not in the log yet
	Leaf   []byte  `json:"leaf"`
	Salt   []byte  `json:"salt,omitempty"`
	Record []byte  `json:"record,omitempty"`
}

// maxLine bounds one exported line, in bytes.
const maxLine = 1 << 20

// Lines are exported lines, read one by one.
type Lines struct {
	scan  *bufio.Scanner
	next  *Line
	err   error
	last  int64 // index of the line before
	short bool  // they end before the log does; that was said
}

// NewLines reads an export.
func NewLines(r io.Reader) *Lines {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	l := &Lines{scan: s, last: -1}
	l.read()
	return l
}

func (l *Lines) read() {
	if l.next = nil; l.err != nil || !l.scan.Scan() {
		l.err = errors.Join(l.err, l.scan.Err())
		return
	}
	line, err := ParseLine(l.scan.Bytes())
	if err != nil {
		l.err = err
		return
	}
	l.next = &line
}

// ParseLine reads one exported line.
func ParseLine(text []byte) (Line, error) {
	var v Line
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return Line{}, fmt.Errorf("tiles: an exported line cannot be read: %w", err)
	}
	if dec.More() || v.Index != nil && *v.Index >= 1<<62 {
		return Line{}, errors.New("tiles: an exported line is more than one object, or has no place")
	}
	return v, nil
}

// check looks at the line that belongs to an entry.
func (l *Lines) check(at uint64, leaf []byte, r *Report) {
	for l.next != nil && l.next.Index != nil && *l.next.Index < at {
		if int64(*l.next.Index) <= l.last {
			r.fault("The records are out of order: line %d stands behind line %d.", *l.next.Index, l.last)
		}
		l.read()
	}
	if l.next == nil {
		if !l.short && l.err == nil {
			r.fault("The records end before line %d, and the log goes on: they were exported before the log was copied, or lines were removed.", at)
		}
		l.short = true
		return
	}
	if l.next.Index == nil || *l.next.Index != at {
		r.fault("Line %d is in the log, and there is no record of it: it was removed.", at)
		return
	}
	v := *l.next
	l.last = int64(at)
	l.read()
	switch {
	case !bytes.Equal(v.Leaf, leaf):
		r.fault("Line %d is not the one that was logged at this place: it was changed or moved.", at)
	case v.Record == nil && v.Salt == nil:
		r.Erased++
	default:
		if _, err := audit.Open(audit.Line{Record: v.Record, Salt: v.Salt, Leaf: v.Leaf}); err != nil {
			r.fault("The record of line %d was changed: it is not the one whose hash was logged.", at)
			return
		}
		r.Records++
	}
}

// rest counts what comes behind the last entry.
func (l *Lines) rest(r *Report) {
	for ; l.next != nil; l.read() {
		if i := l.next.Index; i != nil && int64(*i) <= l.last {
			r.fault("The records are out of order: line %d stands behind line %d.", *i, l.last)
			continue
		}
		r.Waiting++
	}
	if l.err != nil {
		r.fault("The records cannot be read to their end: %v.", l.err)
	}
}
