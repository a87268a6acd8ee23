// Package status says whether certificates are good: it answers OCSP questions
// and makes revocation lists, for one issuing CA.
//
// A [Responder] reads the status of each certificate from the primary database
// through its [Source], and signs what it read; it never says good of what it
// could not read, nor of a certificate that its issuer has not made. Answers to
// questions without a nonce are kept, in memory and bounded, so that most of
// them cost no signature: for [recheck] on the word of the last reading, and
// after another reading that found the same for [resign]. [Responder.Changed]
// throws away what is kept of one certificate; other nodes see a change after
// [recheck] at the latest, or, while their database is away, refuse after [grace].
//
// A [Lister] makes the full revocation list (RFC 5280 §5) when something has
// changed or the last list grows old. Its numbers rise by one and are given out
// by the store, so that several nodes may run it: the slower one finds that the
// work is done.
//
// HTTP is the business of package trust/publish.
package status
