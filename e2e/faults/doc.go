// Package faults is a real server with the world around it, and people with phones. The
// routes by which they register are in package
// [github.com/tunnus-id/tunnus/e2e/faults/route]; package
// [github.com/tunnus-id/tunnus/e2e/faults/matrix] kills the server at each arrow of
// these, and package [github.com/tunnus-id/tunnus/e2e/faults/check] looks at what is left.
//
// The binary is built with the tag "faults" (store/fault); everything else is as at
// an operator's: a process, a database, TLS, a mail server, and the app with a person
// who types. The tests are the other faults: what is slow, down, full, or comes twice.
//
// Nothing is decided here, and no part of this is in the program.
package faults
