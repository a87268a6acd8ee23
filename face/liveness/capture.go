package liveness

import (
	"time"

	"github.com/tunnus-id/tunnus/face"
)

// A Shown is when the client painted a step for the first time, by its own clock.
type Shown struct {
	Step int           `json:"step"`
	At   time.Duration `json:"at"`
}

// A Frame is when one picture was taken and when it came.
type Frame struct {
	// Number counts the pictures of the camera upwards; there may be gaps.
	Number int `json:"number"`
	// At is the time of capture by the client's clock.
	At time.Duration `json:"at"`
	// Arrived is when the frame was whole, by the server's clock.
	Arrived time.Duration `json:"arrived"`
}

// A Capture is what came in answer to a challenge, without the pictures. Times of
// one clock share an epoch of its own; nothing is believed of how the two clocks
// lie to each other.
type Capture struct {
	// Width and Height are what was agreed on, in pixels.
	Width  int `json:"width"`
	Height int `json:"height"`
	// Revealed is when the server sent each step, by its clock.
	Revealed []time.Duration `json:"revealed"`
	// Shown is what the client says of each step, in their order.
	Shown []Shown `json:"shown"`
	// Frames are in the order in which they came.
	Frames []Frame `json:"frames"`
}

// Columns and Rows of the grid of cells on a face.
const (
	Columns = 14
	Rows    = 18
)

// A Cell is the mean linear light, 0 to 1 per channel, of those N pixels of an area
// that are neither clipped nor black. If N is 0 nothing was measured.
type Cell struct{ R, G, B, N float64 }

// An Observation is what was measured in one frame.
type Observation struct {
	Size   [2]int   // width and height of the picture; zero if it could not be decoded
	Digest [32]byte // SHA-256 of the file
	Sure   bool     // one face was followed; all that follows is of it
	Faces  int      // that were counted in the whole picture, -1 if they were not

	Centre face.Point // of the face, pixels
	Width  float64    // of the face ear to ear, corrected for yaw, pixels
	Eyes   float64    // between the outer corners of the eyes, corrected for yaw, pixels
	Pose   face.Pose
	// Nose is how far its tip lies from the middle of the eyes, along the line between
	// them, in eye distances: it goes with a turn if the nose stands out.
	Nose float64

	// Skin is light on a grid that is fixed to the face, without eyes, brows and
	// mouth. Facing is what a light at the camera would give each cell by its
	// distance and direction, with a mean of 1, or 0 where that is not known.
	Skin   [Rows * Columns]Cell
	Facing [Rows * Columns]float64
	// Ground is the room: areas beside and above the face, from 1.35 times
	// its width on.
	Ground [16]Cell
	// Spots is the brightest hundredth of each iris.
	Spots [2]Cell

	Sharp float64 // root mean square of the Laplacian of the face at 200 pixels, of 0 to 255
	Noise float64 // root mean square of what is new in fine detail since the frame before, of 0 to 255
	Luma  float64 // mean of the face, of 0 to 255
}
