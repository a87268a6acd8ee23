// Package check looks at what a service has left behind, and says which of the
// invariants I1 to I16 do not hold.
//
// It reads the database by SQL of its own, the folder of the transparency log,
// the answers of the OCSP responder, the text of the logs, and a [Diary]: what the
// app's side has been told. It knows the tables and the audit lines; of the code
// that decides it uses nothing, so that a rule that is wrong there is not wrong
// here too. Only the transparency log is read with trust/tiles, which shares no
// code with what writes it, and OCSP answers with golang.org/x/crypto.
//
// A [Checker] is asked again and again about the same house: it remembers what it
// saw (locks, ends, revocations, the newest checkpoint) and tells what was taken
// back since.
//
// It does not see what leaves no trace: what a holder was shown, memory, and what
// was released and never stored.
package check
