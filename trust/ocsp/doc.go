// Package ocsp reads and writes the messages by which anybody asks whether a
// certificate is good (RFC 6960; nonces as in RFC 9654).
//
// Both sides are here. A responder reads a question with [ParseRequest] and
// answers with [Sign], or with a [Failure]. Who asks builds the question with
// [NewRequest] and judges the answer with [Verify], on line or years later
// beside a signature: nothing here opens a connection or reads a clock.
//
// The package has its own DER because that of golang.org/x/crypto/ocsp shows a
// responder neither the nonce nor a second certificate; the two are compared
// in the tests. What is known of a certificate decides package trust/status.
package ocsp
