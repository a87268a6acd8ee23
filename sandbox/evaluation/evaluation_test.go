package evaluation

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/face/virtual/clip"
)

var sitter = sync.OnceValue(func() *clip.Sitter { return clip.Sit(virtual.NewModel(Somebody(1, 0.3))) })

// answering is somebody before a challenge of a way, with the script followed.
func answering(t *testing.T, way liveness.Way, seed uint64) (*answer, clip.Script) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	c, err := liveness.Draw(dice{r}, way)
	if err != nil {
		t.Fatal(err)
	}
	scene := clip.Draw(seed, 30, 400)
	a := &answer{rand: r, challenge: c, stage: clip.New(sitter(), scene), scene: scene}
	return a, a.script()
}

// stamped is a film without pictures.
func stamped(s clip.Script, late time.Duration) []clip.Frame {
	var out []clip.Frame
	for at := 20 * time.Millisecond; at < s.Length; at += 60 * time.Millisecond {
		out = append(out, clip.Frame{At: at, Ready: at + 15*time.Millisecond + late})
	}
	return out
}

// An app shows no colour before the server can have sent it, and the server
// sends none before the last one was proved.
func TestStepsAreRevealedAsFramesProve(t *testing.T) {
	for seed := range uint64(5) {
		a, s := answering(t, liveness.Light, seed)
		k := a.take(s, stamped(s, 0)).Capture
		if len(k.Shown) != len(a.challenge.Steps) || len(k.Revealed) != len(k.Shown) {
			t.Fatalf("%d shown, %d revealed of %d", len(k.Shown), len(k.Revealed), len(a.challenge.Steps))
		}
		for i, f := range k.Frames[1:] {
			if f.Number <= k.Frames[i].Number || f.Arrived < k.Frames[i].Arrived {
				t.Fatalf("frame %d comes before the one before", i+1)
			}
		}
		for i := range k.Shown[1:] {
			proof := time.Duration(0)
			for _, f := range k.Frames {
				if f.At >= k.Shown[i].At {
					proof = f.Arrived
					break
				}
			}
			if k.Revealed[i+1] > proof {
				t.Errorf("step %d is revealed %v after its proof", i+1, k.Revealed[i+1]-proof)
			}
			if stood := k.Shown[i+1].At - k.Shown[i].At; stood < a.challenge.Hold || stood > a.challenge.Hold+50*time.Millisecond {
				t.Errorf("step %d stands for %v", i, stood)
			}
		}
		for i, c := range s.Shown[1 : len(s.Shown)-1] {
			if c.Colour != colour(a.challenge.Steps[i].Colour) || c.At != k.Shown[i].At {
				t.Errorf("the screen shows %v at %v as step %d", c.Colour, c.At, i)
			}
		}
	}
}

// In the calm way the head turns where it is asked, within the time for it, and
// rests between.
func TestTurnsAreAsAsked(t *testing.T) {
	for seed := range uint64(5) {
		a, s := answering(t, liveness.Calm, seed)
		if len(s.Shown) != 1 {
			t.Errorf("%d colours are shown in the calm way", len(s.Shown))
		}
		for i, step := range a.challenge.Steps {
			from, most := a.shown[i].At, 0.0
			for _, m := range s.Moves {
				if m.At > from && m.At < from+a.challenge.Hold && max(m.Yaw, -m.Yaw) > max(most, -most) {
					most = m.Yaw
				}
			}
			want := map[liveness.Move][2]float64{liveness.Left: {-32, -16}, liveness.Right: {16, 32}, liveness.Near: {-3, 3}}[step.Move]
			if most < want[0] || most > want[1] {
				t.Errorf("step %d, %s: the head turns by %.0f°", i, step.Move, most)
			}
		}
		for i, m := range s.Moves[1:] {
			if m.At < s.Moves[i].At {
				t.Errorf("move %d goes back in time", i+1)
			}
		}
	}
}

func TestEveryKindHasItsFilms(t *testing.T) {
	p := Plan{Way: liveness.Light, Live: 3, Attacks: 2, Low: 30, High: 400, Seed: 9}
	tasks := p.tasks()
	r := Report{Live: make([]Tone, len(Tones())), Species: make([]Row, len(clip.AllSpecies())), Why: map[string]int{}}
	for _, task := range tasks {
		r.count(task, liveness.Verdict{Answer: liveness.Live})
	}
	for _, row := range r.Live {
		if row.Of != 3 || row.Accepted != 3 {
			t.Errorf("a tone has %+v", row)
		}
	}
	for _, row := range r.Species {
		if row.Of != 2 || row.Accepted != 2 {
			t.Errorf("a species has %+v", row)
		}
	}
	p.Seed = 10
	if again := p.tasks(); again[0].seed == tasks[0].seed {
		t.Error("another seed draws the same films")
	}
}
