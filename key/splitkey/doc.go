// Package splitkey holds the mathematics and the messages of both halves of a
// holder's key: the phone's and the server's.
//
// A key is RSA with n = n1·n2. The phone makes n1 ([Generate]), the server n2;
// each half is a [Half] of 3072 bits, and n always has 6144 bits because both
// are at least √2·2^3071. Each side signs with its own half, and [Combine] puts
// the two results together by the Chinese remainder theorem: s is an ordinary
// RSASSA-PSS or RSASSA-PKCS1-v1_5 signature (RFC 8017 §8, [Padding]) under n and
// e = 65537. Neither side can make it alone.
//
// The phone's half is sealed ([Seal]) under a PIN that the server hardens: a
// verifiable oblivious PRF (package voprf), whose proof the
// phone checks against the server's public key, then Argon2id (RFC 9106) and
// HKDF (RFC 5869). The server learns nothing about the PIN, and without the
// server no PIN can be tested.
//
// Exponentiations with secrets and all arithmetic modulo secret primes run in
// constant time (filippo.io/bigmod); math/big touches public values only. The
// messages are structures for JSON with limits, see doc/splitkey.md. Nothing
// here counts tries, stores, or knows people: that is package keyshare.
package splitkey
