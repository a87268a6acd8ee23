// Package route lists the routes by which people register at a house of package
// [github.com/tunnus-id/tunnus/e2e/faults], each with its arrows, the end that it must
// come to, and what its people do.
//
// Arrows are the facts of a route as the tables of enrol/way list them, and what is
// decided between two facts (a charge, a code, a key, a certificate) or behind the last
// one, listed in package between and compared with the audit log of a registration that
// nothing disturbed. Not every route leads to an account: some end refused, or lapse.
//
// Nothing is decided here, and no part of this is in the program.
package route
