package virtual

import (
	_ "embed"
	"encoding/json"
	"math"
	"math/rand/v2"
)

// A Person is the recipe of an invented human being. It holds parameters only;
// [NewModel] makes a head of them. Its JSON form is the one of cast.json.
type Person struct {
	// Name is a lower-case given name, unique in the cast; "" for a person
	// from [Invent].
	Name string `json:"name,omitempty"`
	// Sex is "F" or "M", as in a machine-readable zone.
	Sex string `json:"sex"`
	// Seed chooses the fine detail of skin and hair.
	Seed uint64 `json:"seed"`
	// Bones is the shape of the head; Looks is what lies and grows on it.
	Bones Bones `json:"bones"`
	Looks Looks `json:"looks"`
	// Other is the shape of the head of the near-twin, see [Person.Twin].
	Other *Bones `json:"other,omitempty"`
}

// Bones is the shape of a head and its features, brows included. Every field is a number of
// standard deviations from the mean head: 0 is average, ±1.5 well marked.
type Bones struct {
	Width      float64 `json:"width"`
	Length     float64 `json:"length"`
	Crown      float64 `json:"crown"`
	Forehead   float64 `json:"forehead"`
	Temples    float64 `json:"temples"`
	Cheekbones float64 `json:"cheekbones"`
	Cheeks     float64 `json:"cheeks"`
	Jaw        float64 `json:"jaw"`
	JawCorner  float64 `json:"jaw_corner"`
	ChinWidth  float64 `json:"chin_width"`
	ChinLength float64 `json:"chin_length"`
	ChinOut    float64 `json:"chin_out"`
	Neck       float64 `json:"neck"`
	EyeGap     float64 `json:"eye_gap"`
	EyeSize    float64 `json:"eye_size"`
	EyeOpen    float64 `json:"eye_open"`
	EyeTilt    float64 `json:"eye_tilt"`
	EyeDepth   float64 `json:"eye_depth"`
	Lid        float64 `json:"lid"`
	Bags       float64 `json:"bags"`
	Ridge      float64 `json:"ridge"`
	BrowHeight float64 `json:"brow_height"`
	BrowThick  float64 `json:"brow_thick"`
	BrowArch   float64 `json:"brow_arch"`
	NoseLength float64 `json:"nose_length"`
	NoseWidth  float64 `json:"nose_width"`
	Bridge     float64 `json:"bridge"`
	NoseTip    float64 `json:"nose_tip"`
	NoseHump   float64 `json:"nose_hump"`
	NoseTurn   float64 `json:"nose_turn"`
	MouthWidth float64 `json:"mouth_width"`
	Philtrum   float64 `json:"philtrum"`
	UpperLip   float64 `json:"upper_lip"`
	LowerLip   float64 `json:"lower_lip"`
	MouthCurve float64 `json:"mouth_curve"`
	Bow        float64 `json:"bow"`
	Crooked    float64 `json:"crooked"`
}

// Looks is skin, hair, beard and glasses: what a careless glance goes by.
type Looks struct {
	// Skin runs from 0 (palest) to 1 (darkest), Flush from 0 to 1.
	Skin  float64 `json:"skin"`
	Flush float64 `json:"flush"`
	// Age runs from 0 (about 20) to 1 (about 70), Freckles from 0 to 1.
	Age      float64 `json:"age"`
	Freckles float64 `json:"freckles"`
	// Hair is a [HairStyles] word, HairColour a [HairColours] word. Receding
	// runs from 0 to 1.
	Hair       string  `json:"hair"`
	HairColour string  `json:"hair_colour"`
	Receding   float64 `json:"receding"`
	// EyeColour is an [EyeColours] word.
	EyeColour string `json:"eye_colour"`
	// Beard is a [Beards] word, Glasses a [Glasses] word; "" is none.
	Beard   string `json:"beard,omitempty"`
	Glasses string `json:"glasses,omitempty"`
}

//go:embed cast.json
var castJSON []byte

// Cast returns the twelve standing persons, in the order of their names: ada,
// ben, cleo, dov, eve, finn, gus, hana, ivo, jana, karl, lena. The default face engine finds each and
// keeps each apart from the others and from all near-twins.
func Cast() []Person {
	var cast []Person
	if err := json.Unmarshal(castJSON, &cast); err != nil {
		panic("virtual: embedded cast.json: " + err.Error()) // a test reads it
	}
	return cast
}

// Find returns the member of the cast with the given name.
func Find(name string) (Person, bool) {
	for _, p := range Cast() {
		if p.Name == name {
			return p, true
		}
	}
	return Person{}, false
}

// Twin returns the near-twin of p: another person with the same skin, age,
// hair, beard, glasses and eye colour, whose bones are different. It is
// who must be refused though a glance would let them pass.
func (p Person) Twin() Person {
	twin := p
	twin.Seed = p.Seed ^ 0x7477696e // other freckles and strands
	twin.Other = &p.Bones
	if p.Name != "" {
		twin.Name = p.Name + "-twin"
	}
	if p.Other != nil {
		twin.Bones = *p.Other
	} else {
		twin.Bones = Invent(twin.Seed, 1.5).Bones
	}
	return twin
}

// Invent makes up a person. The spread stretches their features: 1 gives the
// usual crowd, 1.5 well-marked faces. Random persons are not far enough apart
// for a face engine; see tools/cast.
func Invent(seed uint64, spread float64) Person {
	r := rand.New(rand.NewPCG(seed, 0x70657273))
	male := r.Float64() < 0.5
	p := Person{Sex: "F", Seed: seed, Bones: inventBones(r, male, spread)}
	l := &p.Looks
	l.Skin, l.Flush = r.Float64(), r.Float64()
	l.Age = math.Pow(r.Float64(), 1.3)
	l.HairColour = inventHairColour(r, l.Skin, l.Age)
	l.EyeColour = EyeColours[r.IntN(2)]
	if l.Skin < 0.5 {
		l.EyeColour = EyeColours[r.IntN(len(EyeColours))]
	}
	if l.Skin < 0.45 && r.Float64() < 0.3 {
		l.Freckles = r.Float64()
	}
	if male {
		p.Sex = "M"
		l.Hair = []string{"bald", "buzz", "short", "short", "swept", "curly"}[r.IntN(6)]
		l.Receding = r.Float64() * l.Age
		l.Beard = []string{"", "", "", "stubble", "moustache", "goatee", "full"}[r.IntN(7)]
	} else {
		l.Hair = []string{"bob", "long", "long", "fringe", "bun", "curly", "swept"}[r.IntN(7)]
	}
	if r.Float64() < 0.3 {
		l.Glasses = Glasses[r.IntN(len(Glasses))]
	}
	return p
}

// inventBones draws every slider from a clipped normal distribution and then
// leans a few of them towards what men and women have on average.
func inventBones(r *rand.Rand, male bool, spread float64) Bones {
	var b Bones
	for _, f := range b.Sliders() {
		*f = max(-2, min(2, r.NormFloat64())) * spread
	}
	b.Crooked *= 0.6
	lean := -0.85
	if male {
		lean = 0.85
	}
	for _, f := range []*float64{&b.Jaw, &b.Ridge, &b.Neck, &b.ChinWidth, &b.NoseLength, &b.EyeDepth, &b.Length, &b.BrowThick} {
		*f += lean
	}
	for _, f := range []*float64{&b.UpperLip, &b.LowerLip, &b.EyeSize, &b.BrowHeight, &b.BrowArch} {
		*f -= lean
	}
	return b
}

func inventHairColour(r *rand.Rand, skin, age float64) string {
	switch {
	case age > 0.75 && r.Float64() < 0.7:
		return []string{"grey", "white"}[r.IntN(2)]
	case skin > 0.55:
		return []string{"black", "black", "dark"}[r.IntN(3)]
	}
	return []string{"black", "dark", "dark", "brown", "brown", "red", "blond"}[r.IntN(7)]
}

// Sliders returns the address of each field, in a fixed order.
func (b *Bones) Sliders() []*float64 {
	return []*float64{
		&b.Width, &b.Length, &b.Crown, &b.Forehead, &b.Temples, &b.Cheekbones, &b.Cheeks,
		&b.Jaw, &b.JawCorner, &b.ChinWidth, &b.ChinLength, &b.ChinOut, &b.Neck,
		&b.EyeGap, &b.EyeSize, &b.EyeOpen, &b.EyeTilt, &b.EyeDepth, &b.Lid, &b.Bags,
		&b.Ridge, &b.BrowHeight, &b.BrowThick, &b.BrowArch, &b.NoseLength, &b.NoseWidth, &b.Bridge, &b.NoseTip,
		&b.NoseHump, &b.NoseTurn, &b.MouthWidth, &b.Philtrum, &b.UpperLip, &b.LowerLip,
		&b.MouthCurve, &b.Bow, &b.Crooked,
	}
}
