// Package trustlist is the list of country signers that are trusted, with their
// revocation lists and the exceptions that were made: one file, of which each
// import writes the next version (ICAO Doc 9303-12 §3, §7; BSI TR-03135).
//
// [Parse] reads the file, fast: every certificate was judged when it was
// imported, and the file is the operator's own, closed by a digest against
// accidents. [List.Issuers] finds who may have signed a certificate by key
// identifier or name, [List.Revoked] tells how it stands, [List.Excepted],
// [List.DefectsOf] and [List.Distrusted] what is known of it.
//
// A [Draft] makes the next version. What comes in by a master list is believed as
// far as its signer comes from a pinned root; a single country signer must be
// pinned itself; a link certificate adds an anchor only if it verifies under one
// that is there, and under another name only if it says that the name has
// changed. Whoever is revoked, or whose key the rules distrust, vouches for neither.
// What is left out is told with its reason ([Draft.LeftOut]), and what
// differs from the version before, too ([Diff]).
//
// Opening files is the caller's.
package trustlist
