// Package tier1 decodes the code-blocks of JPEG 2000: the arithmetic decoder
// (ISO/IEC 15444-1 Annex C) and the three coding passes over bit-planes
// (Annex D), with all six mode switches of Part 1.
//
// A block costs time proportional to passes times samples, whatever its bytes
// are; who calls counts them. Bytes that end too soon are continued with ones
// (§D.4.1), so no input makes it read past its end.
package tier1
