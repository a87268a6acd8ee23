// Package curve is arithmetic on the elliptic curves that travel documents and
// their signers use: the NIST and brainpool curves over prime fields, of which
// crypto/ecdh knows only some and gives no sum of points (ICAO Doc 9303-11
// §9.5.1, BSI TR-03111, RFC 5639).
//
// A [Curve] is one of the table, never one that a document describes: parameters
// written out are compared with the table ([Parse]) and refused if they are of
// none. All curves have prime order, so every point but infinity generates.
//
// The formulas are complete (Renes, Costello, Batina 2016): one sequence of
// operations for every pair of points, and scalars select from a table without
// branching, so time and memory do not depend on secrets. Only reducing a long
// random string in [Curve.Encode] goes through math/big.
//
// Signatures are not here: crypto/ecdsa makes and checks those of NIST curves.
package curve
