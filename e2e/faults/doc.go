// Package faults is a real server with the world around it, the people who register
// there by every route, and the arrows that each route takes; so that package
// [github.com/tunnus-id/tunnus/e2e/faults/matrix] can kill the server at each arrow,
// and package [github.com/tunnus-id/tunnus/e2e/faults/check] look at what is left.
//
// Arrows are the facts of a route as the tables of enrol/way list them, and what is
// decided between two facts (a charge, a code, a key, a certificate), listed in
// [Routes] and compared with the audit log of a registration that nothing disturbed.
// The binary is built with the tag "faults" (store/fault); everything else is as at
// an operator's: a process, a database, TLS, a mail server, and the app with a person
// who types. The tests are the other faults: what is slow, down, full, or comes twice.
//
// Nothing is decided here, and no part of this is in the program.
package faults
