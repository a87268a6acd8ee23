// Package load measures registrations: how many a server does in a second, how long
// each step takes as a phone sees it, and what processor time goes where. It does so
// on a database that is nearly empty and on one with a million accounts and five
// million ledger rows, in turns, so that what else the machine does falls on both.
//
// Twenty phones register at a time, by passport, one person after the other without
// a pause. The program is built with the tag "load": faces are not looked at (package
// face/prejudged); everything else is as at an operator's. Phones, server and
// PostgreSQL share the machine, and their processor time is told apart.
//
// The figures stand in doc/figures.md. `go run ./e2e/load/cmd` repeats them; `make`
// has no word for it.
package load
