// Package solid holds what package virtual draws persons with: surfaces of
// vertices ([Grid]), the light of far lamps on them ([Bake], [Grid.Received]),
// what a camera sees of them ([Look]), and the making of a JPEG of it. With it
// come the vectors, colours, curves and noise that shapes are made of.
//
// Nothing here knows of faces.
package solid
