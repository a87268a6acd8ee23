package clip

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/face/virtual/quick"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

// A Species is a kind of attack (ISO/IEC 30107-3, PAI species; injections are
// counted with them): somebody or something else answers the script.
type Species struct {
	Name string
	// Film is what arrives instead of a living person's film. The scene's seed
	// chooses what the attacker has at hand.
	Film func(s *Sitter, sc Scene, script Script) []Frame
}

// AllSpecies are the attacks that are drawn. Prints and tablets stand before a
// real camera; what is injected reaches the server without one.
func AllSpecies() []Species {
	return []Species{
		{"flat-print", printed(false, false)},
		{"cut-out", printed(true, false)},
		{"bent-print", printed(false, true)},
		{"bent-cut-out", printed(true, true)},
		{"tablet-replay", replayed},
		{"old-video", oldVideo},
		{"other-sequence", otherSequence},
		{"tint-multiplied", tinted(multiply)},
		{"tint-added", tinted(add)},
		{Relight, remade},
		{RelightBackdated, backdated},
	}
}

// The species that only haste gives away: they are reported, and not held to the
// limit of the others.
const (
	Relight          = "relight"
	RelightBackdated = "relight-backdated"
)

func chance(sc Scene) *rand.Rand { return rand.New(rand.NewPCG(sc.Seed, 0x666f726765)) }

// printed holds a print of the person before the camera, and moves it as asked.
func printed(cut, bent bool) func(*Sitter, Scene, Script) []Frame {
	return func(s *Sitter, sc Scene, script Script) []Frame {
		r := chance(sc)
		st := New(s, sc)
		photo := photograph(s, sc, r, cut)
		radius := 0.0
		if bent {
			radius = 8 + 12*r.Float64() // from a head to a large bottle
		}
		st.scale = 0.55 + 0.45*r.Float64()
		st.body = &body{paper: true, surfaces: []*surface{photo.plate(s, st.scale, radius, float32(0.005+0.02*r.Float64()))}}
		return st.Film(script)
	}
}

// replayed shows an old film of the person on a tablet, whose glass mirrors a
// little of the screen's light.
func replayed(s *Sitter, sc Scene, script Script) []Frame {
	r := chance(sc)
	then := Draw(r.Uint64(), 60, 400)
	then.Device, then.FPS, then.Calm = sc.Device, sc.FPS, false
	old := script.old(r)
	video := New(s, then)
	st := New(s, sc)
	w, h := sc.Device.Size()
	wide := 15.5 * float64(w) / shortSide
	screen := &picture{width: w, height: h, perCM: float64(w) / wide, x: float64(w) / 2, y: float64(h) / 2, texels: make([]tint, w*h)}
	plate := screen.plate(s, 1, 0, float32(0.01+0.02*r.Float64()))
	plate.shine = float32(3.14 * (250 + 250*r.Float64()))
	st.body = &body{paper: true, surfaces: []*surface{plate}}
	away := sc.Focal * wide / float64(w) * (0.86 + 0.08*r.Float64()) // it fills the picture
	held := Script{Length: script.Length, Shown: script.Shown, Fade: script.Fade, Moves: []Move{{
		Distance: away, Y: sc.Focal / away * s.marks.Middle / float64(w), // by its middle, not by a face's
	}}}
	var out []Frame
	for {
		video.show(&old, st.upcoming(), plate.skin.Texels)
		f, ok := st.Next(&held)
		if !ok {
			return out
		}
		out = append(out, f)
	}
}

// old is what the person was asked in another capture: the same way, other
// colours or none; turns to other sides at other times.
func (s Script) old(r *rand.Rand) Script {
	if r.IntN(2) == 0 {
		s.Shown = nil
	} else {
		s.Shown = s.otherColours(r)
	}
	s.Moves = s.otherMoves(r)
	return s
}

// otherColours draws the sequence anew out of its own colours, at its own times.
func (s Script) otherColours(r *rand.Rand) []Shown {
	var palette [][3]uint8
	for _, c := range s.Shown {
		if !slices.Contains(palette, c.Colour) {
			palette = append(palette, c.Colour)
		}
	}
	out := slices.Clone(s.Shown)
	if len(palette) < 2 {
		return out
	}
	for i := range out {
		for {
			out[i].Colour = palette[r.IntN(len(palette))]
			if i == 0 || out[i].Colour != out[i-1].Colour {
				break
			}
		}
	}
	return out
}

// otherMoves turns to sides drawn anew and takes another time for each part. A
// script without turns is approached as it is: everybody knows that way.
func (s Script) otherMoves(r *rand.Rand) []Move {
	out := slices.Clone(s.Moves)
	turns := false
	for _, m := range out {
		turns = turns || m.Yaw != 0 || m.Pitch != 0
	}
	if !turns {
		return out
	}
	at, was, side := time.Duration(0), time.Duration(0), 1.0
	for i, m := range s.Moves {
		if i == 0 || s.Moves[i-1].Yaw == 0 && s.Moves[i-1].Pitch == 0 {
			side = float64(1 - 2*r.IntN(2))
		}
		at += time.Duration(float64(m.At-was) * (0.6 + 0.8*r.Float64()))
		was, out[i].At = m.At, at
		out[i].Yaw, out[i].Pitch = side*m.Yaw, side*m.Pitch
	}
	return out
}

// oldVideo is injected: the person once filmed with no colours shown.
func oldVideo(s *Sitter, sc Scene, script Script) []Frame {
	script.Shown, script.Moves = nil, script.otherMoves(chance(sc))
	return New(s, sc).Film(script)
}

// otherSequence is injected: the person once filmed in another capture.
func otherSequence(s *Sitter, sc Scene, script Script) []Frame {
	r := chance(sc)
	script.Shown, script.Moves = script.otherColours(r), script.otherMoves(r)
	return New(s, sc).Film(script)
}

// tinted is an injected film without colours, upon which each frame is given
// the colour that is asked for, at once and everywhere.
func tinted(by func(v, colour, much float32) float32) func(*Sitter, Scene, Script) []Frame {
	return func(s *Sitter, sc Scene, script Script) []Frame {
		r := chance(sc)
		st := New(s, sc)
		st.scene.Nits = 0
		script.Moves = script.otherMoves(r)
		much := float32(0.08 + 0.3*r.Float64())
		st.forge = func(film *[3][]float32, screen solid.RGB) {
			c := quick.TintOf(screen)
			white := float32(0.18 / st.camera.Exposure())
			for k := range film {
				for i, v := range film[k] {
					film[k][i] = by(v/white, c[k], much) * white
				}
			}
		}
		return st.Film(script)
	}
}

func multiply(v, colour, much float32) float32 { return v * (1 - much + 2*much*colour) }

func add(v, colour, much float32) float32 { return v + much*colour }

// remade is a head modelled of photographs and lit as asked in real time. It is
// as good as live, but late by what drawing and sending take.
func remade(s *Sitter, sc Scene, script Script) []Frame {
	late := lateness(sc)
	sc.Lag += late
	script.Moves = slices.Clone(script.Moves)
	for i := range script.Moves {
		script.Moves[i].At += late
	}
	return New(s, sc).Film(script)
}

// backdated is the same, but each frame bears the stamp of when it would have
// been taken: only that it comes late is left to see.
func backdated(s *Sitter, sc Scene, script Script) []Frame {
	late, film := lateness(sc), New(s, sc).Film(script)
	for i := range film {
		film[i].Ready += late
	}
	return film
}

// lateness is what drawing and sending take.
func lateness(sc Scene) time.Duration {
	return time.Duration((80 + 250*chance(sc).Float64()) * float64(time.Millisecond))
}
