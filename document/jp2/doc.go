// Package jp2 decodes JPEG 2000 portraits as passports hold them
// (ISO/IEC 15444-1): a JP2 file (Annex I) or a bare codestream, grey or in
// colour, eight bits a sample.
//
// [Decode] returns a picture or an error with the cause, never a part of a
// picture. The reversible transform is exact; of the irreversible one, samples
// are within 1 of what OpenJPEG says. [DecodeConfig] tells the size without
// decoding, for callers with limits narrower than those here:
//
//   - [MaxInput] bytes, [MaxSide] samples a side, 1 or 3 components of 8 bits
//     without a sign, sampled at most four times more coarsely than the grid;
//   - 1,024 tiles, 32 levels of the transform, code-blocks of 4,096 samples with
//     30 bit-planes; in a tile 32,768 precincts, 131,072 code-blocks in 131,072
//     pieces, 64 progression order changes;
//   - 2²⁷ coding passes times samples, 2²⁴ code-blocks met in packet headers;
//   - in a JP2 file, 64 boxes on a level.
//
// Memory is proportional to the picture, 16 MB apart: about six bytes a sample.
// No input costs more, or more time than the passes counted above.
//
// Colours are those named in the file: grey, sRGB or sYCC; a profile in the file
// (restricted ICC) is not applied. Not read: palettes, opacity, other orders of
// channels, other depths, several codestreams, packed packet headers, and
// everything of other parts of the standard. Nothing is encoded.
package jp2
