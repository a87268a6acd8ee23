package face

// meanShape is the average place of the points that hold still when a face
// speaks or frowns: nose, eyes and upper lip (27–54 and 60–64), in a square
// around the face. The numbers are those by which the chips were cut that
// the 128-d network learned from (dlib, get_face_chip_details).
var meanShape = []struct {
	index int
	at    Point
}{
	{27, Point{0.490127, 0.203352}},
	{28, Point{0.490127, 0.307009}},
	{29, Point{0.490127, 0.409805}},
	{30, Point{0.490127, 0.515625}},
	{31, Point{0.36688, 0.587326}},
	{32, Point{0.426036, 0.609345}},
	{33, Point{0.490127, 0.628106}},
	{34, Point{0.554217, 0.609345}},
	{35, Point{0.613373, 0.587326}},
	{36, Point{0.121737, 0.216423}},
	{37, Point{0.187122, 0.178758}},
	{38, Point{0.265825, 0.179852}},
	{39, Point{0.334606, 0.231733}},
	{40, Point{0.260918, 0.245099}},
	{41, Point{0.182743, 0.244077}},
	{42, Point{0.645647, 0.231733}},
	{43, Point{0.714428, 0.179852}},
	{44, Point{0.793132, 0.178758}},
	{45, Point{0.858516, 0.216423}},
	{46, Point{0.79751, 0.244077}},
	{47, Point{0.719335, 0.245099}},
	{48, Point{0.254149, 0.780233}},
	{49, Point{0.340985, 0.745405}},
	{50, Point{0.428858, 0.727388}},
	{51, Point{0.490127, 0.742578}},
	{52, Point{0.551395, 0.727388}},
	{53, Point{0.639268, 0.745405}},
	{54, Point{0.726104, 0.780233}},
	{60, Point{0.290379, 0.784792}},
	{61, Point{0.428096, 0.778746}},
	{62, Point{0.490127, 0.785343}},
	{63, Point{0.552157, 0.778746}},
	{64, Point{0.689874, 0.784792}},
}

// padding is what a chip shows around the mean shape's square, on each side.
const padding = 0.25

// align returns the map from a size x size chip to the picture that lays the
// mean shape over the landmarks with the least sum of squares.
func align(f Face, size int) similarity {
	from, to := make([]Point, len(meanShape)), make([]Point, len(meanShape))
	for i, m := range meanShape {
		unit := float64(size) / (1 + 2*padding)
		from[i] = Point{(padding + m.at.X) * unit, (padding + m.at.Y) * unit}
		to[i] = f.Landmarks[m.index]
	}
	return fit(from, to)
}

// fit returns the similarity that maps from to to with the least sum of
// squares: linear regression in complex numbers.
func fit(from, to []Point) similarity {
	cf, ct := centre(from), centre(to)
	var a, b, norm float64
	for i := range from {
		x, y := from[i].X-cf.X, from[i].Y-cf.Y
		u, v := to[i].X-ct.X, to[i].Y-ct.Y
		a += x*u + y*v
		b += x*v - y*u
		norm += x*x + y*y
	}
	s := similarity{a: a / norm, b: b / norm}
	moved := s.apply(cf)
	s.tx, s.ty = ct.X-moved.X, ct.Y-moved.Y
	return s
}
