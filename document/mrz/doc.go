// Package mrz reads and writes the machine-readable zone of travel documents
// (ICAO Doc 9303-3 to -6): the code line of passports (TD3) and of cards (TD1, TD2).
//
// [Parse] takes the lines as printed and returns a [Zone], or an error that says
// which field is wrong (code mrz-typed-bad, with the field's name and never its
// content). It never guesses: a wrong check digit is an error, even where the
// rest could be read, and what Parse accepts prints back unchanged.
//
// The zone writes years with two digits. [Zone.BirthDate] and [Zone.ExpiryDate]
// say by which rule they choose the century. Visas are not read: they have no
// check digit over the whole. Nothing here knows of chips, people or accounts.
package mrz
