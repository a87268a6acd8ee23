package trustlist

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/crl"
)

// The file is text, a line an entry, so that it can be looked at and compared;
// JSON of this size takes longer to read than all the rest. Lines are, in this
// order: the title; version, made; pins, sources; anchors and links with their
// sources; revocation lists; exceptions and defects as JSON; the end with the
// SHA-256 of all lines before.
const title = "tunnus trust list 1\n"

// Limits of a file.
const (
	MaxSize    = 64 << 20 // bytes
	maxAnchors = 50_000
	maxCRLs    = 2_000
	maxSources = 1_000
)

// Why a file is not read.
var (
	ErrForm   = errors.New("trustlist: not a trust list")
	ErrDigest = errors.New("trustlist: changed or cut short since it was written")
)

// Format writes the list as a file.
func (l *List) Format() []byte {
	var b bytes.Buffer
	b.WriteString(title)
	fmt.Fprintf(&b, "version %d\nmade %s\n", l.Version, l.Made.UTC().Format(time.RFC3339))
	for _, p := range l.Pins {
		fmt.Fprintf(&b, "pin %x\n", p)
	}
	for _, s := range l.Sources {
		fmt.Fprintf(&b, "source %s %s %x %d\n", s.Name, s.Signed.UTC().Format(time.RFC3339), s.Digest, s.Count)
	}
	for _, a := range l.Anchors {
		word := "anchor"
		if a.Link {
			word = "link"
		}
		fmt.Fprintf(&b, "%s %s %s\n", word, strings.Join(a.Sources, ","), base64.StdEncoding.EncodeToString(a.Raw))
	}
	for _, c := range l.CRLs {
		fmt.Fprintf(&b, "crl %s\n", base64.StdEncoding.EncodeToString(c.Raw))
	}
	for _, e := range l.Exceptions {
		writeJSON(&b, "exception", e)
	}
	for _, d := range l.Defects {
		writeJSON(&b, "defect", d)
	}
	fmt.Fprintf(&b, "end %x\n", sha256.Sum256(b.Bytes()))
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, word string, v any) {
	b.WriteString(word + " ")
	if err := json.NewEncoder(b).Encode(v); err != nil { // ends the line
		panic(err) // strings, numbers and times only
	}
}

// Parse reads a file. What it holds was verified when it was imported, and is not
// again. It fails with [ErrForm] or [ErrDigest].
func Parse(file []byte) (*List, error) {
	if len(file) > MaxSize || !bytes.HasPrefix(file, []byte(title)) {
		return nil, ErrForm
	}
	at := bytes.LastIndex(file, []byte("\nend ")) + 1
	body, last := file[:at], file[at:]
	if string(last) != fmt.Sprintf("end %x\n", sha256.Sum256(body)) {
		return nil, ErrDigest
	}
	p := &parser{l: &List{}, room: make([]byte, 0, len(file)/4*3+3), sources: map[string][]string{}}
	for n, rest := 1, body[len(title):]; len(rest) > 0; {
		line, more, _ := bytes.Cut(rest, []byte{'\n'})
		n, rest = n+1, more
		word, value, ok := bytes.Cut(line, []byte{' '})
		if !ok || !p.line(string(word), value) {
			return nil, fmt.Errorf("%w: line %d", ErrForm, n)
		}
	}
	l := p.l
	if l.Version == 0 || l.Made.IsZero() || (Rules{l.Exceptions, l.Defects}).check() != nil {
		return nil, ErrForm
	}
	l.index()
	return l, nil
}

// A parser reads lines in their order.
type parser struct {
	l       *List
	order   int
	room    []byte              // all that was encoded, in one piece
	sources map[string][]string // fields as they are written, split
}

// words are the words that begin a line, in their order.
var words = map[string]int{"version": 1, "made": 2, "pin": 3, "source": 4, "anchor": 5, "link": 5, "crl": 6, "exception": 7, "defect": 8}

func (p *parser) line(word string, value []byte) bool {
	order := words[word]
	if order == 0 || order < p.order || order == p.order && order < 3 {
		return false
	}
	p.order = order
	var err error
	switch word {
	case "version":
		p.l.Version, err = strconv.Atoi(string(value))
		return err == nil && p.l.Version > 0 && strconv.Itoa(p.l.Version) == string(value)
	case "made":
		p.l.Made, err = moment(string(value))
		return err == nil
	case "pin":
		sum, ok := digest(string(value))
		p.l.Pins = append(p.l.Pins, sum)
		return ok && len(p.l.Pins) <= maxSources
	case "source":
		return p.source(strings.Split(string(value), " "))
	case "anchor", "link":
		return p.anchor(word == "link", value)
	case "crl":
		der, ok := p.decode(value)
		if !ok || len(p.l.CRLs) == maxCRLs {
			return false
		}
		list, err := crl.Parse(der)
		p.l.CRLs = append(p.l.CRLs, list)
		return err == nil
	case "exception":
		var e Exception
		p.l.Exceptions = append(p.l.Exceptions, e)
		return strict(value, &p.l.Exceptions[len(p.l.Exceptions)-1])
	default:
		var d Defect
		p.l.Defects = append(p.l.Defects, d)
		return strict(value, &p.l.Defects[len(p.l.Defects)-1])
	}
}

func (p *parser) source(fields []string) bool {
	if len(fields) != 4 || !named(fields[0]) || len(p.l.Sources) == maxSources {
		return false
	}
	s := Source{Name: fields[0]}
	var err error
	if s.Signed, err = moment(fields[1]); err != nil {
		return false
	}
	var ok bool
	if s.Digest, ok = digest(fields[2]); !ok {
		return false
	}
	if s.Count, err = strconv.Atoi(fields[3]); err != nil || s.Count < 0 || strconv.Itoa(s.Count) != fields[3] {
		return false
	}
	p.l.Sources = append(p.l.Sources, s)
	return true
}

func (p *parser) anchor(link bool, value []byte) bool {
	field, encoded, ok := bytes.Cut(value, []byte{' '})
	if !ok || len(p.l.Anchors) == maxAnchors {
		return false
	}
	sources := p.sources[string(field)]
	if sources == nil {
		sources = strings.Split(string(field), ",")
		if slices.ContainsFunc(sources, func(s string) bool { return !named(s) }) || !slices.IsSorted(sources) {
			return false
		}
		p.sources[string(field)] = sources
	}
	der, ok := p.decode(encoded)
	if !ok {
		return false
	}
	c, err := certificate.Parse(der)
	p.l.Anchors = append(p.l.Anchors, Anchor{Certificate: c, Link: link, Sources: sources})
	return err == nil
}

// decode reads base64 into the room that there is.
func (p *parser) decode(encoded []byte) ([]byte, bool) {
	start := len(p.room)
	size := base64.StdEncoding.DecodedLen(len(encoded))
	p.room = slices.Grow(p.room, size)
	n, err := base64.StdEncoding.Strict().Decode(p.room[start:start+size], encoded)
	p.room = p.room[:start+n]
	return p.room[start : start+n : start+n], err == nil && n > 0
}

// strict reads JSON with nothing that is not known.
func strict(b []byte, v any) bool {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode(v) == nil && !dec.More()
}

func moment(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err == nil && t.UTC().Format(time.RFC3339) != s {
		err = ErrForm
	}
	return t.UTC(), err
}

func digest(s string) (sum [sha256.Size]byte, ok bool) {
	n, err := hex.Decode(sum[:], []byte(s[:min(len(s), 2*len(sum))]))
	return sum, err == nil && n == len(sum) && hex.EncodeToString(sum[:]) == s
}

// named reports whether s can be the name of a source.
func named(s string) bool {
	for _, c := range []byte(s) {
		if c != ':' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
