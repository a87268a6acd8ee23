// Package liveness tells a person in front of a camera from a picture, a replay
// or an injected stream, by what the screen's light does to their face.
//
// [Draw] makes a [Challenge]: colours of equal luminance for the screen, or, for
// people who ask for no flashes, turns of the head. [Challenge.Check] holds every
// one to WCAG 2.3.1: no general and no red flash. What came of it is a [Capture],
// the times, and an [Observation] a frame, which package film measures. [Judge]
// puts them together: the sequence must be found in the light of the face (log
// chroma, so that exposure cancels), every change of it, without delay, less in the
// room than on the face, in the relief of a head, on a face that came nearer when it
// was asked to, in a stream whose times can be true, with one face throughout. The
// glints of the eyes are recorded and not judged, and no perspective is: a mesh
// makes all heads alike.
//
// There are three answers. Live is given only if every feature was measured and
// kept its limit; what could not be measured is Retry with a hint; the rest is
// NotLive. The calm way is weaker: it proves movement in space at the moment that
// was asked for, not light.
//
// What it cannot do: a mask with a face's relief passes by design, and so may a
// stream that is relit by a rendering that keeps up with the screen (ISO/IEC
// 30107-3 rates are for a laboratory; CEN/TS 18099 for injection). The limits of
// [Standard] were set on rendered captures and are no claim about people.
package liveness
