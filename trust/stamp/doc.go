// Package stamp makes and verifies time-stamps (RFC 3161, updated by RFC 5816):
// a signed statement that a digest existed at a time.
//
// An [Authority] answers requests off the wire with [Authority.Answer], and
// makes tokens in process with [Authority.Token]. [Verify] judges a token
// beside the digest that it is about, off line.
//
// A token is a CMS SignedData (RFC 5652), signed by RSA with SHA-512; the
// package writes and reads its DER itself and takes nothing else that CMS
// allows. It opens no connection; the clock is handed in.
package stamp
