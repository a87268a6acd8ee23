package liveness

import "time"

// Rules are the limits of a verdict. They were set on rendered captures; see
// doc/biometrics.md for what they let through.
type Rules struct {
	Version string `json:"version"`

	// Ahead is how many steps the server reveals before a frame has proved that
	// the last one was shown; MaxLate is what network and client may add to it.
	Ahead   int           `json:"ahead"`
	MaxLate time.Duration `json:"max_late"`
	// MaxGap is the longest time without a frame, MinRate the frames per second.
	MaxGap  time.Duration `json:"max_gap"`
	MinRate float64       `json:"min_rate"`
	// Lost is the share of frames in which the face may be lost, Twice the share
	// that may be the file of another, Still the share without new noise.
	Lost  float64 `json:"lost"`
	Twice float64 `json:"twice"`
	Still float64 `json:"still"`
	// MinNoise is the least noise of a sensor, see Observation.Noise.
	MinNoise float64 `json:"min_noise"`
	// Jump is how far the face may go between two frames, in its widths.
	Jump float64 `json:"jump"`
	// Growth is how much larger the face must get from far to near.
	Growth float64 `json:"growth"`

	// Amplitude is the least light of the screen, as a share of the room's, and
	// Clear the least ratio of the signal to its noise: below, nothing is said.
	Amplitude float64 `json:"amplitude"`
	Clear     float64 `json:"clear"`
	// Rho is the least correlation of the sequence, Decoys by how many standard
	// deviations it must beat sequences that were not shown, Change the least
	// share of every single change of colour that must be found.
	Rho    float64 `json:"rho"`
	Decoys float64 `json:"decoys"`
	Change float64 `json:"change"`
	// Aside is the most that may lie beside such a change, as a share of it.
	Aside float64 `json:"aside"`
	// Delay is the longest from screen to picture, Drift how far it may move.
	Delay time.Duration `json:"delay"`
	Drift time.Duration `json:"drift"`
	// Background is the most light on the room, as a share of that on the face.
	Background float64 `json:"background"`
	// Beta is the least slope of the light over the shape of the face, and Beta's
	// t-value the least certainty of it.
	Beta  float64 `json:"beta"`
	BetaT float64 `json:"beta_t"`
	// Rough is how far the strength of that light must lie from any smooth sheet.
	Rough float64 `json:"rough"`
	// Sway is the least that a head moves while the colours show, in its widths.
	Sway float64 `json:"sway"`
	// Close is how far the embedding of a face may usually lie from those of other
	// frames, Apart how far a single one may lie from all, in their own measure.
	Close float64 `json:"close"`
	Apart float64 `json:"apart"`

	// Turn is how far the head must turn in the calm way, in degrees, Relief how
	// far the nose must move with it, in eye distances, and Rest how far the head
	// may be turned while nothing is asked.
	Turn   float64 `json:"turn"`
	Relief float64 `json:"relief"`
	Rest   float64 `json:"rest"`
	// React is the shortest time from a move being asked for to it being done.
	React time.Duration `json:"react"`
}

// Standard are the rules in force.
func Standard() Rules {
	return Rules{
		Version: "1",
		Ahead:   1, MaxLate: 900 * time.Millisecond, MaxGap: 400 * time.Millisecond, MinRate: 8,
		Lost: 0.1, Twice: 0.1, Still: 0.1, MinNoise: 0.2, Jump: 0.35,
		Growth:    1.25,
		Amplitude: 0.04, Clear: 1.5,
		Rho: 0.85, Decoys: 2, Change: 0.5, Aside: 0.3,
		Delay: 260 * time.Millisecond, Drift: 120 * time.Millisecond,
		Background: 0.3, Beta: 0.08, BetaT: 0.5, Rough: 0.08,
		Sway: 0.003, Close: 0.38, Apart: 0.54,
		Turn: 12, Relief: 0.12, Rest: 11, React: 150 * time.Millisecond,
	}
}
