// Package asic writes and checks signed containers: ASiC-E (ETSI EN 319 162-1)
// with XAdES signatures (EN 319 132-1), a zip archive that holds files and a
// signature over all of them, and that ordinary validators open.
//
// Signing is done in two steps, because the key is in two places: [Prepare]
// makes a [Draft]; [Draft.Payload] are the bytes that the holder's key signs,
// the same on phone and server for the same files, certificate and time; and
// [Draft.Sign] takes the signature. What it returns has level [B]; a time-stamp
// makes it [T], and certificates with answers about their status make it [LT],
// which can be checked off line, years later.
//
// [Verify] is the other direction, for bytes from anywhere. It knows what this
// package writes and close relatives, and refuses everything else by name:
// each file must be signed, and nothing that is not understood is skipped.
//
// The package opens no file, asks nobody, and does not know the time of day.
package asic
