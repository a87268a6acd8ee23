package liveness

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// An old film of the same person before another sequence is refused, however many
// of its colours happen to be the right ones.
func TestOtherSequences(t *testing.T) {
	source := rand.NewChaCha8([32]byte{2})
	r := rand.New(source)
	for i := range 60 {
		c, err := Draw(source, Light)
		if err != nil {
			t.Fatal(err)
		}
		s := honest(uint64(i))
		s.sequence = slices.Clone(c.Steps)
		for range 1 + i%5 { // that many colours are others
			k := r.IntN(len(c.Steps))
			for s.sequence[k] == c.Steps[k] {
				s.sequence[k].Colour = Palette()[r.IntN(6)]
			}
		}
		if v := judged(t, c, s, nil); v.Answer == Live {
			t.Errorf("%v for %v is live: %v", s.sequence, c.Steps, v.Evidence.Features)
		}
	}
}

// stranger is a face with another pattern.
func stranger(o *Observation) {
	for j := range o.Skin {
		f := math.Exp(0.5 * math.Cos(float64(3*j)))
		o.Skin[j].R, o.Skin[j].G, o.Skin[j].B = o.Skin[j].R*f, o.Skin[j].G*f, o.Skin[j].B*f
	}
}

// faces embeds the strangers among the frames as somebody else.
func faces(strange func(i int) bool) Embed {
	return func(i int) ([]float32, error) {
		v := make([]float32, 128)
		if strange(i) {
			v[0] = 0.6
		}
		return v, nil
	}
}

// Frames of two sources do not pass together, whichever are a living person's.
func TestFramesOfTwoSources(t *testing.T) {
	for _, tt := range []struct {
		name  string
		alter func(i int, o *Observation)
	}{
		{"every other frame is of a still", func(i int, o *Observation) {
			if i%2 == 0 {
				unlit(o)
			}
		}},
		{"two colours are of a still", func(i int, o *Observation) {
			if i > 60 && i < 76 {
				unlit(o)
			}
		}},
	} {
		s := honest(4)
		s.alter = tt.alter
		if v := judged(t, draw(t, Light), s, nil); v.Answer == Live {
			t.Errorf("%s: %v %v", tt.name, v.Compare, v.Evidence.Features)
		}
	}
}

// One strange face in a film is found, wherever it is, by its looks or by its vector.
func TestStrangersInAFilm(t *testing.T) {
	c := draw(t, Light)
	for name, strange := range map[string]func(int) bool{
		"every fifth":        func(i int) bool { return i%5 == 0 },
		"one while it shows": func(i int) bool { return i == 70 },
		"the second half":    func(i int) bool { return i > 85 },
		"the approach":       func(i int) bool { return i < 40 },
	} {
		s := honest(4)
		s.alter = func(i int, o *Observation) {
			if strange(i) {
				stranger(o)
				o.Sharp = 100
			}
		}
		k, seen := s.trace(t, c)
		if v := Judge(c, k, seen, Standard(), faces(strange)); v.Answer == Live {
			t.Errorf("%s: %v %v", name, v.Compare, v.Evidence.Features)
		}
	}
}

// unlit is the frame of a still: no light of the screen is in it.
func unlit(o *Observation) {
	for j := range o.Skin {
		l := 0.2 * (1 + 0.3*math.Sin(float64(j)))
		o.Skin[j] = Cell{l, 0.75 * l, 0.6 * l, 50}
	}
}

// No frame may be compared whose light is not that of its colour, though the rest
// of the film would carry it.
func TestComparedFramesAreJudgedOnes(t *testing.T) {
	c := draw(t, Light)
	s := honest(6)
	s.alter = func(i int, o *Observation) {
		if o.Sharp = 10; i == 65 || i == 75 {
			o.Sharp = 100
			for j := range o.Skin { // red light that nobody commanded
				o.Skin[j].R *= 1.1
			}
		}
	}
	v := judged(t, c, s, nil)
	if slices.Contains(v.Compare, 65) || slices.Contains(v.Compare, 75) || v.Answer == Live && len(v.Compare) != 3 {
		t.Errorf("%s, %v: %v", v.Answer, v.Compare, v.Evidence)
	}
	k, _ := s.trace(t, c)
	for _, i := range v.Compare {
		if at := k.Frames[i].At; at < k.Shown[0].At {
			t.Errorf("frame %d is of the approach", i)
		}
	}
}

// One picture that is sent again and again under a shading of the right colours
// moves no more than its mesh errs.
func TestOnePictureIsNoFilm(t *testing.T) {
	s := honest(5)
	s.alter = func(i int, o *Observation) { o.Centre.X, o.Centre.Y = 240+0.05*float64(i%3), 320 }
	if v := judged(t, draw(t, Light), s, nil); v.Answer != NotLive || !slices.Contains(v.Evidence.Reasons, "sway") {
		t.Errorf("%s %v", v.Answer, v.Evidence)
	}
	s.alter = func(i int, o *Observation) { o.Digest = [32]byte{byte(i / 4)} }
	if v := judged(t, draw(t, Light), s, nil); v.Answer == Live || !slices.Contains(v.Evidence.Reasons, "twice") {
		t.Errorf("files sent four times: %s %v", v.Answer, v.Evidence)
	}
	s.alter = func(i int, o *Observation) { o.Noise = 0.01 * float64(i%7) }
	if v := judged(t, draw(t, Light), s, nil); v.Answer != NotLive || !slices.Contains(v.Evidence.Reasons, "still") {
		t.Errorf("without noise: %s %v", v.Answer, v.Evidence)
	}
}

// Whatever the client writes on its frames, haste cannot be feigned.
func TestStampsThatLie(t *testing.T) {
	for _, tt := range []struct {
		name   string
		spoil  func(*Capture)
		answer Answer
	}{
		{"shown before they were sent", func(k *Capture) {
			for i := range k.Revealed {
				k.Revealed[i] = k.Shown[i].At - 99*time.Second
			}
		}, NotLive},
		{"one shown before it was sent", func(k *Capture) { k.Revealed[4] += 400 * time.Millisecond }, NotLive},
		{"come before they were taken", func(k *Capture) {
			for i := range k.Frames {
				k.Frames[i].Arrived -= 500 * time.Millisecond
			}
		}, NotLive},
		{"all of them a minute after", func(k *Capture) {
			for i := range k.Frames {
				k.Frames[i].Arrived += time.Minute
			}
		}, Retry},
		{"the last colours a second after", func(k *Capture) {
			for i := range k.Frames {
				if k.Frames[i].At > k.Shown[5].At {
					k.Frames[i].Arrived += time.Second
				}
			}
		}, Retry},
		{"times run back", func(k *Capture) { k.Frames[40].At = k.Frames[38].At }, NotLive},
		{"numbers run back", func(k *Capture) { k.Frames[40].Number = 2 }, NotLive},
		{"arrivals run back", func(k *Capture) { k.Frames[40].Arrived = 0 }, NotLive},
		{"one colour for another", func(k *Capture) { k.Shown[2].Step, k.Shown[3].Step = 3, 2 }, NotLive},
		{"colours in haste", func(k *Capture) { k.Shown[3].At -= 200 * time.Millisecond }, NotLive},
		{"the client's clock runs at half speed", func(k *Capture) {
			for i := range k.Frames {
				k.Frames[i].Arrived *= 2
			}
		}, Retry},
		{"a thousand pictures a second", func(k *Capture) {
			for i := range k.Frames {
				k.Frames[i].At = k.Shown[0].At + time.Duration(i)*time.Millisecond
			}
		}, Retry},
	} {
		v := judged(t, draw(t, Light), honest(2), func(k *Capture, _ []Observation) { tt.spoil(k) })
		if v.Answer != tt.answer {
			t.Errorf("%s: %s %v", tt.name, v.Answer, v.Evidence)
		}
	}
}

// In the calm way a film with other moves, or the same at other moments, is not
// that of this sitting.
func TestMovesOfAnotherTime(t *testing.T) {
	for i := range 40 {
		asked, filmed := draw(t, Calm, uint64(i)), draw(t, Calm, uint64(i+100))
		same := slices.EqualFunc(asked.Steps, filmed.Steps, func(a, b Step) bool { return a.Move == b.Move })
		k, seen := honest(uint64(i)).trace(t, filmed)
		own, _ := honest(uint64(i)).trace(t, asked)
		n := min(len(k.Frames), len(own.Frames))
		own.Frames = own.Frames[:n]
		if v := Judge(asked, own, seen[:n], Standard(), one); v.Answer == Live && !same {
			t.Errorf("%v passes for %v: %v", filmed.Steps, asked.Steps, v.Evidence.Features)
		}
	}
}
