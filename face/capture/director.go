package capture

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Film is what came of one capture, all of it from the phone but the times that are
// called the server's. No picture in it has been looked at.
type Film struct {
	Width, Height int // of the frames, as the phone says
	Cues          []Told
	Frames        []Frame
	Last          time.Duration // the phone's: when the last cue was taken off the screen
	Passed        int           // frames that were let go while the face looked for an oval
}

// A Told is a cue as it was shown.
type Told struct {
	Cue
	Revealed time.Duration // the server's: when it was sent
	Shown    time.Duration // the phone's: when the screen had it
	Heard    time.Duration // the server's: when the phone said so
}

// A Frame is one picture of a film.
type Frame struct {
	Number  uint32        // as the phone counts, rising
	At      time.Duration // the phone's: when it was taken
	Arrived time.Duration // the server's
	JPEG    []byte
}

// A Next is what the server has to do.
type Next int

// What comes next.
const (
	Listen Next = iota // for another message
	Show               // the next cue: [Director.Show]
	Charge             // the attempt, durably, and then Show
	Finish             // the film is whole: [Director.Film]
)

// A Director is the server's side of one capture. It is used by one goroutine.
type Director struct {
	plan Plan
	film Film

	ready, ended bool
	cue          int           // the one that was sent last, -1 before
	shown, seen  bool          // on the screen; in a frame
	placed       bool          // of [Fit]: the phone says that it is done
	seenAt       time.Duration // the server's
	opened       time.Duration // the server's, when the attempt was opened; -1 before
	first        int           // of the frames of this cue
	heard        uint32        // frames that came
	bytes        int           // of the pictures that are kept
	said         int           // messages
}

// NewDirector makes the server's side. It fails for a plan that cannot be told.
func NewDirector(p Plan) (*Director, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	return &Director{plan: p, cue: -1, opened: -1}, nil
}

// Offer is the first message to the phone.
func (d *Director) Offer() []byte {
	return Offer{
		Cues: len(d.plan.Cues), Rate: d.plan.Rate, Fade: d.plan.Fade, MaxFrame: MaxFrame, Rest: d.plan.Rest,
	}.bytes()
}

// Open reports whether the attempt was opened: whether a cue that tells something of
// what was drawn has been handed out.
func (d *Director) Open() bool { return d.opened >= 0 }

// Hear takes a message of the phone that has come at a time of the server. After a
// failure, which is [ErrSpoken], [ErrLate] or the refusal of a small camera, the capture
// is over.
func (d *Director) Hear(now time.Duration, message []byte) (Next, error) {
	if d.said++; d.said > MaxMessages {
		return Listen, spoken("more than %d messages", MaxMessages)
	}
	s, err := parseSaid(message)
	if err != nil {
		return Listen, err
	}
	if late := d.late(now); late || d.ended || (s.kind == sayReady) == d.ready {
		if late {
			return Listen, ErrLate
		}
		return Listen, spoken("%q out of turn", s.kind)
	}
	switch s.kind {
	case sayReady:
		err = d.getReady(s)
	case sayShown:
		err = d.hearShown(now, s)
	case sayPlaced:
		err = d.hearPlaced(s)
	case sayFrame:
		err = d.hearFrame(now, s)
	case sayEnd:
		err = d.hearEnd(s)
	}
	if err != nil {
		return Listen, err
	}
	return d.next(now), nil
}

// late reports whether a capture has taken too long by now.
func (d *Director) late(now time.Duration) bool {
	return now > Life || d.Open() && now > d.opened+d.plan.Limit
}

// small refuses a camera with which no capture can succeed, before anybody is charged.
func small(w, h int) error {
	return tunnus.BadRequest("frames", fmt.Errorf("capture: frames of %d×%d", w, h)).WithNote("camera-small", "")
}

func (d *Director) getReady(s said) error {
	w, h := s.width, s.height
	if min(w, h) < MinSide {
		return small(w, h)
	}
	if max(w, h) > MaxSide || w*h > MaxPixels {
		return spoken("frames of %d×%d", w, h)
	}
	d.ready, d.film.Width, d.film.Height = true, w, h
	return nil
}

// early is how much earlier than its predecessor allows a cue may be on the screen:
// what it takes to draw a picture of it.
const early = 20 * time.Millisecond

// holds is how long a cue must have been on the screen.
func (d *Director) holds(cue int) time.Duration { return max(0, d.plan.Cues[cue].Hold-early) }

func (d *Director) hearShown(now time.Duration, s said) error {
	if s.cue != d.cue || d.shown {
		return spoken("cue %d is shown, %d is due", s.cue, d.cue)
	}
	told := &d.film.Cues[d.cue]
	if d.cue > 0 {
		if last := d.film.Cues[d.cue-1]; s.at < last.Shown+d.holds(d.cue-1) {
			return spoken("cue %d is shown after %v", s.cue, s.at-last.Shown)
		}
	}
	d.shown, told.Shown, told.Heard = true, s.at, now
	return nil
}

func (d *Director) hearPlaced(s said) error {
	if s.cue != d.cue || !d.shown || d.placed || d.plan.Cues[d.cue].Kind != Fit || s.at < d.film.Cues[d.cue].Shown {
		return spoken("a face in the place of cue %d", s.cue)
	}
	d.placed = true
	return nil
}

// gap is how many frames in a row a phone may leave out.
const gap = 60

func (d *Director) hearFrame(now time.Duration, s said) error {
	if d.cue < 0 || !d.shown && d.cue == 0 {
		return spoken("a frame before there is a cue")
	}
	if n := len(d.film.Frames); n > 0 {
		last := d.film.Frames[n-1]
		if s.number <= last.Number || s.number > last.Number+gap || s.at <= last.At {
			return spoken("frame %d at %v after frame %d at %v", s.number, s.at, last.Number, last.At)
		}
	}
	if s.number > math.MaxInt32 || !bytes.HasPrefix(s.jpeg, []byte{0xFF, 0xD8}) {
		return spoken("frame %d", s.number)
	}
	d.heard++
	d.film.Frames = append(d.film.Frames, Frame{s.number, s.at, now, s.jpeg})
	d.bytes += len(s.jpeg)
	d.forget()
	if len(d.film.Frames) > MaxFrames || d.bytes > MaxBytes {
		return spoken("%d frames of %d bytes", len(d.film.Frames), d.bytes)
	}
	if told := d.film.Cues[d.cue]; !d.seen && d.shown && s.at >= told.Shown && (told.Kind != Fit || d.placed) {
		d.seen, d.seenAt = true, now
	}
	return nil
}

// forget lets go of the oldest frame of a time in which the face looks for its oval,
// where there are enough newer ones.
func (d *Director) forget() {
	most := moving
	if d.cue == 0 {
		most = seeking
	}
	if d.plan.Cues[d.cue].Kind != Fit || d.placed || len(d.film.Frames)-d.first <= most {
		return
	}
	d.bytes -= len(d.film.Frames[d.first].JPEG)
	d.film.Frames = slices.Delete(d.film.Frames, d.first, d.first+1)
	d.film.Passed++
}

func (d *Director) hearEnd(s said) error {
	last := len(d.plan.Cues) - 1
	switch {
	case d.cue != last || !d.seen:
		return spoken("an end at cue %d of %d", d.cue, last)
	case s.number != d.heard:
		return spoken("an end after %d frames, %d came", s.number, d.heard)
	case s.at < d.film.Cues[last].Shown+d.holds(last) || d.film.Frames[len(d.film.Frames)-1].At < s.at:
		return spoken("an end before the last cue was over")
	}
	d.ended, d.film.Last = true, s.at
	return nil
}

// next is what has to be done by now.
func (d *Director) next(now time.Duration) Next {
	switch {
	case d.ended:
		return Finish
	case d.cue+1 == len(d.plan.Cues):
		return Listen
	case d.cue >= 0 && (!d.seen || now < d.seenAt+d.plan.Cues[d.cue+1].Pause):
		return Listen
	case d.cue+1 == d.plan.Opens:
		return Charge
	}
	return Show
}

// Show hands out the next cue, to be sent at once; now is the server's time. It is
// called when [Director.Hear] asks for it, and after [Charge] when the charge stands.
func (d *Director) Show(now time.Duration) []byte {
	d.cue++
	d.shown, d.seen, d.placed, d.first = false, false, false, len(d.film.Frames)
	if d.cue == d.plan.Opens {
		d.opened = now
	}
	c := d.plan.Cues[d.cue]
	d.film.Cues = append(d.film.Cues, Told{Cue: c, Revealed: now})
	return c.bytes(d.cue)
}

// Film is what came, once the capture is finished.
func (d *Director) Film() (Film, bool) { return d.film, d.ended }
