// Package enrol turns an unknown phone into a holder: it takes an applicant
// through a way of registering and ends with an active account.
//
// A way is a row of facts in their order (package way). The server keeps the
// facts of a sitting (package sitting); way.Next names the step that is open from
// them, and nothing else does. [Flow] has one method a fact. Each method judges,
// and commits what it found together with its audit lines, conditional on the
// revision that it read.
//
// Judging is charged first, in committed rows (package lock). Until the chip has
// proved itself over a challenge of this session, the device pays: what is forged
// never touches anybody's document. After it, the document pays, one attempt for
// each judgement: one when the chip's data are judged against the form, and one
// for the face, which opens with the first capture, allows a few, and ends the
// current count only by a match. A charge that got no verdict is a failure. What
// the register says is asked before anything is charged, and never counts.
//
// What names a person (form, code line, portrait, contact) is sealed while it
// waits between steps, and gone when the session ends, however it ends; [Flow.Sweep]
// ends what nobody ends. What was merely said by a client is kept as a claim.
//
// What is found elsewhere, on the device of another account, in the portal or at a
// desk, is durable there first; the flow takes its fact from it when the app asks.
//
// Certificates are made when all proofs stand (package binding), and withdrawn if
// the application is not signed in time. Every contact that was known of the
// person hears when keys are made; what follows from an active account (notices,
// the end of the account that makes place) is for package account/life. Not here
// yet: liveness.
package enrol
