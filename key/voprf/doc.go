// Package voprf is the verifiable oblivious pseudorandom function of RFC 9497
// (mode VOPRF, suite P256-SHA256) with which the server hardens a PIN without
// learning it.
//
// The phone blinds its input ([Blind]); the server multiplies by its key and
// proves that it was this key ([Server.Evaluate]); the phone checks the proof
// against the public key that it pinned and unblinds ([Blinding.Finish]).
//
// The server's key meets constant-time code only: scalars modulo the order in
// filippo.io/bigmod, points in the standard library's P-256 (behind circl's
// group, which hands the bytes of a scalar on as they are). circl's own scalar
// arithmetic is not constant time and is used for public scalars alone. The
// phone's side is circl's client. Points, challenges and proofs are public.
package voprf
