package face

import (
	"image"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face/quality"
)

// MaxDoubt bounds [Face.Doubt]: beyond it landmarks, and with them the chip, are
// guesswork, and a distance would say nothing of the person.
const MaxDoubt = quality.MaxDoubt

// A Quality is what is measured of one picture with a face, for choosing frames and
// for the record.
type Quality = quality.Measures

// Measure looks at a face that is alone in a picture.
func Measure(img image.Image, f Face) Quality { return quality.Measure(img, f.Seen()) }

// look measures a frame, in which some faces were found.
func look(img image.Image, found []Face) Quality {
	if len(found) == 1 {
		return Measure(img, found[0])
	}
	return quality.Measure(img, quality.Seen{Faces: len(found)})
}

// misplaced are the hints that refuse a comparison at once: the person does not stand
// before the camera as they should. Other bad frames are left out.
var misplaced = map[quality.Hint]bool{
	quality.NoFace: true, quality.Closer: true, quality.Back: true, quality.Centre: true,
	quality.Straight: true, quality.EyeLevel: true,
}

// refuse is the failure of a misplaced frame, or of one with several faces.
func refuse(h quality.Hint, m Quality) error {
	if h == quality.ManyFaces {
		return hinted(many(m.Faces), h)
	}
	return hinted(position("%s: %d faces, eyes %.0f pixels apart, yaw %.0f, doubt %.2f", h, m.Faces, m.Eyes, m.Yaw, m.Doubt), h)
}

// hinted adds what the person is told to do. A hint follows from quality alone
// (security.md L4).
func hinted(e *tunnus.Error, h quality.Hint) error { return e.WithNote(h.Note(), "") }
