package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// ErrSpoken is a message that has no place in a capture: not of the form, out of
// turn, or too much.
var ErrSpoken = errors.New("capture: not what is said here")

// ErrLate is a capture that took too long.
var ErrLate = errors.New("capture: too late")

func spoken(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrSpoken}, args...)...)
}

// Version is that of the messages.
const Version = 1

// The kinds of messages, the first byte of each.
const (
	sayReady  = 'r' // version, width, height
	sayShown  = 's' // cue, time
	sayPlaced = 'p' // cue, time
	sayFrame  = 'f' // number, time, JPEG
	sayEnd    = 'e' // frames that were sent, time of rest

	tellOffer  = 'o' // version, cues, rate, fade, bytes of a frame, colour of rest
	tellCue    = 'c' // number, kind, hold, oval, colour
	tellAnswer = 'a' // status, body
)

const (
	frameHeader = 1 + 4 + 8
	// MaxAnswer bounds the body of an answer, in bytes.
	MaxAnswer = 64 << 10
)

// A said is one message of the phone.
type said struct {
	kind          byte
	width, height int           // ready
	cue           int           // shown, placed
	number        uint32        // frame, end
	at            time.Duration // on the phone's clock
	jpeg          []byte
}

// lengths of the messages that have one; a frame has its header at least.
func fixed(kind byte) (n int, ok bool) {
	n, ok = map[byte]int{
		sayReady: 6, sayShown: 10, sayPlaced: 10, sayFrame: frameHeader, sayEnd: 13,
		tellOffer: 13, tellCue: 14, tellAnswer: 3,
	}[kind]
	return n, ok
}

// open checks the kind and the length of a message, and returns what is behind the kind.
func open(m []byte, kinds ...byte) (kind byte, rest []byte, err error) {
	if len(m) == 0 {
		return 0, nil, spoken("nothing")
	}
	for _, k := range kinds {
		n, _ := fixed(k)
		if m[0] != k {
			continue
		}
		if whole := k != sayFrame && k != tellAnswer; len(m) < n || whole && len(m) > n {
			return 0, nil, spoken("%d bytes of %q", len(m), k)
		}
		return k, m[1:], nil
	}
	return 0, nil, spoken("kind %d", m[0])
}

// micros is a time as it is told: microseconds, of no more than a day.
func micros(b []byte) (time.Duration, error) {
	v := binary.BigEndian.Uint64(b)
	if v > uint64(24*time.Hour/time.Microsecond) {
		return 0, spoken("a time of %d µs", v)
	}
	return time.Duration(v) * time.Microsecond, nil
}

// parseSaid reads a message of the phone. The picture in it shares the message's memory.
func parseSaid(m []byte) (s said, err error) {
	var b []byte
	if s.kind, b, err = open(m, sayReady, sayShown, sayPlaced, sayFrame, sayEnd); err != nil {
		return s, err
	}
	switch s.kind {
	case sayReady:
		if b[0] != Version {
			return s, spoken("version %d", b[0])
		}
		s.width, s.height = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	case sayShown, sayPlaced:
		s.cue = int(b[0])
		s.at, err = micros(b[1:])
	case sayFrame:
		s.number, s.jpeg = binary.BigEndian.Uint32(b), b[12:]
		s.at, err = micros(b[4:])
		if n := len(s.jpeg); err == nil && (n == 0 || n > MaxFrame) {
			err = spoken("a frame of %d bytes", n)
		}
	case sayEnd:
		s.number = binary.BigEndian.Uint32(b)
		s.at, err = micros(b[4:])
	}
	return s, err
}

func (s said) bytes() []byte {
	m := []byte{s.kind}
	be := binary.BigEndian
	at := uint64(s.at / time.Microsecond)
	switch s.kind {
	case sayReady:
		m = be.AppendUint16(be.AppendUint16(append(m, Version), uint16(s.width)), uint16(s.height))
	case sayShown, sayPlaced:
		m = be.AppendUint64(append(m, byte(s.cue)), at)
	case sayFrame:
		m = append(be.AppendUint64(be.AppendUint32(m, s.number), at), s.jpeg...)
	case sayEnd:
		m = be.AppendUint64(be.AppendUint32(m, s.number), at)
	}
	return m
}

// An Offer is what the phone is told first.
type Offer struct {
	Cues     int           // that will come
	Rate     int           // frames a second
	Fade     time.Duration // of one colour into the next, in linear light
	MaxFrame int           // bytes of a JPEG
	Rest     Colour        // of the screen behind the last cue
}

func (o Offer) bytes() []byte {
	be := binary.BigEndian
	m := be.AppendUint16([]byte{tellOffer, Version, byte(o.Cues), byte(o.Rate)}, uint16(o.Fade/time.Millisecond))
	return append(be.AppendUint32(m, uint32(o.MaxFrame)), o.Rest.R, o.Rest.G, o.Rest.B)
}

func parseOffer(b []byte) (Offer, error) {
	if b[0] != Version {
		return Offer{}, spoken("version %d", b[0])
	}
	o := Offer{
		Cues: int(b[1]), Rate: int(b[2]), Fade: time.Duration(binary.BigEndian.Uint16(b[3:])) * time.Millisecond,
		MaxFrame: int(binary.BigEndian.Uint32(b[5:])), Rest: Colour{b[9], b[10], b[11]},
	}
	if o.Cues == 0 || o.Cues > MaxCues || o.Rate == 0 || o.Rate > MaxRate || o.MaxFrame == 0 || o.MaxFrame > MaxFrame || o.Fade > MinHold/2 {
		return Offer{}, spoken("an offer of %d cues, %d frames a second", o.Cues, o.Rate)
	}
	return o, nil
}

// share is the unit of ovals on the line.
const share = 1e-4

func (c Cue) bytes(number int) []byte {
	be := binary.BigEndian
	m := be.AppendUint16([]byte{tellCue, byte(number), byte(c.Kind)}, uint16(c.Hold/time.Millisecond))
	for _, v := range []float64{c.Oval.X, c.Oval.Y, c.Oval.Width} {
		m = be.AppendUint16(m, uint16(math.Round(v/share)))
	}
	return append(m, c.Colour.R, c.Colour.G, c.Colour.B)
}

func parseCue(b []byte) (c Cue, number int, err error) {
	at := func(i int) float64 { return float64(binary.BigEndian.Uint16(b[i:])) * share }
	c = Cue{
		Kind: Kind(b[1]), Hold: time.Duration(binary.BigEndian.Uint16(b[2:])) * time.Millisecond,
		Oval: Oval{at(4), at(6), at(8)}, Colour: Colour{b[10], b[11], b[12]},
	}
	if err := c.check(); err != nil {
		return Cue{}, 0, spoken("%v", err)
	}
	return c, int(b[0]), nil
}

// An Answer is the last message: what the server has to say to the film, as it would
// to a request, a status of HTTP and a body.
type Answer struct {
	Status int
	Body   []byte
}

// Bytes is the message.
func (a Answer) Bytes() []byte {
	return append(binary.BigEndian.AppendUint16([]byte{tellAnswer}, uint16(a.Status)), a.Body...)
}

func parseAnswer(b []byte) (Answer, error) {
	a := Answer{int(binary.BigEndian.Uint16(b)), b[2:]}
	if a.Status < 200 || a.Status > 599 || len(a.Body) > MaxAnswer {
		return Answer{}, spoken("an answer of status %d, %d bytes", a.Status, len(a.Body))
	}
	return a, nil
}
