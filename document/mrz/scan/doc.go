// Package scan finds and reads the code line of a travel document (ICAO Doc
// 9303-3: the machine-readable zone, printed in OCR-B) in a photograph.
//
// [Read] takes a picture in which a whole zone of kind TD1, TD2 or TD3 is to be
// seen, at any place, tilted by up to about 15°, in perspective, or upside down.
// It hands on what package mrz accepts, with every check digit, and nothing
// else. A character that no check digit covers must be read without doubt; of
// the others a few may be corrected, to a glyph that looks alike, if exactly one
// correction makes all check digits hold. Where that is not so the answer is an
// error: take another picture.
//
// The way: dark strokes are cut out against their surroundings, pieces of the
// size of characters are joined into rows, the rows into the grid of a zone,
// and each cell of the grid is read by a small neural network. Its numbers, in
// weights.go, are learned from the font of Debian's fonts-ocr-b:
//
//	go test -run TestTable -update ./document/mrz/scan
//
// Nothing here decodes files, knows of real documents or keeps anything. A lens
// that bends lines, glare over characters, and a picture on its side are not
// made up for.
package scan
