package capture

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

const ms = time.Millisecond

var (
	far  = Oval{.5, .5, .35}
	near = Oval{.5, .5, .55}
	grey = Colour{180, 180, 180}
)

// lights is a plan of two ovals and n colours.
func lights(n int) Plan {
	p := Plan{Opens: 2, Rest: grey, Fade: 80 * ms, Rate: 20, Limit: time.Duration(n)*400*ms + 6*time.Second}
	p.Cues = []Cue{{Kind: Fit, Oval: far, Colour: grey}, {Kind: Fit, Oval: near, Colour: grey}}
	for i := range n {
		p.Cues = append(p.Cues, Cue{Kind: Light, Oval: near, Colour: Colour{byte(i), 208, 80}, Hold: 400 * ms})
	}
	return p
}

// moves is one of turns and approaches.
func moves() Plan {
	return Plan{Opens: 1, Rest: grey, Rate: 10, Limit: 40 * time.Second, Cues: []Cue{
		{Kind: Fit, Oval: far, Colour: grey},
		{Kind: Left, Oval: far, Colour: grey, Pause: 300 * ms},
		{Kind: Fit, Oval: near, Colour: grey, Pause: 200 * ms},
		{Kind: Right, Oval: near, Colour: grey},
	}}
}

// A stage has both sides of one capture and one clock of each.
type stage struct {
	t     *testing.T
	d     *Director
	p     *Phone
	now   time.Duration // the server's
	ahead time.Duration // of the phone's clock
	way   time.Duration // of a message in either direction

	charged []int // at which cue
	change  func(m []byte) []byte
	done    bool
	err     error
}

func newStage(t *testing.T, p Plan) *stage {
	t.Helper()
	d, err := NewDirector(p)
	if err != nil {
		t.Fatal(err)
	}
	return &stage{t: t, d: d, p: NewPhone(), ahead: time.Hour, way: 30 * ms}
}

func (s *stage) phone() time.Duration { return s.now + s.ahead }

// send brings a message to the server, and what it shows then to the phone.
func (s *stage) send(m []byte) {
	if m != nil && s.change != nil {
		m = s.change(m)
	}
	if m == nil || s.err != nil || s.done {
		return
	}
	next, err := s.d.Hear(s.now+s.way, m)
	s.err = err
	switch next {
	case Finish:
		s.done = true
	case Charge, Show:
		if next == Charge {
			s.charged = append(s.charged, len(s.d.film.Cues))
		}
		if err := s.p.Hear(s.d.Show(s.now + s.way)); err != nil {
			s.t.Errorf("the phone: %v", err)
		}
	}
}

func jpg(n int) []byte { return []byte(fmt.Sprintf("\xFF\xD8%d", n)) }

// play runs the capture as a phone does, with a frame every 50 ms of which each is in
// the oval half a second after that came.
func (s *stage) play() {
	s.t.Helper()
	if err := s.p.Hear(s.d.Offer()); err != nil {
		s.t.Fatal(err)
	}
	s.send(s.p.Ready(640, 480))
	var since time.Duration
	for n := 0; !s.done && s.err == nil && s.now < Life+time.Second; n++ {
		s.now += 50 * ms
		_, changed, ok := s.p.Turn(s.phone())
		if !ok {
			continue
		}
		if changed {
			since = s.now
			s.send(s.p.Painted(s.phone()))
		}
		if s.now > since+500*ms {
			s.send(s.p.Placed(s.phone()))
		}
		s.send(s.p.Frame(s.phone(), jpg(n)))
		s.send(s.p.End())
	}
}

func TestCapture(t *testing.T) {
	for name, p := range map[string]Plan{"lights": lights(8), "moves": moves()} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, p)
			s.play()
			film, ok := s.d.Film()
			if s.err != nil || !ok || len(film.Cues) != len(p.Cues) {
				t.Fatalf("%v, %v, %d cues of %d", s.err, ok, len(film.Cues), len(p.Cues))
			}
			if len(s.charged) != 1 || s.charged[0] != p.Opens || !s.d.Open() {
				t.Errorf("the attempt was charged before cues %v, not once before cue %d", s.charged, p.Opens)
			}
			if film.Width != 640 || film.Height != 480 || film.Last < film.Cues[len(p.Cues)-1].Shown {
				t.Errorf("%d×%d, rest at %v", film.Width, film.Height, film.Last)
			}
			if last := film.Frames[len(film.Frames)-1].At; last < film.Last+tail {
				t.Errorf("the film ends %v behind the last cue", last-film.Last)
			}
		})
	}
}

// Nothing is revealed before frames have come that were taken under what was shown
// before it, and of what was drawn never more than one cue ahead of the screen.
func TestRevealedOneByOne(t *testing.T) {
	for name, p := range map[string]Plan{"lights": lights(10), "moves": moves()} {
		s := newStage(t, p)
		s.play()
		film, _ := s.d.Film()
		for i, c := range film.Cues[1:] {
			before := film.Cues[i]
			seen := Frame{Arrived: Life}
			for _, f := range film.Frames {
				if f.At >= before.Shown && f.Arrived < seen.Arrived {
					seen = f
				}
			}
			if c.Revealed < seen.Arrived+c.Pause {
				t.Errorf("%s: cue %d was revealed at %v; cue %d was seen at %v", name, i+1, c.Revealed, i, seen.Arrived)
			}
			if c.Shown-before.Shown < p.Cues[i].Hold {
				t.Errorf("%s: cue %d was shown for %v", name, i, c.Shown-before.Shown)
			}
		}
	}
}

// While the face looks for its oval, the newest frames are kept and no more.
func TestFramesOfTheSearchAreFew(t *testing.T) {
	s := newStage(t, lights(8))
	_ = s.p.Hear(s.d.Offer())
	s.send(s.p.Ready(640, 480))
	s.p.Turn(s.phone())
	s.send(s.p.Painted(s.phone()))
	for n := range 400 {
		s.now += 50 * ms
		s.send(s.p.Frame(s.phone(), jpg(n)))
	}
	if got := len(s.d.film.Frames); s.err != nil || got != seeking || s.d.film.Passed != 400-seeking {
		t.Fatalf("%v: %d frames kept, %d let go", s.err, got, s.d.film.Passed)
	}
	if last := s.d.film.Frames[seeking-1]; !bytes.Equal(last.JPEG, jpg(399)) {
		t.Errorf("the last frame is %q", last.JPEG)
	}
	total := 0
	for _, f := range s.d.film.Frames {
		total += len(f.JPEG)
	}
	if total != s.d.bytes {
		t.Errorf("%d bytes are counted, %d kept", s.d.bytes, total)
	}
}

// A lie is a message of the phone that has no place, told when the capture has come to
// a cue.
type lie struct {
	at   int // cue
	kind byte
	tell func(s said) []said
}

func swap(change func(*said)) func(said) []said {
	return func(s said) []said { change(&s); return []said{s} }
}

func TestRefused(t *testing.T) {
	again := func(s said) []said { return []said{s, s} }
	for name, l := range map[string]lie{
		"frame twice":               {3, sayFrame, again},
		"frames out of order":       {3, sayFrame, func(s said) []said { b := s; b.number++; b.at += ms; return []said{b, s} }},
		"number far ahead":          {3, sayFrame, swap(func(s *said) { s.number += gap + 1 })},
		"time goes back":            {3, sayFrame, swap(func(s *said) { s.at -= time.Second })},
		"not a JPEG":                {3, sayFrame, swap(func(s *said) { s.jpeg = []byte("GIF89a") })},
		"frame too large":           {3, sayFrame, swap(func(s *said) { s.jpeg = append(jpg(0), make([]byte, MaxFrame)...) })},
		"empty frame":               {3, sayFrame, swap(func(s *said) { s.jpeg = nil })},
		"cue shown twice":           {3, sayShown, again},
		"cue shown before it came":  {3, sayShown, swap(func(s *said) { s.cue++ })},
		"cue of before":             {3, sayShown, swap(func(s *said) { s.cue-- })},
		"colour shown too short":    {3, sayShown, swap(func(s *said) { s.at -= 300 * ms })},
		"placed twice":              {1, sayPlaced, again},
		"placed in another":         {1, sayPlaced, swap(func(s *said) { s.cue = 0 })},
		"placed before it is shown": {1, sayPlaced, swap(func(s *said) { s.at -= time.Minute })},
		"placed in a colour":        {3, sayShown, func(s said) []said { p := s; p.kind = sayPlaced; return []said{s, p} }},
		"ready twice":               {3, sayShown, func(s said) []said { return []said{s, {kind: sayReady, width: 640, height: 480}} }},
		"end too early":             {3, sayShown, func(s said) []said { return []said{s, {kind: sayEnd, number: 30, at: s.at}} }},
		"end twice":                 {9, sayEnd, again},
		"frame behind the end": {9, sayEnd, func(s said) []said {
			return []said{s, {kind: sayFrame, number: 999, at: s.at + time.Hour, jpeg: jpg(1)}}
		}},
		"fewer frames than sent": {9, sayEnd, swap(func(s *said) { s.number++ })},
		"more frames than sent":  {9, sayEnd, swap(func(s *said) { s.number-- })},
		"rest before its time":   {9, sayEnd, swap(func(s *said) { s.at -= 300 * ms })},
		"rest behind the film":   {9, sayEnd, swap(func(s *said) { s.at += time.Minute })},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, lights(8))
			told := false
			s.change = func(m []byte) []byte {
				m0, err := parseSaid(m)
				if err != nil || told || m0.kind != l.kind || s.d.cue != l.at {
					return m
				}
				told = true
				lies := l.tell(m0)
				for _, x := range lies[:len(lies)-1] {
					if _, err := s.d.Hear(s.now+s.way, x.bytes()); err != nil {
						t.Fatalf("what comes before it: %v", err)
					}
				}
				return lies[len(lies)-1].bytes()
			}
			s.play()
			if !told || !errors.Is(s.err, ErrSpoken) {
				t.Errorf("told %v: %v", told, s.err)
			}
		})
	}
}

// A camera with which nobody can succeed is refused with a sentence, before the charge.
func TestSizesOfFrames(t *testing.T) {
	spoken, small := errors.New("spoken"), errors.New("small")
	for size, want := range map[[2]int]error{
		{640, 480}: nil, {480, 640}: nil, {1920, 1080}: nil, {360, 360}: nil,
		{0, 0}: small, {1, 1}: small, {640, 359}: small, {320, 240}: small, {359, 640}: small,
		{1921, 1000}: spoken, {1920, 1920}: spoken, {5472, 3648}: spoken,
	} {
		s := newStage(t, lights(8))
		_ = s.p.Hear(s.d.Offer())
		s.send(s.p.Ready(size[0], size[1]))
		var got error
		switch e, ok := errors.AsType[*tunnus.Error](s.err); {
		case ok && e.Code == tunnus.CodeBadRequest && e.Note.Sentence() != "":
			got = small
		case errors.Is(s.err, ErrSpoken):
			got = spoken
		}
		if got != want || s.err != nil && got == nil || s.d.Open() {
			t.Errorf("%v: %v", size, s.err)
		}
	}
}

// Who is slow with the colours works on the pictures; who never finds the oval ends too.
func TestLate(t *testing.T) {
	s := newStage(t, lights(8))
	s.change = func(m []byte) []byte {
		if s.d.cue == 5 {
			s.now += 2500 * ms
		}
		return m
	}
	s.play()
	if !errors.Is(s.err, ErrLate) || !s.d.Open() {
		t.Errorf("slow with the colours: %v", s.err)
	}
	s = newStage(t, lights(8))
	s.change = func(m []byte) []byte {
		if s.now < Life && m[0] == sayPlaced {
			return nil
		}
		if s.now > 20*time.Second { // or there were too many messages before
			s.now += time.Second
		}
		return m
	}
	s.play()
	if !errors.Is(s.err, ErrLate) || s.d.Open() || len(s.charged) > 0 {
		t.Errorf("never in the oval: %v, charged %v", s.err, s.charged)
	}
}

func TestTooMuch(t *testing.T) {
	for name, size := range map[string]int{"frames": 10, "bytes": MaxFrame} {
		s := newStage(t, lights(8))
		s.play()
		s.d.ended = false
		n := 0
		for last := s.d.film.Frames[len(s.d.film.Frames)-1]; s.err == nil && n < MaxFrames; n++ {
			last.Number++
			last.At += ms
			_, s.err = s.d.Hear(s.now, said{kind: sayFrame, number: last.Number, at: last.At, jpeg: append(jpg(n), make([]byte, size-8)...)}.bytes())
		}
		if !errors.Is(s.err, ErrSpoken) || s.d.bytes > MaxBytes+MaxFrame {
			t.Errorf("%s: %v after %d more", name, s.err, n)
		}
	}
	s := newStage(t, lights(8))
	s.d.said = MaxMessages
	if s.send(s.p.Ready(640, 480)); !errors.Is(s.err, ErrSpoken) || !strings.Contains(s.err.Error(), "messages") {
		t.Errorf("messages: %v", s.err)
	}
}

// A phone does not show what would flash, or what is out of turn.
func TestPhoneRefuses(t *testing.T) {
	offer := Offer{Cues: 2, Rate: 20, Fade: 80 * ms, MaxFrame: MaxFrame}
	cue := Cue{Kind: Light, Oval: near, Hold: 400 * ms}
	quick := cue
	quick.Hold = 390 * ms
	fit := Cue{Kind: Fit, Oval: far}
	for name, messages := range map[string][][]byte{
		"cue before the offer":  {cue.bytes(0)},
		"offer twice":           {offer.bytes(), offer.bytes()},
		"another number":        {offer.bytes(), cue.bytes(1)},
		"two cues at once":      {offer.bytes(), cue.bytes(0), cue.bytes(1)},
		"colour that flashes":   {offer.bytes(), quick.bytes(0)},
		"no such kind":          {offer.bytes(), Cue{Kind: Near + 1, Oval: far}.bytes(0)},
		"no oval":               {offer.bytes(), Cue{Kind: Fit}.bytes(0)},
		"behind the answer":     {Answer{Status: 200}.Bytes(), offer.bytes()},
		"no status":             {Answer{Status: 100}.Bytes()},
		"answer too long":       {Answer{200, make([]byte, MaxAnswer+1)}.Bytes()},
		"offer of nothing":      {Offer{Rate: 20, MaxFrame: 1}.bytes()},
		"offer without a rate":  {Offer{Cues: 2, MaxFrame: 1}.bytes()},
		"a message of the kind": {said{kind: sayEnd}.bytes()},
		"nothing":               {{}},
		"offer cut off":         {offer.bytes()[:5]},
		"cue with more":         {offer.bytes(), append(fit.bytes(0), 0)},
	} {
		p := NewPhone()
		var err error
		for i, m := range messages {
			if err = p.Hear(m); err != nil && i < len(messages)-1 {
				t.Errorf("%s: message %d: %v", name, i, err)
			}
		}
		if !errors.Is(err, ErrSpoken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlansThatCannotBeTold(t *testing.T) {
	for name, change := range map[string]func(*Plan){
		"no cues":         func(p *Plan) { p.Cues = nil },
		"too many":        func(p *Plan) { *p = lights(MaxCues - 1) },
		"opens nowhere":   func(p *Plan) { p.Opens = len(p.Cues) },
		"flashes":         func(p *Plan) { p.Cues[3].Hold = 399 * ms },
		"rest as a cue":   func(p *Plan) { p.Cues[0].Kind = Rest },
		"oval not there":  func(p *Plan) { p.Cues[0].Oval.Width = 0 },
		"no rate":         func(p *Plan) { p.Rate = 0 },
		"no time":         func(p *Plan) { p.Limit = 0 },
		"a fade too long": func(p *Plan) { p.Fade = MinHold },
	} {
		p := lights(8)
		change(&p)
		if _, err := NewDirector(p); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
