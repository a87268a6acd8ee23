// Package lds reads the files of a travel document's chip: the security object
// and the data groups (the logical data structure of ICAO Doc 9303-10).
//
// Bytes in, structure out: nothing here judges whether a signature or a hash is
// right; that is package emrtd. What is signed as CMS (EF.SOD, EF.CardSecurity) is
// read as strict DER and in its narrow form only (one signer, signed attributes,
// each attribute once), so that no two readers can see two things in it. Files
// over their size ([File.MaxSize]) are refused before anything is read.
//
// Read here: EF.COM, EF.SOD, EF.CardSecurity; data groups 1 (code line), 2 (face,
// in records of ISO/IEC 19794-5 and 39794-5), 7 (signature), 11, 12, 13 and 16
// (details), 14 (for the algorithm of active authentication; the rest is package
// chip/security's) and 15. Texts are UTF-8 without characters that command, and
// counted. Pictures stay bytes: what they are is told by how they begin
// ([Format]), and package portrait decodes them. Fingerprints and irises (3, 4)
// are never asked for.
package lds
