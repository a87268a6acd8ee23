// Package codestream decodes JPEG 2000 codestreams (ISO/IEC 15444-1 Annex A and
// B) of one or three components with eight bits: markers, tiles, packets, and
// from them samples. What stands around a codestream, and what its components
// mean as colours, is package jp2's.
//
// Of what Part 1 has for such pictures, packed packet headers (PPM, PPT) are
// refused, as are markers and switches of other parts. What only helps to find
// something (TLM, PLM, PLT, CRG, COM) is skipped.
//
// Input comes from outside, so all it can ask for is bounded before it is given:
// sides, tiles, precincts, blocks and pieces of blocks by the constants of this
// package, time by counting steps. A codestream is refused if it lies or ends
// inside a packet, with the clause it offends. Two things are borne, as by other
// decoders: a missing end marker, and packets that are missing at a tile's end,
// which count as empty. Bytes behind the end are not looked at.
package codestream
