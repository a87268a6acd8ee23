// Package e2e holds the tests of the whole: they start the real binary, drive
// the real app against it over sockets, read the mail it sends, and kill it.
// There is no code of the program here.
package e2e
