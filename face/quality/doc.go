// Package quality judges whether a picture of a face is fit to be used, and says in
// one word what would make it so.
//
// [Measure] looks at a picture and at the places where the networks have found a
// face in it ([Seen], from 68 landmarks or from the mesh), and returns numbers.
// [Judge] holds the numbers against [Gates] and returns the first [Hint] in the
// order of [Hints]: the same function guides a person before a capture and refuses
// frames after it. A [Coach] keeps one hint on the screen long enough to be read.
// [Photograph] judges the portrait of a document, of which the person is told
// beforehand, and for which nobody is blamed.
//
// [Measures.Scores] are those measures of ISO/IEC 29794-5 whose formulas need no
// network, from 0 to 100, with the constants of its reference implementation (BSI
// OFIQ 1.0). They are for records and comparisons; no gate asks for them.
//
// Hints follow from these measures alone, never from a match or from liveness
// (security.md L4). The gates were tried on the invented persons of face/virtual,
// and are no biometric quality assessment: what they do not see is listed at
// [Measures]. Nothing here keeps a picture, looks at a clock, or knows a person.
package quality
