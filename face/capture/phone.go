package capture

import (
	"time"
)

// A Phone is the other side of one capture: it says what is on the screen when, and
// puts into messages what the camera takes. Times are of its own clock, and never go
// back. It is used by one goroutine.
type Phone struct {
	offer  Offer
	cue    int // the last one, -1 before
	now    Cue // what is on the screen, or about to be
	next   *Cue
	shown  time.Duration // when the screen had it
	on     bool          // it was painted
	placed bool          // the face is in the oval
	taken  time.Duration // when the last frame was
	due    time.Duration // when the next is wanted
	sent   uint32        // frames
	answer *Answer
}

// NewPhone makes the phone's side.
func NewPhone() *Phone { return &Phone{cue: -1} }

// Ready is the first message: the size of the frames that will come, in pixels.
func (p *Phone) Ready(width, height int) []byte {
	return said{kind: sayReady, width: width, height: height}.bytes()
}

// Hear takes a message of the server. It fails with [ErrSpoken] if that has no place,
// and if it asks for colours that would flash.
func (p *Phone) Hear(message []byte) error {
	kind, b, err := open(message, tellOffer, tellCue, tellAnswer)
	switch {
	case err != nil:
		return err
	case p.answer != nil || kind == tellOffer && p.offer.Cues > 0:
		return spoken("%q out of turn", kind)
	case kind == tellOffer:
		p.offer, err = parseOffer(b)
		return err
	case kind == tellAnswer:
		a, err := parseAnswer(b)
		if err == nil {
			p.answer = &a
		}
		return err
	}
	c, number, err := parseCue(b)
	if err != nil {
		return err
	}
	if p.next != nil || number != p.cue+1 || number >= p.offer.Cues || p.cue >= 0 && !p.on {
		return spoken("cue %d after cue %d", number, p.cue)
	}
	p.next = &c
	return nil
}

// Turn goes on to the next cue if it has come and the one before was shown for long
// enough, and behind the last one to [Rest]; then changed is true, and [Phone.Painted]
// is to be called when the screen has it. The cue is that to be on the screen now; ok is
// false if there is none yet.
func (p *Phone) Turn(now time.Duration) (c Cue, changed, ok bool) {
	done := p.on && now >= p.shown+p.now.Hold && (p.now.Kind != Fit || p.placed)
	switch {
	case p.next != nil && (p.cue < 0 || done):
		p.now, p.next, p.on, p.placed, changed = *p.next, nil, false, false, true
		p.cue++
	case done && p.cue+1 == p.offer.Cues && p.now.Kind != Rest:
		p.now, p.on, changed = Cue{Kind: Rest, Oval: p.now.Oval, Colour: p.offer.Rest}, false, true
	}
	return p.now, changed, p.cue >= 0
}

// Fade is how long one colour takes to become the next.
func (p *Phone) Fade() time.Duration { return p.offer.Fade }

// Painted is the message that the screen has the cue since a time; nil behind the last
// one, where [Phone.End] says it.
func (p *Phone) Painted(at time.Duration) []byte {
	p.shown, p.on = at, true
	if p.now.Kind == Rest {
		return nil
	}
	return said{kind: sayShown, cue: p.cue, at: at}.bytes()
}

// Placed is the message that the face is in the oval; nil if that is not asked for, or
// was said.
func (p *Phone) Placed(at time.Duration) []byte {
	if !p.on || p.placed || p.now.Kind != Fit {
		return nil
	}
	p.placed = true
	return said{kind: sayPlaced, cue: p.cue, at: at}.bytes()
}

// Frame is the message of a picture that was taken at a time. It is nil for one that
// is not wanted: no cue is on the screen, it is larger than was offered, or earlier
// than the rate allows.
func (p *Phone) Frame(at time.Duration, jpeg []byte) []byte {
	apart := time.Second / time.Duration(max(p.offer.Rate, 1))
	if p.cue < 0 || p.cue == 0 && !p.on || len(jpeg) == 0 || len(jpeg) > p.offer.MaxFrame || p.sent > 0 && at < max(p.due-apart/4, p.taken+apart/4) {
		return nil
	}
	p.taken, p.due = at, max(p.due, at-apart)+apart // so that they keep to the rate on the whole
	p.sent++
	return said{kind: sayFrame, number: p.sent, at: at, jpeg: jpeg}.bytes()
}

// tail is how long is filmed behind the last cue: its light is in the frames later.
const tail = 400 * time.Millisecond

// End is the last message; nil while there is more to film.
func (p *Phone) End() []byte {
	if p.now.Kind != Rest || !p.on || p.taken < p.shown+tail {
		return nil
	}
	return said{kind: sayEnd, number: p.sent, at: p.shown}.bytes()
}

// Answer is what the server has said at last; ok is false before.
func (p *Phone) Answer() (a Answer, ok bool) {
	if p.answer == nil {
		return Answer{}, false
	}
	return *p.answer, true
}
