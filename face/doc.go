// Package face finds faces in pictures, measures them and says whether a
// portrait and live frames show one person.
//
// [Open] makes an [Engine] of model files that it checks against pinned
// SHA-256 sums; the forward pass is Go, with one assembly kernel (package
// tensor). [Engine.Compare] finds exactly one face in every frame (SSD
// MobileNet v1), 68 landmarks in each, cuts the face out as dlib does, and
// measures two distances: between 128-d vectors of a residual network and
// between 1024-d vectors of a MobileNet. The verdict follows from the medians
// of the best three frames.
//
// The verdict match is no permission: this engine was measured on small public
// sets only, is known to tell faces of some groups apart badly, and judges no
// liveness. Whether a match may stand without an officer's look is the scheme's
// switch (doc/adr, the face engine).
//
// Pictures come from outside. [Decode] bounds what a frame may ask for, package
// portrait what a document's portrait may, and [ReadJob] and [Engine.Do] are the pure half of a worker process in which
// decoding and judging happen; starting and limiting it is the caller's matter.
package face
