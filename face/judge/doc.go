// Package judge puts together what is known of one capture, and says what follows: a
// living person was compared with the portrait and is the same, or people have to look,
// or the holder tries again with a hint, or no.
//
// [Plan] makes of a drawn challenge what the phone is told, and [Came] of what came back
// what is judged. A worker process does the [Job] and answers with a [Report]. The rules
// of [Report.Rule] are few:
//
//   - what could not be judged is tried again: nobody's forgery, and no alert;
//   - the hint that goes with it follows from what could be seen in the pictures, never
//     from a match or a score of liveness (security.md L4);
//   - quality is judged first, on frames and by gates that do not depend on the rest,
//     so that no hint tells that somebody was taken for living;
//   - it is the face that was followed that is compared, and no other may be in a frame;
//     where that fails in the frames of a living person, people have to look;
//   - not living, injected, or somebody else: outside it is one answer (L8);
//   - what a worker does not say wholly, and consistently, is a fault of ours, and costs
//     nobody anything.
//
// How often somebody may try, and who pays, is the matter of packages enrol and lock.
package judge
