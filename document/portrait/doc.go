// Package portrait decodes the pictures of people that documents hold: JPEG,
// baseline and progressive, and JPEG 2000, as a file or a bare codestream. It is
// the one place where the program does: who compares faces, and who shows
// a portrait to people, sees the same picture.
//
// What a picture is, its first bytes say (lds.Format); nobody asks what a record,
// a name or a header calls it, and exactly one decoder sees it. Before that
// decoder asks for memory, [DecodeConfig] has held the picture against the limits
// here: [MaxBytes], [MaxSide], [MaxPixels], [MaxScans], and nothing behind the
// picture but padding, where a second file could hide. A picture of the largest
// size costs 40 MB while it is decoded, one of an issued document a tenth.
//
// [DecodeJPEG] is the half of it for who has JPEG files of other sizes, such as
// the frames of a camera.
package portrait
