package quality

import "time"

// Limits of a document's portrait, beyond which a comparison is often in doubt. Doc
// 9303-3 wants 90 pixels between the eyes; issuers store less.
const (
	photoEyes  = 60   // pixels
	photoSharp = 0.08 // see [Measures.Sharp]
	photoAge   = 8 * 365 * 24 * time.Hour
)

// Photograph judges the portrait of a document and returns what the person is told
// before the capture: that a comparison may need a person to look, and that this is
// not their fault. None of it refuses anybody. Issued is the date of issue, the zero
// time if it is not known; then nothing is said of age.
func Photograph(m Measures, issued, now time.Time) []Hint {
	var out []Hint
	switch {
	case m.Faces != 1:
		out = append(out, PhotoNone)
	case !(m.Eyes >= photoEyes):
		out = append(out, PhotoSmall)
	case !(m.Sharp >= photoSharp), !Still().Light.has(m.Light):
		out = append(out, PhotoUnclear)
	}
	if !issued.IsZero() && now.Sub(issued) > photoAge {
		out = append(out, PhotoOld)
	}
	return out
}
