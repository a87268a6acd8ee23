// Package emrtd decides whether the data read from a travel document's chip are
// genuine: passive authentication of the files, active and chip authentication of
// the chip (ICAO Doc 9303-11 §5, §6; results in the manner of BSI TR-03135).
//
// [Verify] takes the bytes as read ([Evidence]), a trust list, the challenge that
// the chip was to answer, and the time. Only if every check that decides is well
// does it return a [Verified], which nothing else can make. Otherwise the error's
// code says what the person may know, and a [*Failure] in its chain holds the
// result of every check, each with its [Reason]. doc/documents.md has the table.
//
// What the security object lists must be there: a client that leaves out data
// group 15, the chip's answer or the server's own run of chip authentication
// fails, it is not treated as a simpler document. Documents without keys can be
// copied; [Verified.Clonable] says so, and the caller decides what that is worth.
// So it is with what only marks: an expired document ([Verified.Expired]), a
// downgrade of access ([Verified.Downgraded]), revocation that nobody knows of.
// Whether a document is of an accepted kind is for the caller too.
//
// [Inspect] judges files without a chip; it makes no [Verified].
package emrtd
