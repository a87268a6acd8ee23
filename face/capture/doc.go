// Package capture is the conversation in which a phone films its holder for a
// liveness check, for both sides: what is said, in which order, how much of it, and
// when.
//
// The server shows one [Cue] after the other on the phone's screen: an oval to fit
// the face into, a colour that lights it, a turn of the head. Nobody learns the next
// one before frames taken under the last have come, and not long before it is wanted:
// who renders a face for it has that long and no longer. The first cue that tells
// something of the draw opens the attempt, so it is charged before that one is sent
// ([Charge]).
//
//	phone → ready            server → offer, cue 0
//	phone → shown 0, frames, placed 0
//	                         server → cue 1 …
//	phone → shown n, frames, end
//	                         server → answer
//
// A [Director] is the server's side and a [Phone] the other, both without a clock, a
// line or a camera of their own: times are handed in, as durations since each side's
// own beginning. The two clocks are never compared here. Messages are binary, each
// with a kind, a short header of fixed length and, for a frame, the picture.
//
// What is refused here broke the form. Whether a film that kept to it shows a living
// person is judged by others (package liveness), and so is what the holder is told.
package capture
