package clip

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/face/virtual"
)

// twoColours shows one colour, then another, to a head that is near.
func twoColours(st *Stage) Script {
	return Script{
		Length: 950 * time.Millisecond, Moves: []Move{{Distance: st.DistanceFor(0.5)}},
		Shown: []Shown{{0, [3]uint8{255, 150, 150}}, {400 * time.Millisecond, [3]uint8{0, 208, 80}}},
	}
}

// follow is by how much ln(R/G) falls on the cheek and on the wall when the
// screen turns from red to green.
func follow(t *testing.T, film []Frame) (cheeks, wall float64) {
	t.Helper()
	ratio := func(f Frame, at [2]float64) float64 {
		c := mean(decoded(t, f), at, 8)
		return math.Log(c.R / c.G)
	}
	corner := [2]float64{40, 40}
	before, after := film[len(film)/2-1], film[len(film)-1]
	return ratio(before, cheek(before)) - ratio(after, cheek(after)), ratio(before, corner) - ratio(after, corner)
}

// Each species gives itself away by what it cannot do, and by no more.
func TestWhatSpeciesCannotDo(t *testing.T) {
	sc := still()
	sc.FPS, sc.Lux, sc.Wall = 12, 60, 250
	s := twoColours(New(sat(), sc))
	liveCheeks, _ := follow(t, New(sat(), sc).Film(s))
	if liveCheeks < 0.1 {
		t.Fatalf("the living cheek follows by %.3f only", liveCheeks)
	}
	for _, tt := range []struct {
		name        string
		cheeks      [2]float64 // how much of a living cheek's the cheek follows
		wallByCheek [2]float64
	}{
		{"flat-print", [2]float64{0.3, 2.5}, [2]float64{0.35, 2}},
		{"cut-out", [2]float64{0.3, 2.5}, [2]float64{-0.1, 0.3}},
		{"bent-cut-out", [2]float64{0.3, 2.5}, [2]float64{-0.1, 0.3}},
		{"tablet-replay", [2]float64{-0.7, 0.3}, [2]float64{-100, 100}},
		{"old-video", [2]float64{-0.1, 0.1}, [2]float64{-100, 100}},
		{"tint-multiplied", [2]float64{0.05, 4}, [2]float64{0.7, 1.4}},
		{"tint-added", [2]float64{0.05, 6}, [2]float64{0.3, 3}},
		{Relight, [2]float64{0.8, 1.2}, [2]float64{-0.1, 0.3}},
	} {
		film := speciesNamed(t, tt.name).Film(sat(), sc, s)
		cheeks, wall := follow(t, film)
		if by := cheeks / liveCheeks; by < tt.cheeks[0] || by > tt.cheeks[1] {
			t.Errorf("%s: the cheek follows by %.2f of a living one's", tt.name, by)
		}
		if by := wall / cheeks; by < tt.wallByCheek[0] || by > tt.wallByCheek[1] {
			t.Errorf("%s: the wall follows by %.2f of the cheek", tt.name, by)
		}
	}
}

func speciesNamed(t *testing.T, name string) Species {
	t.Helper()
	for _, s := range AllSpecies() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no species %q", name)
	return Species{}
}

// A forger who works in real time is late: in what is seen, or in when it comes.
func TestRelightIsLate(t *testing.T) {
	sc := still()
	s := Script{Length: 300 * time.Millisecond, Shown: []Shown{{100 * time.Millisecond, [3]uint8{0, 208, 80}}}}
	live := New(sat(), sc).Film(s)
	late, dated := speciesNamed(t, Relight).Film(sat(), sc, s), speciesNamed(t, RelightBackdated).Film(sat(), sc, s)
	last := len(live) - 1
	if late[last].Truth.Screen == live[last].Truth.Screen {
		t.Error("relight sees the colour as early as a living face")
	}
	if !bytes.Equal(dated[last].JPEG, live[last].JPEG) {
		t.Error("a backdated frame is not what a living face would show")
	}
	if by := dated[last].Ready - live[last].Ready; by < 80*time.Millisecond || by > 330*time.Millisecond {
		t.Errorf("a backdated frame is late by %v", by)
	}
}

func TestOtherMovesAndColours(t *testing.T) {
	r := chance(Scene{Seed: 3})
	s := Script{
		Moves: []Move{{Distance: 40}, {At: second, Distance: 40, Yaw: 20}, {At: 2 * second, Distance: 40}},
		Shown: []Shown{{0, [3]uint8{1}}, {1, [3]uint8{2}}, {2, [3]uint8{3}}, {3, [3]uint8{1}}},
	}
	left := 0
	for range 100 {
		if m := s.otherMoves(r); m[1].Yaw == -20 {
			left++
		} else if m[1].Yaw != 20 || m[1].At >= m[2].At {
			t.Fatalf("moves %+v", m)
		}
		c := s.otherColours(r)
		for i := range c[1:] {
			if c[i].Colour == c[i+1].Colour {
				t.Fatalf("a colour twice in a row: %v", c)
			}
		}
	}
	if left < 30 || left > 70 {
		t.Errorf("%d of 100 to the other side", left)
	}
}

func TestEyesBlink(t *testing.T) {
	l := lids{rand: chance(Scene{Seed: 1})}
	l.next(0)
	shut, blinks, was := 0, 0, true
	for at := time.Duration(0); at < time.Minute; at += 20 * time.Millisecond {
		open := l.open(at)
		if open < 0 || open > 1 {
			t.Fatalf("open by %v", open)
		}
		if now := open < 0.3; now {
			shut++
			if was {
				blinks++
			}
			was = false
		} else {
			was = true
		}
	}
	if blinks < 8 || blinks > 40 || shut > 300 {
		t.Errorf("%d blinks in a minute, shut in %d of 3000 moments", blinks, shut)
	}
}

func TestGlassesAndExpressionsAreFilmed(t *testing.T) {
	p, _ := virtual.Find("ben")
	sc := still()
	plain := New(sat(), sc).Film(Script{Length: 60 * time.Millisecond})[0]
	for name, m := range map[string]*virtual.Model{
		"no glasses": virtual.NewModel(p.Wearing("")), "smile": virtual.NewModelOf(p, virtual.Expression{Smile: 1, Gape: 0.5}),
	} {
		got := New(Sit(m), sc).Film(Script{Length: 60 * time.Millisecond})[0]
		if bytes.Equal(got.JPEG, plain.JPEG) {
			t.Errorf("%s cannot be seen", name)
		}
	}
}
