package rates

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Limits of a table.
const (
	MaxTable = 256 << 20 // bytes
	MaxPairs = 2_000_000
	maxField = 512 // bytes
	maxKinds = 64  // columns
)

// Names of columns. What a column is called besides is what it was called in
// tables of others.
const (
	columnA    = "a"
	columnB    = "b"
	columnSame = "same"
)

var synonyms = map[string]string{
	"file_x": columnA, "file_y": columnB, "first": columnA, "second": columnB, "decision": columnSame, "genuine": columnSame,
}

// Read reads a table of pairs: CSV (RFC 4180) with a heading. The column "same"
// says yes or no; "a" and "b" name the pictures; columns that are named as one of
// the measures hold distances, empty where a pair could not be measured; every
// other column is a dimension by which pairs are grouped. Either pictures or
// distances must be there. A set without distances has pairs that are not
// measured, all of them; scored is false.
func Read(r io.Reader, measures []string) (set Set, scored bool, err error) {
	lines := csv.NewReader(io.LimitReader(r, MaxTable+1))
	lines.ReuseRecord = true
	heading, err := lines.Read()
	if err != nil {
		return Set{}, false, fmt.Errorf("rates: no heading: %w", err)
	}
	h, err := readHeading(heading, measures)
	if err != nil {
		return Set{}, false, err
	}
	set = Set{Measures: slices.Clone(measures), Dimensions: h.dimensions}
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Set{}, false, fmt.Errorf("rates: %w", err)
		}
		line, _ := lines.FieldPos(0)
		pair, err := h.pair(fields)
		if err != nil {
			return Set{}, false, fmt.Errorf("rates: line %d: %w", line, err)
		}
		set.Pairs = append(set.Pairs, pair)
		if len(set.Pairs) > MaxPairs || lines.InputOffset() > MaxTable {
			return Set{}, false, fmt.Errorf("rates: more than %d pairs or %d bytes", MaxPairs, MaxTable)
		}
	}
	if len(set.Pairs) == 0 {
		return Set{}, false, errors.New("rates: no pairs")
	}
	return set, h.distances != nil, set.Check()
}

// A heading says what stands in which column; -1 is nowhere.
type heading struct {
	a, b, same int
	distances  []int // in the order of the measures; nil if there are none
	dimensions []string
	groups     []int
}

func readHeading(names []string, measures []string) (heading, error) {
	h := heading{a: -1, b: -1, same: -1}
	if len(names) > maxKinds {
		return h, fmt.Errorf("rates: more than %d columns", maxKinds)
	}
	at := map[string]int{}
	for i, name := range names {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if known := synonyms[strings.ToLower(name)]; known != "" {
			name = known
		}
		if _, twice := at[name]; twice || name == "" || len(name) > maxField {
			return h, fmt.Errorf("rates: column %d: no name, or one that stands there twice: %q", i+1, name)
		}
		at[name] = i
		switch {
		case name == columnA:
			h.a = i
		case name == columnB:
			h.b = i
		case name == columnSame:
			h.same = i
		case !slices.Contains(measures, name):
			h.dimensions, h.groups = append(h.dimensions, name), append(h.groups, i)
		}
	}
	for _, m := range measures {
		if i, ok := at[m]; ok {
			h.distances = append(h.distances, i)
		}
	}
	switch {
	case h.same < 0:
		return h, fmt.Errorf("rates: no column %q in the heading, which says yes or no", columnSame)
	case h.distances != nil && len(h.distances) != len(measures):
		return h, fmt.Errorf("rates: not all of the columns %s", strings.Join(measures, ", "))
	case (h.a < 0) != (h.b < 0), h.a < 0 && h.distances == nil:
		return h, fmt.Errorf("rates: neither the columns %q and %q with pictures, nor distances: %s", columnA, columnB, strings.Join(measures, ", "))
	}
	return h, nil
}

func (h heading) pair(fields []string) (Pair, error) {
	for _, f := range fields {
		if len(f) > maxField {
			return Pair{}, fmt.Errorf("a field of more than %d bytes", maxField)
		}
	}
	var p Pair
	switch strings.ToLower(strings.TrimSpace(fields[h.same])) {
	case "yes", "true", "1":
		p.Same = true
	case "no", "false", "0":
	default:
		return Pair{}, fmt.Errorf("%s: %q is neither yes nor no", columnSame, fields[h.same])
	}
	if h.a >= 0 {
		p.A, p.B = strings.Clone(fields[h.a]), strings.Clone(fields[h.b])
		if p.A == "" || p.B == "" {
			return Pair{}, errors.New("a picture without a name")
		}
	}
	p.Groups = make([]string, 0, len(h.groups))
	for _, i := range h.groups {
		p.Groups = append(p.Groups, strings.Clone(fields[i]))
	}
	empty := 0
	for _, i := range h.distances {
		if fields[i] == "" {
			empty++
			continue
		}
		d, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return Pair{}, fmt.Errorf("%q is no distance", fields[i])
		}
		p.Distances = append(p.Distances, d)
	}
	if empty > 0 && p.Distances != nil {
		return Pair{}, errors.New("a pair has all distances or none")
	}
	return p, nil
}

// Write writes the set as a table that [Read] reads. Names of pictures are
// replaced by numbers, in the order in which they come: a file's name may tell
// whose picture it is.
func (s Set) Write(w io.Writer) error {
	if err := s.Check(); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	named := len(s.Pairs) > 0 && s.Pairs[0].A != ""
	head := []string{columnSame}
	if named {
		head = []string{columnA, columnB, columnSame}
	}
	if err := out.Write(slices.Concat(head, s.Measures, s.Dimensions)); err != nil {
		return err
	}
	numbers := map[string]string{}
	number := func(name string) string {
		if numbers[name] == "" {
			numbers[name] = strconv.Itoa(len(numbers) + 1)
		}
		return numbers[name]
	}
	for i, p := range s.Pairs {
		if named != (p.A != "") {
			return fmt.Errorf("rates: pair %d: not as the first with its names", i+1)
		}
		var fields []string
		if named {
			fields = append(fields, number(p.A), number(p.B))
		}
		fields = append(fields, map[bool]string{true: "yes", false: "no"}[p.Same])
		for m := range s.Measures {
			if p.Measured() {
				fields = append(fields, strconv.FormatFloat(p.Distances[m], 'g', -1, 64))
			} else {
				fields = append(fields, "")
			}
		}
		if err := out.Write(append(fields, p.Groups...)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Table is [Set.Write] in memory.
func (s Set) Table() ([]byte, error) {
	var b bytes.Buffer
	err := s.Write(&b)
	return b.Bytes(), err
}
