// Package tunnus holds the words of the system: person codes, assurance levels,
// failure codes, the [Error] that carries them, ladders of locks, audit events,
// clocks and secrets.
//
// Everything else is built from these words, so this package imports the
// standard library only, and knows of no document, face, key or database. The
// floors above it are listed in ARCHITECTURE.md; layers_test.go keeps them.
//
// An applicant proves who they are (package enrol), becomes a holder with an
// account (package account) whose keys are shared between phone and server
// (packages key/splitkey and key/keyshare), and answers relying parties that
// ask for a log-in (packages login and login/rpapi).
package tunnus
