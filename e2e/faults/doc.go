// Package faults kills a real server at every arrow of every way of registering,
// on both databases, and has [check] look at what is left.
//
// A case is an arrow, a moment and a database. Arrows are the facts of a route as
// the tables of enrol/way list them, and what is decided between two facts (a
// charge, a code, a key, a certificate), listed in [Routes] and compared with the
// audit log of a registration that nothing disturbed. The binary is built with the
// tag "faults" (store/fault); everything else is as at an operator's: a process, a
// database, TLS, a mail server, and the app with a person who types.
//
// One registration meets one kill after the other, at one moment each: the
// server dies at an arrow, the checker looks, the server starts again, and the app
// sends the same request once more, as it always does. It must end with the
// account that it would have ended with.
//
// Nothing is decided here, and no part of this is in the program.
package faults
