// Package pace is Password Authenticated Connection Establishment: terminal and
// chip prove to each other that they know the same short password, and share keys
// that nobody who listened can find by guessing it (ICAO Doc 9303-11 §4.4).
//
// A [Terminal] yields commands and takes answers, a [Chip] takes the data of the
// commands; neither carries anything. All mappings are spoken: generic and
// integrated, over elliptic curves and residues, and chip authentication mapping
// over curves. Both sides check what the other sends: keys are elements of the
// group and not the own ones, the mapped generator is not neutral, tokens agree.
//
// A wrong password shows in the tokens only, on both sides; the errors do not
// tell it from a forged message.
//
// Chip authentication mapping also proves the chip's own key, to whoever ran the
// terminal's side himself ([Terminal.Confirm]). Told by somebody else it proves
// nothing: he could have made it up.
package pace
