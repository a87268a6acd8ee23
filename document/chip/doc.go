// Package chip reads the files of an electronic travel document through
// whatever can carry commands to its chip: a phone's radio, a card reader, the
// virtual passport (ICAO Doc 9303-10, -11).
//
// [Read] opens the chip with the code line ([Request.Read] also with the card
// access number): by PACE if the chip offers it in a way that is spoken, else by
// Basic Access Control. It takes the security object, the data groups that are
// wanted and listed there, and the chip's answer to a challenge; a [Prover] may run
// chip authentication from afar at the end. It judges none of it: what is genuine
// is for package emrtd to say, on the server. Fingerprints and irises are never
// asked for.
//
// A reading that is broken off is kept by whoever asked and handed in with the next
// attempt ([Request.Before]), which goes on where it stopped if the same document
// is in the field. Files are read in few and large commands, and progress is told
// by bytes.
//
// The chip is not trusted. Files are capped by size, commands by number; an
// answer that is longer than asked for, empty, or unprotected ends the reading.
// Errors carry one of the codes nfc-no-chip, nfc-lost, nfc-timeout,
// nfc-access-denied and doc-chip-broken, and say nothing about the holder; those
// of a [Prover] are passed on.
package chip
