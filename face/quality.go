package face

import (
	"math"

	"github.com/tunnus-id/tunnus/face/tensor"
)

// The gates for a live frame: few, each below or beyond what the networks can
// use. They are no biometric quality assessment (ISO/IEC 29794-5).
const (
	// minEyes is the distance of the eyes in the chip of the 128-d network, in
	// pixels: with less in the frame, the chip would be drawn out of nothing.
	minEyes = 53
	// maxTurn is how far the tip of the nose may lie from the middle between
	// the eyes, in eye distances: about 20 degrees of yaw.
	maxTurn = 0.25
	// minLight and maxLight bound the mean luminance of the chip, or of a frame without a face.
	minLight = 30
	maxLight = 225
	// minSharp is the least contrast between neighbouring pixels of the chip,
	// see measure. Blurred so far that the 128-d distance moves by 0.25, faces
	// have 2 to 4; usable ones have 5 and more.
	minSharp = 2
	// maxDoubt bounds [Face.Doubt]: beyond it landmarks, and with them the
	// chip, are guesswork, and a distance would say nothing of the person.
	maxDoubt = 0.15
)

// A measure is what is judged of one frame's face.
type measure struct {
	doubt float64 // see [Face.Doubt]
	eyes  float64 // distance in the frame, pixels
	turn  float64 // nose tip from the middle of the eyes, in eye distances
	light float64 // mean luminance of the chip, 0 to 255
	sharp float64 // root mean square of the Laplacian of the chip's luminance
}

// newMeasure looks at the face and its 150x150 chip with values from 0 to 255.
func newMeasure(f Face, chip *tensor.Tensor) measure {
	m := measure{doubt: f.Doubt, eyes: f.EyeDistance()}
	// In the chip's coordinates the roll of the head is gone.
	upright := align(f, chipSize)
	a, b := centre(f.Landmarks[36:42]), centre(f.Landmarks[42:48])
	nose := f.Landmarks[30]
	dx, dy := nose.X-(a.X+b.X)/2, nose.Y-(a.Y+b.Y)/2
	across := (upright.a*dx + upright.b*dy) / upright.scale()
	m.turn = math.Abs(across) / m.eyes

	luma := make([]float64, chip.H*chip.W)
	for i := range luma {
		px := chip.Data[3*i:]
		luma[i] = luminance(px[0], px[1], px[2])
		m.light += luma[i] / float64(len(luma))
	}
	n := 0
	for y := 1; y < chip.H-1; y++ {
		for x := 1; x < chip.W-1; x++ {
			i := y*chip.W + x
			lap := luma[i-1] + luma[i+1] + luma[i-chip.W] + luma[i+chip.W] - 4*luma[i]
			m.sharp += lap * lap
			n++
		}
	}
	m.sharp = math.Sqrt(m.sharp / float64(n))
	return m
}

func luminance[T uint8 | float32](r, g, b T) float64 {
	return 0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b)
}

// placed refuses a face that is too far away, turned away or not upright.
func (m measure) placed() error {
	switch {
	case !(m.doubt <= maxDoubt):
		return position("landmarks apart by %.2f eye distances, %.2f are allowed", m.doubt, maxDoubt)
	case !(m.eyes >= minEyes):
		return position("eyes %.0f pixels apart, %d are needed", m.eyes, minEyes)
	case !(m.turn <= maxTurn):
		return position("turned by %.2f eye distances, %.2f are allowed", m.turn, maxTurn)
	}
	return nil
}

// clear reports whether the frame is good enough to be compared.
func (m measure) clear() bool {
	return lit(m.light) && m.sharp >= minSharp
}

func lit(light float64) bool { return light >= minLight && light <= maxLight }

// rank orders frames: sharp, frontal and evenly lit ones first.
func (m measure) rank() float64 {
	return m.sharp * (1 - m.turn) * (1 - math.Abs(m.light-128)/255)
}
