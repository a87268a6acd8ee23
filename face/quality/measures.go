package quality

import (
	"image"
	"math"

	"github.com/tunnus-id/tunnus/face/picture"
)

// Measures are what was measured of one picture. They hold no picture and no
// place by which a face could be known again, and may stand in a record.
//
// They do not see: a hand or a cloth of the colour of the skin, a wig, make-up, a
// screen or a print (that is package liveness), nor what lies outside of the face.
type Measures struct {
	Faces int     `json:"faces"`
	Doubt float64 `json:"doubt"` // see [Seen]

	// Eyes is the distance of the eyes in pixels, corrected for yaw as in
	// ISO/IEC 29794-5.
	Eyes float64 `json:"eyes"`
	// Width is that of the face's outline in shorter sides of the picture; X and Y
	// are its middle in widths and heights of the picture, which has Wide and High
	// shorter sides. Inside is the part of the outline within it, 0 to 1.
	Width  float64 `json:"width"`
	Wide   float64 `json:"wide"`
	High   float64 `json:"high"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Inside float64 `json:"inside"`
	// Head is the length from eyes to chin, in heights of the picture.
	Head float64 `json:"head"`

	Yaw   float64 `json:"yaw"` // degrees
	Pitch float64 `json:"pitch"`
	Roll  float64 `json:"roll"`

	// Light is the mean luminance of the face, 0 to 255 (of the picture, if no
	// face was found). Shadow and Clipped are the parts of it up to 25 and from
	// 247, 0 to 1. Side is the brighter cheek's luminance over the other's, 1 or
	// more, and Even how far their histograms agree, 0 to 1. Entropy is that of
	// the luminance, in bits.
	Light   float64 `json:"light"`
	Shadow  float64 `json:"shadow"`
	Clipped float64 `json:"clipped"`
	Side    float64 `json:"side"`
	Even    float64 `json:"even"`
	Entropy float64 `json:"entropy"`

	// Sharp is how steep the steepest edges about the eyes are: the share of the
	// range of luminance there that lies between neighbours, 64 of which make an
	// eye distance. Best is the greatest of this capture so far, 0 if unknown.
	Sharp float64 `json:"sharp"`
	Best  float64 `json:"best,omitempty"`

	// Lids is the opening of the wider eye in its width, as the pixels show it.
	Lids float64 `json:"lids"`
	// Glare is the clipped part of the worse eye's surroundings, 0 to 1.
	Glare float64 `json:"glare"`
	// Mouth is the gap between the lips over the length from eyes to chin.
	Mouth float64 `json:"mouth"`
	// Mask is how far all of the lower face is from the upper one in colour, and
	// Shades how much darker the eyes are than the cheeks, both as logarithms.
	Mask   float64 `json:"mask"`
	Shades float64 `json:"shades"`
}

// Measure looks at a picture in which the networks have found what s says. Without
// a picture, with no place for the eyes or with any other number of faces than one,
// only their number and the light are told.
func Measure(img image.Image, s Seen) Measures {
	m := Measures{Faces: s.Faces, Doubt: s.Doubt}
	if img == nil || img.Bounds().Empty() {
		m.Faces = 0
		return m
	}
	if s.Faces == 1 {
		if p, ok := newPlate(img, s); ok {
			m.place(s, img.Bounds())
			m.light(p, s)
			m.detail(p, s)
			return m
		}
		m.Faces = 0
	}
	if pic, err := picture.New(img); err == nil {
		m.Light = pic.Light()
	}
	return m
}

// place measures where the face is and how it is turned.
func (m *Measures) place(s Seen, b image.Rectangle) {
	m.Yaw, m.Pitch, m.Roll = s.Pose.Yaw, s.Pose.Pitch, s.Pose.Roll
	m.Eyes = s.eyeDistance() / max(math.Cos(m.Yaw*math.Pi/180), 0.5)
	w, h := float64(b.Dx()), float64(b.Dy())
	short := min(w, h)
	m.Wide, m.High = w/short, h/short
	m.Head = s.length() / h
	m.Mouth = apart(s.Lips[0], s.Lips[1]) / s.length()
	if len(s.Outline) == 0 {
		return
	}
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	in := 0
	for _, p := range s.Outline {
		left, top, right, bottom = min(left, p.X), min(top, p.Y), max(right, p.X), max(bottom, p.Y)
		if p.X >= 0 && p.Y >= 0 && p.X < w && p.Y < h {
			in++
		}
	}
	m.Width, m.X, m.Y = (right-left)/short, (left+right)/2/w, (top+bottom)/2/h
	m.Inside = float64(in) / float64(len(s.Outline))
}
