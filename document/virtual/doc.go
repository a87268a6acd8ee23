// Package virtual makes electronic passports that exist only in memory: an
// invented country with its own signers, and chips that answer the commands of
// ICAO Doc 9303-10 and -11 with real keys.
//
// A [Country] issues a [Passport] for a [Holder]. The passport is a chip: it
// takes one command after the other ([Passport.Transceive]), lets nobody read
// without Basic Access Control or PACE in all its kinds, speaks secure messaging
// with Triple DES and AES, proves itself by active and chip authentication, and
// forgets the session at any fault, as real ones do. Who signs is a [Signatory].
// Chips that misbehave, down to bytes without end, are made with [Passport.WithFaults], documents that no
// state would sign with [Country.Forge].
//
// Both marshal to JSON with their private keys, so that another process can
// load them. These are toys of a state that does not exist (UTO, "XX" in two
// letters): their keys protect nothing, and their arithmetic is not hardened
// against observation. Never put a real key or a real person's data here.
package virtual
