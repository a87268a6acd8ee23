package liveness

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

func judged(t *testing.T, c Challenge, s scene, spoil func(*Capture, []Observation)) Verdict {
	t.Helper()
	k, seen := s.trace(t, c)
	if spoil != nil {
		spoil(&k, seen)
	}
	return Judge(c, k, seen, Standard(), one)
}

func TestPersonIsLive(t *testing.T) {
	for _, way := range []Way{Light, Calm} {
		for seed := range uint64(20) {
			c := draw(t, way, seed)
			v := judged(t, c, honest(seed), nil)
			if v.Answer != Live || len(v.Compare) != 3 || v.Hint != "" || len(v.Evidence.Reasons) != 0 {
				t.Fatalf("%s: %+v", way, v)
			}
		}
	}
}

// What an attacker shows is never live, whatever the answer is called.
func TestForgeriesAreNotLive(t *testing.T) {
	for _, tt := range []struct {
		name   string
		way    Way
		change func(*scene)
		reason string
	}{
		{"sheet before the screen", Light, func(s *scene) { s.relief, s.room = 0, 1 }, "beta"},
		{"sheet cut out", Light, func(s *scene) { s.relief = 0 }, "beta"},
		{"sheet bent", Light, func(s *scene) { s.relief = 0.1 }, "rough"},
		{"head, the room lit as well", Light, func(s *scene) { s.room = 0.9 }, "background"},
		{"relit, late", Light, func(s *scene) { s.delay = 330 * time.Millisecond }, "delay"},
		{"other sequence", Light, func(s *scene) { s.sequence = other(s.seed, 10) }, "rho"},
		{"sheet turned", Calm, func(s *scene) { s.relief = 0.05 }, "relief"},
	} {
		for seed := range uint64(10) {
			s := honest(seed)
			tt.change(&s)
			if v := judged(t, draw(t, tt.way, seed), s, nil); v.Answer == Live || !slices.Contains(v.Evidence.Reasons, tt.reason) {
				t.Errorf("%s: %s %v", tt.name, v.Answer, v.Evidence)
			}
		}
	}
}

func other(seed uint64, n int) []Step {
	r := rand.New(rand.NewPCG(seed, 99))
	steps, last := make([]Step, n), -1
	for i := range steps {
		v := r.IntN(6)
		for v == last {
			v = r.IntN(6)
		}
		last, steps[i].Colour = v, Palette()[v]
	}
	return steps
}

// What could not be measured is asked for again, with what to do.
func TestUnmeasuredIsRetried(t *testing.T) {
	for _, tt := range []struct {
		name  string
		way   Way
		hint  Hint
		spoil func(*scene, *Capture, []Observation)
	}{
		{"two faces", Light, OneFace, func(_ *scene, _ *Capture, seen []Observation) { seen[20].Faces = 2 }},
		{"face lost", Light, FaceLost, func(_ *scene, _ *Capture, seen []Observation) {
			for i := 60; i < 72; i++ {
				seen[i] = Observation{Size: seen[i].Size}
			}
		}},
		{"few frames", Light, Camera, func(_ *scene, k *Capture, _ []Observation) { k.Frames = k.Frames[:9] }},
		{"slow network", Light, Network, func(_ *scene, k *Capture, _ []Observation) {
			for i := range k.Frames {
				k.Frames[i].Arrived += 2 * time.Second
			}
		}},
		{"network slower and slower", Light, Network, func(_ *scene, k *Capture, _ []Observation) {
			for i := range k.Frames {
				k.Frames[i].Arrived += time.Duration(i) * 20 * time.Millisecond
			}
		}},
		{"did not come nearer", Light, FollowOval, func(_ *scene, _ *Capture, seen []Observation) {
			for i := range seen {
				seen[i].Width = 150
			}
		}},
		{"no room seen", Light, Background, func(_ *scene, _ *Capture, seen []Observation) {
			for i := range seen {
				seen[i].Ground = [16]Cell{}
			}
		}},
		{"face clipped", Light, Dimmer, func(_ *scene, _ *Capture, seen []Observation) {
			for i := range seen {
				seen[i].Skin = [Rows * Columns]Cell{}
			}
		}},
		{"no shape known", Light, FaceLost, func(_ *scene, _ *Capture, seen []Observation) {
			for i := range seen {
				seen[i].Facing = [Rows * Columns]float64{}
			}
		}},
		{"jump", Light, HoldStill, func(_ *scene, _ *Capture, seen []Observation) { seen[30].Centre.X += 200 }},
		{"did not turn", Calm, FollowTurn, func(_ *scene, _ *Capture, seen []Observation) {
			for i := range seen {
				seen[i].Pose.Yaw = 0
			}
		}},
	} {
		c := draw(t, tt.way)
		s := honest(1)
		v := judged(t, c, s, func(k *Capture, seen []Observation) { tt.spoil(&s, k, seen) })
		if v.Answer != Retry || v.Hint != tt.hint || v.Compare != nil {
			t.Errorf("%s: %s %q %v", tt.name, v.Answer, v.Hint, v.Evidence.Reasons)
		}
	}
}

// A room that outshines the screen says nothing of the person.
func TestBrightRoomIsRetried(t *testing.T) {
	s := honest(1)
	s.lit = 0.005
	if v := judged(t, draw(t, Light), s, nil); v.Answer != Retry || v.Hint != Dimmer {
		t.Errorf("%s %q %v", v.Answer, v.Hint, v.Evidence)
	}
}

func TestEmbeddingsMustAgree(t *testing.T) {
	c := draw(t, Light)
	k, seen := honest(3).trace(t, c)
	asked := map[int]bool{}
	v := Judge(c, k, seen, Standard(), func(i int) ([]float32, error) { asked[i] = true; return one(i) })
	for _, i := range v.Compare {
		if !asked[i] {
			t.Errorf("frame %d is compared and was not asked for", i)
		}
	}
	if len(asked) < 6 {
		t.Errorf("%d frames were asked for", len(asked))
	}
	strange := func(who func(int) bool) Verdict { return Judge(c, k, seen, Standard(), faces(who)) }
	for i := range asked {
		if v := strange(func(j int) bool { return i == j }); v.Answer != NotLive || !slices.Contains(v.Evidence.Reasons, "apart") {
			t.Errorf("another face in frame %d: %s %v", i, v.Answer, v.Evidence.Reasons)
		}
	}
	// Two of those that would be compared, and all of them.
	for n := 2; n <= len(v.Compare); n++ {
		if v := strange(func(j int) bool { return slices.Contains(v.Compare[:n], j) }); v.Answer != NotLive {
			t.Errorf("another face in %d of the frames to compare: %s %v", n, v.Answer, v.Compare)
		}
	}
	for name, embed := range map[string]Embed{
		"none":      nil,
		"an error":  func(int) ([]float32, error) { return nil, errors.New("no memory") },
		"empty":     func(int) ([]float32, error) { return nil, nil },
		"no number": func(int) ([]float32, error) { return []float32{float32(math.NaN())}, nil },
	} {
		if v := Judge(c, k, seen, Standard(), embed); v.Answer != Retry {
			t.Errorf("%s: %s", name, v.Answer)
		}
	}
}

// Measures that are no numbers never pass, and never stop the judge.
func TestNoNumberIsNeverLive(t *testing.T) {
	spoil := []func(*Observation){
		func(o *Observation) { o.Width = math.NaN() },
		func(o *Observation) { o.Noise = math.NaN() },
		func(o *Observation) { o.Nose = math.NaN(); o.Pose.Yaw = math.NaN() },
		func(o *Observation) {
			for j := range o.Skin {
				o.Skin[j].R = math.NaN()
			}
		},
		func(o *Observation) {
			for j := range o.Ground {
				o.Ground[j].G = math.Inf(1)
			}
		},
		func(o *Observation) {
			for j := range o.Facing {
				o.Facing[j] = math.Inf(1)
			}
		},
		func(o *Observation) { *o = Observation{Size: o.Size, Sure: true} },
		func(o *Observation) { *o = Observation{} },
	}
	for _, way := range []Way{Light, Calm} {
		for i, spoil := range spoil {
			s := honest(1)
			s.alter = func(_ int, o *Observation) { spoil(o) }
			v := judged(t, draw(t, way), s, nil)
			if v.Answer == Live && (way == Light || i != 3 && i != 4 && i != 5) { // the calm way has no light
				t.Errorf("%s, %d: live: %v", way, i, v.Evidence)
			}
		}
	}
}

func TestVerdictIsPure(t *testing.T) {
	c := draw(t, Light)
	k, seen := honest(5).trace(t, c)
	a, b := Judge(c, k, seen, Standard(), one), Judge(c, k, seen, Standard(), one)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v, then %+v", a, b)
	}
}
