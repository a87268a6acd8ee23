// Package lds reads the files of a travel document's chip: the security object
// and the data groups (the logical data structure of ICAO Doc 9303-10).
//
// Bytes in, structure out: nothing here judges whether a signature or a hash is
// right; that is package emrtd. The security object is read as strict DER and in
// its narrow form only (one signer, signed attributes, each attribute once), so
// that no two readers can see two things in it. Sizes are capped ([MaxSize])
// before anything is read.
//
// Read here: EF.SOD, data groups 1, 2, 14 (for the algorithm of active
// authentication) and 15. Fingerprints and irises (3, 4) are never asked for.
package lds
