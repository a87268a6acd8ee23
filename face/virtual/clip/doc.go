// Package clip films invented persons: what the camera of a telephone or a
// laptop sees of a head before its screen, while the screen changes colour and
// the head moves.
//
// [Sit] makes a person of package virtual ready, [Draw] makes up a [Scene], and
// a [Stage] films a [Script]. Light is followed in lux: the room's from all
// around, and the screen's by the surface's normal and the square of the
// distance, on the head as on what is behind it. The camera exposes row by row,
// adapts exposure and white balance with lag, adds noise and compresses. Each
// [Frame] comes with the [Truth].
//
// It is made for speed, some 20 ms a frame, and for what liveness is judged by:
// colour, light and movement. Texture is coarser than in package virtual, and
// nothing here stands for real people: a rate measured on it shows that a check
// does what it says, never how often it errs in the world.
package clip
