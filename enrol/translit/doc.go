// Package translit writes names as the code line of a travel document does: in
// the capital letters A to Z and spaces (ICAO Doc 9303-3 §6).
//
// [Read] turns a name in Latin, Cyrillic, Greek or Arabic letters into a
// [Spelling]: all the ways in which a state may write it. The standard leaves a
// choice for some letters (Ä is AE or A, Ñ is N or NXX), states of one alphabet
// follow their own tables, and older documents follow older ones; a name and a
// code line are therefore compared by [Spelling.Is], never as two texts.
//
// It never guesses. A name with letters of two alphabets is refused: that is how
// one name is made to look like another. So are digits, control characters, marks
// that change the direction of writing, and what is longer than any name.
//
// The tables of §6 A (Latin), B (Cyrillic, with the variants of states) and C
// (Arabic) are written from knowledge of the standard and were not compared with
// its print; Greek follows ELOT 743, as Greek passports do. Where they were in
// doubt, each known way is listed.
package translit
