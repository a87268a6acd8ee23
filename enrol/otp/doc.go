// Package otp sends one-time codes to a contact and judges what is typed.
//
// A code has six digits, belongs to one session, lives for minutes and works
// once; a newer code voids the older ones, those of other sessions of the device
// for the same contact too, and the third wrong try kills it. The
// try is charged in a committed row before it is judged, so answers that get
// lost give no further tries. Neither codes nor contacts are kept in clear:
// sheets hold keyed hashes, and the message itself waits sealed in the outbox,
// written in the same commit.
//
// Codes go to an address of e-mail or to a mobile phone, as package address reads
// them: to one that the applicant types, or, where the rules want that, to one of
// those on file, picked from masked ones by an opaque name. Countries where text
// messages do not work, or cost the sender too much, get e-mail only. Budgets bound
// what goes to a contact, for a person, and to a range of numbers; and a country from
// which hardly a code comes back gets e-mail for some time.
//
// A code that never left the server costs nothing: see [Returns].
//
// A confirmed contact proves that somebody reads it, never who that is.
package otp
