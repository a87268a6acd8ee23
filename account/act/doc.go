// Package act has a holder prove with PIN1 what is to be done with an account.
//
// The proof is a log-in to the service itself: the log-in key signs, in the one form
// that it ever signs (security.md P7), a record whose text says what is done, and
// whose challenge is the hash of just this act. So the counters of the PIN, the
// checks of keyshare and the screens of the app are those of any log-in, and what is
// left is evidence that anybody can check; half a signature (K8) would be none. No
// relying party can pass such a record off as a log-in to itself: the service's own
// name is in it, and nobody else is handed the signature.
//
// PIN1 and not PIN2: the acts end or limit what an account can do, or say where its
// holder is reached; they bind the holder to nothing towards others, which is what
// PIN2 is for, and must not fail for those who close an account because they have
// forgotten PIN2. What a thief with phone and PIN1 could do by them, a letter and 72
// hours or five days undo; logging in as the holder, which he could anyway, nothing.
//
// The package keeps nothing: an act names the revision of what it is for, so a proof
// is good once.
package act
