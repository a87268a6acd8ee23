package order

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/authority"
)

// An Order is what a description says.
type Order struct {
	Surname, GivenNames     string
	Sex, Number, PersonCode string
	Birth, Expiry           time.Time // the day counts
	Portrait                Portrait
	Face39794               bool // the portrait stands in a record of ISO/IEC 39794-5
	Country, Document       Key  // who signs the signer, who signs the passport
	Digest                  crypto.Hash
	NoBAC                   bool
	PACE                    []security.PACE
	CAN                     string
	ChipAuth                []security.Auth
	AuthGroup               int // domain parameters of the chip's own key
	MapKey                  virtual.MapKey
	ActiveAuth              Key // only kind and size count; zero for none
	Short                   bool
	Delay                   time.Duration // before each answer, as if the chip were in another place
	Groups                  []int
	CardSecurity            bool
	Faults                  []Fault
}

// A Portrait is drawn in a size, or stands in a file.
type Portrait struct {
	Width, Height int
	File          string
}

// A Key is how somebody signs.
type Key = authority.Key

// A Fault is something that is wrong on order.
type Fault struct{ Name, Of string }

// Limits of a description.
const (
	MaxSize  = 8 << 10 // bytes
	maxLines = 200
	maxPACE  = 8
	maxAuth  = 4
	maxFault = 8
	maxSide  = 2000   // pixels of a portrait
	maxDelay = 60_000 // milliseconds
	leastRSA = 1024   // bits
	mostRSA  = 6144
)

// ErrSize is a description that is too long.
var ErrSize = errors.New("order: description of too many bytes or lines")

// A LineError says which line of a description cannot be obeyed.
type LineError struct {
	Line  int // from 1; 0 if something is missing
	Cause error
}

func (e *LineError) Error() string {
	if e.Line == 0 {
		return "order: " + e.Cause.Error()
	}
	return fmt.Sprintf("order: line %d: %v", e.Line, e.Cause)
}

func (e *LineError) Unwrap() error { return e.Cause }

// What is wrong with a line.
var (
	errWord   = errors.New("no such word")
	errTwice  = errors.New("said before")
	errMany   = errors.New("said too often")
	errText   = errors.New("not plain text (ASCII)")
	errFirst  = errors.New(`the first line must be "passport 1"`)
	errNumber = errors.New("not a number that can be taken here")
	errArgs   = errors.New("words missing, or too many")
	errValue  = errors.New("not one of the values")
	errDay    = errors.New("not a day (2006-01-02)")
)

// preset is what counts where a description says nothing.
func preset() Order {
	return Order{
		Portrait: Portrait{Width: 240, Height: 320},
		Country:  Key{Bits: 3072, Hash: crypto.SHA256}, Document: Key{Bits: 2048, Hash: crypto.SHA256},
		Digest: crypto.SHA256, ActiveAuth: Key{Bits: 2048},
	}
}

// Parse reads a description.
func Parse(text []byte) (Order, error) {
	if len(text) > MaxSize || bytes.Count(text, []byte("\n")) > maxLines {
		return Order{}, ErrSize
	}
	o, said := preset(), map[string]bool{}
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' })
		if len(words) == 0 {
			continue
		}
		if err := o.take(words, said); err != nil {
			return Order{}, &LineError{i + 1, err}
		}
	}
	for _, needed := range []string{"passport", "holder", "number", "born", "expires"} {
		if !said[needed] {
			return Order{}, &LineError{0, fmt.Errorf("%q is missing", needed)}
		}
	}
	if o.NoBAC && len(o.PACE) == 0 {
		return Order{}, &LineError{0, errors.New("a chip with neither BAC nor PACE")}
	}
	if err := o.mapping(); err != nil {
		return Order{}, &LineError{0, err}
	}
	return o, nil
}

// take obeys one line.
func (o *Order) take(words []string, said map[string]bool) error {
	for _, w := range words {
		if strings.ContainsFunc(w, func(r rune) bool { return r < '!' || r > '~' }) {
			return errText
		}
	}
	word, args := words[0], words[1:]
	if len(said) == 0 && word != "passport" {
		return errFirst
	}
	for _, k := range keywords() {
		if k.word != word {
			continue
		}
		if said[word] && !k.often {
			return errTwice
		}
		said[word] = true
		return k.take(o, args)
	}
	return errWord
}

// String is the description of the order, each word that is not preset said once,
// in one form. [Parse] makes the same order of it.
func (o Order) String() string {
	var b strings.Builder
	b.WriteString("passport 1\n")
	p := preset()
	for _, k := range keywords() {
		before := k.give(p)
		for _, line := range k.give(o) {
			if len(before) != 1 || line != before[0] {
				fmt.Fprintf(&b, "%s %s\n", k.word, line)
			}
		}
	}
	return b.String()
}
