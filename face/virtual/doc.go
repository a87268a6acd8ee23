// Package virtual draws invented persons: a passport portrait and the frames
// that a camera would see of the same living head.
//
// A [Person] is a small set of parameters. [NewModel] builds a head from them:
// grids of vertices for skull and face, ears, neck, clothes, hair and glasses,
// and the light that reaches each vertex from about eighty directions. A model
// is then photographed: seen in perspective, coloured pixel by pixel (eyes,
// brows, lips, beard, freckles, strands), blurred, made noisy and compressed.
// Light is a list of lamps of any colour, so that the glow of a telephone's
// screen is one lamp more.
//
// The twelve persons of [Cast] were chosen by tools/cast with the default face
// engine, so that it finds them and keeps them apart. They prove that a journey
// works from end to end. They prove nothing about how well the engine tells
// real people apart: no figure measured on them is an accuracy.
//
// Nobody here exists, and no picture of anybody was used. Results are equal for
// equal input on one architecture; others may differ in the last bit of a
// pixel, so compare pictures by tolerance.
package virtual
