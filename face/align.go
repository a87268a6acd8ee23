package face

import (
	"image"

	"github.com/tunnus-id/tunnus/face/picture"
	"github.com/tunnus-id/tunnus/face/tensor"
)

// An Alignment says how a face is laid into the square that a network takes.
type Alignment string

const (
	// Dlib lays nose, eyes and upper lip over dlib's mean shape, with a quarter
	// of its square around it (get_face_chip_details).
	Dlib Alignment = "dlib"
	// ArcFace lays eyes, nose tip and corners of the mouth over five places in
	// 112x112 pixels (Deng et al. 2019; InsightFace's norm_crop).
	ArcFace Alignment = "arcface"
)

// A Chip is a face in a picture, ready to be cut out.
type Chip struct {
	pic       *picture.Picture
	landmarks [68]Point
}

// NewChip fails as [picture.New] does.
func NewChip(img image.Image, landmarks [68]Point) (Chip, error) {
	pic, err := picture.New(img)
	return Chip{pic, landmarks}, err
}

// Cut returns the chip as an engine wants it: size x size pixels of RGB, 0 to
// 255. What lies outside the picture is black.
func (c Chip) Cut(pool *tensor.Pool, a Alignment, size int) *tensor.Tensor {
	return c.pic.Cut(pool, size, a.view(c.landmarks, size), 0)
}

// arcFace are the five places: eyes, nose tip, corners of the mouth, each left
// one of the picture first.
var arcFace = []Point{{X: 38.2946, Y: 51.6963}, {X: 73.5318, Y: 51.5014}, {X: 56.0252, Y: 71.7366}, {X: 41.5493, Y: 92.3655}, {X: 70.7299, Y: 92.2041}}

// view returns the map from a size x size chip to the picture.
func (a Alignment) view(landmarks [68]Point, size int) picture.Similarity {
	if a != ArcFace {
		return align(landmarks, size)
	}
	from := make([]Point, len(arcFace))
	for i, p := range arcFace {
		from[i] = Point{X: p.X * float64(size) / 112, Y: p.Y * float64(size) / 112}
	}
	return picture.Fit(from, []Point{
		picture.Centre(landmarks[36:42]), picture.Centre(landmarks[42:48]), landmarks[30], landmarks[48], landmarks[54],
	})
}

// meanShape is the average place of the points that hold still when a face
// speaks or frowns: nose, eyes and upper lip (27–54 and 60–64), in a square
// around the face. The numbers are those by which the chips were cut that
// the 128-d network learned from (dlib, get_face_chip_details).
var meanShape = []struct {
	index int
	at    Point
}{
	{27, Point{X: 0.490127, Y: 0.203352}},
	{28, Point{X: 0.490127, Y: 0.307009}},
	{29, Point{X: 0.490127, Y: 0.409805}},
	{30, Point{X: 0.490127, Y: 0.515625}},
	{31, Point{X: 0.36688, Y: 0.587326}},
	{32, Point{X: 0.426036, Y: 0.609345}},
	{33, Point{X: 0.490127, Y: 0.628106}},
	{34, Point{X: 0.554217, Y: 0.609345}},
	{35, Point{X: 0.613373, Y: 0.587326}},
	{36, Point{X: 0.121737, Y: 0.216423}},
	{37, Point{X: 0.187122, Y: 0.178758}},
	{38, Point{X: 0.265825, Y: 0.179852}},
	{39, Point{X: 0.334606, Y: 0.231733}},
	{40, Point{X: 0.260918, Y: 0.245099}},
	{41, Point{X: 0.182743, Y: 0.244077}},
	{42, Point{X: 0.645647, Y: 0.231733}},
	{43, Point{X: 0.714428, Y: 0.179852}},
	{44, Point{X: 0.793132, Y: 0.178758}},
	{45, Point{X: 0.858516, Y: 0.216423}},
	{46, Point{X: 0.79751, Y: 0.244077}},
	{47, Point{X: 0.719335, Y: 0.245099}},
	{48, Point{X: 0.254149, Y: 0.780233}},
	{49, Point{X: 0.340985, Y: 0.745405}},
	{50, Point{X: 0.428858, Y: 0.727388}},
	{51, Point{X: 0.490127, Y: 0.742578}},
	{52, Point{X: 0.551395, Y: 0.727388}},
	{53, Point{X: 0.639268, Y: 0.745405}},
	{54, Point{X: 0.726104, Y: 0.780233}},
	{60, Point{X: 0.290379, Y: 0.784792}},
	{61, Point{X: 0.428096, Y: 0.778746}},
	{62, Point{X: 0.490127, Y: 0.785343}},
	{63, Point{X: 0.552157, Y: 0.778746}},
	{64, Point{X: 0.689874, Y: 0.784792}},
}

// padding is what a chip shows around the mean shape's square, on each side.
const padding = 0.25

// align returns the map from a size x size chip to the picture that lays the
// mean shape over the landmarks with the least sum of squares.
func align(landmarks [68]Point, size int) picture.Similarity {
	from, to := make([]Point, len(meanShape)), make([]Point, len(meanShape))
	for i, m := range meanShape {
		unit := float64(size) / (1 + 2*padding)
		from[i] = Point{X: (padding + m.at.X) * unit, Y: (padding + m.at.Y) * unit}
		to[i] = landmarks[m.index]
	}
	return picture.Fit(from, to)
}
