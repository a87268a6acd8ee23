package quality

import "math"

// Version names measures and gates together; it changes whenever the same picture
// may get another hint.
const Version = "quality/1"

// MaxDoubt bounds [Seen.Doubt] in all gates.
const MaxDoubt = 0.15

// A Range is from Min to Max, both included. What is not a number is outside.
type Range struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

func (r Range) has(v float64) bool { return v >= r.Min && v <= r.Max }

// An Oval is where the face shall be: its middle in widths and heights of the
// picture, and the width of the face in shorter sides of it.
type Oval struct{ X, Y, Width float64 }

// Gates are the limits that a picture has to keep.
type Gates struct {
	Doubt  float64 // at most
	Eyes   float64 // at least, pixels
	Inside float64 // at least

	// Oval is where the face shall be, Fill how wide it may be in widths of it,
	// and Off how far its middle may lie beside, in shorter sides of the picture.
	// An Oval of no width asks for no place.
	Oval Oval
	Fill Range
	Off  float64

	Yaw, Pitch, Roll Range // degrees

	Light   Range
	Clipped float64 // at most
	Side    float64 // at most
	Sharp   float64 // at least
	OfBest  float64 // at least, of [Measures.Best]
	Lids    float64 // at least
	Glare   float64 // at most
	Mouth   float64 // at most
	Mask    float64 // at most
	Shades  float64 // at most
}

// within is a Range to both sides of zero.
func within(limit float64) Range { return Range{-limit, limit} }

// Still returns the gates for a single picture: few, each below or beyond what the
// networks can use. 53 pixels lie between the eyes in the chip of the 128-d network,
// which with less would be drawn out of nothing.
func Still() Gates {
	return Gates{
		Doubt: MaxDoubt, Eyes: 53, Inside: 0.75,
		Yaw: within(22), Pitch: within(30), Roll: within(35),
		Light: Range{30, 225}, Clipped: 0.35, Side: 4, Sharp: 0.05,
		Lids: 0.1, Glare: 0.12, Mouth: 0.25, Mask: 0.2, Shades: 0.9,
	}
}

// Stream returns the gates while the person is guided into an oval.
func Stream(o Oval) Gates {
	return Gates{
		Doubt: MaxDoubt, Eyes: 50, Inside: 0.9,
		Oval: o, Fill: Range{0.75, 1.25}, Off: 0.12,
		Yaw: within(14), Pitch: within(16), Roll: within(14),
		Light: Range{40, 210}, Clipped: 0.05, Side: 2.2, Sharp: 0.075, OfBest: 0.7,
		Lids: 0.12, Glare: 0.06, Mouth: 0.15, Mask: 0.2, Shades: 0.75,
	}
}

// Match returns the gates of the frames that are compared with the portrait.
func Match() Gates {
	g := Stream(Oval{})
	g.Eyes, g.Inside = 80, 0.95
	g.Yaw, g.Roll = within(10), within(10)
	return g
}

// Rank orders the pictures of one capture: sharp, frontal and well lit ones have more.
func (m Measures) Rank() float64 {
	turned := math.Cos(m.Yaw*math.Pi/180) * math.Cos(m.Pitch*math.Pi/180)
	return m.Sharp * turned * turned * (1 - math.Abs(m.Light-128)/255)
}

// Judge returns the first hint in the order of [Hints], and whether the picture is
// good. What was not measured, and is not a number, keeps no gate.
func Judge(m Measures, g Gates) (h Hint, ok bool) {
	for _, judge := range []func(Measures, Gates) Hint{found, placed, turned, lit, clear, near} {
		if h = judge(m, g); h != None {
			return h, false
		}
	}
	return None, true
}

// found judges whether there is one face. Where it is too dark to see one, or all
// is white, that is the thing to say.
func found(m Measures, g Gates) Hint {
	switch {
	case m.Faces > 1:
		return ManyFaces
	case m.Faces == 1 && m.Doubt <= g.Doubt:
		return exposed(m, g)
	case exposed(m, g) != None:
		return exposed(m, g)
	}
	return NoFace
}

func exposed(m Measures, g Gates) Hint {
	switch {
	case !(m.Light >= g.Light.Min):
		return Dark
	case !(m.Light <= g.Light.Max), !(m.Clipped <= g.Clipped):
		return Bright
	}
	return None
}

// placed judges distance and place.
func placed(m Measures, g Gates) Hint {
	fill := m.Width / g.Oval.Width
	oval := g.Oval.Width > 0
	switch {
	case !(m.Eyes >= g.Eyes), oval && !(fill >= g.Fill.Min):
		return Closer
	case oval && !(fill <= g.Fill.Max):
		return Back
	case !(m.Inside >= g.Inside):
		if m.Width > 0.9 { // no place would do
			return Back
		}
		return Centre
	case oval && !(math.Hypot((m.X-g.Oval.X)*m.Wide, (m.Y-g.Oval.Y)*m.High) <= g.Off):
		return Centre
	}
	return None
}

func turned(m Measures, g Gates) Hint {
	switch {
	case !g.Yaw.has(m.Yaw), !g.Roll.has(m.Roll):
		return Straight
	case !g.Pitch.has(m.Pitch):
		return EyeLevel
	}
	return None
}

func lit(m Measures, g Gates) Hint {
	if !(m.Side <= g.Side) {
		return SideLight
	}
	return None
}

func clear(m Measures, g Gates) Hint {
	switch {
	case m.Sharp >= g.Sharp && m.Sharp >= g.OfBest*m.Best:
		return None
	case m.Best > 0 && m.Best < g.Sharp:
		return Lens
	}
	return HoldStill
}

// near judges what hides the face or changes it.
func near(m Measures, g Gates) Hint {
	switch {
	case !(m.Mask <= g.Mask), !(m.Shades <= g.Shades):
		return Covered
	case !(m.Glare <= g.Glare):
		return Glare
	case !(m.Lids >= g.Lids):
		return EyesShut
	case !(m.Mouth <= g.Mouth):
		return MouthOpen
	}
	return None
}
