package face

import (
	"image"
	"math"

	"github.com/tunnus-id/tunnus/face/network"
	"github.com/tunnus-id/tunnus/face/picture"
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
	// MaxDoubt bounds [Face.Doubt]: beyond it landmarks, and with them the
	// chip, are guesswork, and a distance would say nothing of the person.
	MaxDoubt = 0.15
)

// A Quality is what is measured of one picture with a face, for choosing frames
// and for the record.
type Quality struct {
	Doubt float64 `json:"doubt"` // see [Face.Doubt]
	Eyes  float64 `json:"eyes"`  // distance in the picture, pixels
	Turn  float64 `json:"turn"`  // nose tip from the middle of the eyes, in eye distances
	Light float64 `json:"light"` // mean luminance of the chip, 0 to 255
	Sharp float64 `json:"sharp"` // root mean square of the Laplacian of the chip's luminance
}

// Measure looks at a face and its chip of 150x150 pixels. It fails as [picture.New] does.
func Measure(img image.Image, f Face) (Quality, error) {
	chip, err := NewChip(img, f.Landmarks)
	if err != nil {
		return Quality{}, err
	}
	return measure(f, chip.Cut(&tensor.Pool{}, Dlib, network.ResidualSize)), nil
}

// measure takes a chip with values from 0 to 255.
func measure(f Face, chip *tensor.Tensor) Quality {
	m := Quality{Doubt: f.Doubt, Eyes: f.EyeDistance()}
	// In the chip's coordinates the roll of the head is gone.
	upright := align(f.Landmarks, network.ResidualSize)
	a, b := picture.Centre(f.Landmarks[36:42]), picture.Centre(f.Landmarks[42:48])
	nose := f.Landmarks[30]
	dx, dy := nose.X-(a.X+b.X)/2, nose.Y-(a.Y+b.Y)/2
	across := (upright.A*dx + upright.B*dy) / upright.Scale()
	m.Turn = math.Abs(across) / m.Eyes

	luma := make([]float64, chip.H*chip.W)
	for i := range luma {
		px := chip.Data[3*i:]
		luma[i] = picture.Luminance(px[0], px[1], px[2])
		m.Light += luma[i] / float64(len(luma))
	}
	n := 0
	for y := 1; y < chip.H-1; y++ {
		for x := 1; x < chip.W-1; x++ {
			i := y*chip.W + x
			lap := luma[i-1] + luma[i+1] + luma[i-chip.W] + luma[i+chip.W] - 4*luma[i]
			m.Sharp += lap * lap
			n++
		}
	}
	m.Sharp = math.Sqrt(m.Sharp / float64(n))
	return m
}

// placed refuses a face that is too far away, turned away or not upright.
func (m Quality) placed() error {
	switch {
	case !(m.Doubt <= MaxDoubt):
		return position("landmarks apart by %.2f eye distances, %.2f are allowed", m.Doubt, MaxDoubt)
	case !(m.Eyes >= minEyes):
		return position("eyes %.0f pixels apart, %d are needed", m.Eyes, minEyes)
	case !(m.Turn <= maxTurn):
		return position("turned by %.2f eye distances, %.2f are allowed", m.Turn, maxTurn)
	}
	return nil
}

// clear reports whether the frame is good enough to be compared.
func (m Quality) clear() bool {
	return lit(m.Light) && m.Sharp >= minSharp
}

func lit(light float64) bool { return light >= minLight && light <= maxLight }

// rank orders frames: sharp, frontal and evenly lit ones first.
func (m Quality) rank() float64 {
	return m.Sharp * (1 - m.Turn) * (1 - math.Abs(m.Light-128)/255)
}
