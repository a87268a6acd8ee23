// Package operator is the half of a face engine that an operator brings: an
// embedding network of his own choice, with all that a number it makes rests on.
//
// A [Model] says which file that is, by its SHA-256, how a face is cut out for
// it, what it wants its pixels to be, how its vectors are compared, and from
// which distances on what follows. [Open] takes the file only if it is the one
// that was named and fits what was said of it; what runs it is handed in as a
// [Runtime], for package face/operator/onnx is in builds with the tag "onnx"
// only. Finding faces and landmarks stays with the default engine.
//
// Whether the network is any good, and for whom, is not known here: that is
// what a calibration report is for, and a Model names one.
package operator
