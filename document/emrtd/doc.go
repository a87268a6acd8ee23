// Package emrtd decides whether the data read from a travel document's chip are
// genuine: passive authentication of the files, active authentication of the
// chip (ICAO Doc 9303-11 §5, §6.1; results in the manner of BSI TR-03135).
//
// [Verify] takes the bytes as read ([Evidence]), a [TrustList] of country
// signers, the challenge that the chip was to answer, and the time. Only if
// every check is well does it return a [Verified], which nothing else can make.
// Otherwise the error's code says what the person may know, and a [*Failure] in
// its chain holds the result of every check.
//
// What the security object lists must be there: a client that leaves out data
// group 15 or the chip's answer fails, it is not treated as a simpler document.
// Documents without active authentication can be copied; [Verified.Clonable]
// says so, and the caller decides what that is worth.
//
// Not here yet: chip authentication and PACE (a document that offers only those
// counts as clonable), certificates that crypto/x509 cannot read (Brainpool and
// explicit curves), link certificates, revocation lists, SHA-1 signers by
// exception. Whether a document is expired or of an accepted kind is for the
// caller to judge: [Verified.Expired], [Verified.Zone].
package emrtd
