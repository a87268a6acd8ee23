// Package catalogue is the list of all failure codes: where each is raised, what
// comes next, and in which languages it is told.
//
// Where a code is raised stands in raised.txt, which is made from the source by the
// test that holds it to the source:
//
//	go test -run TestTheListOfCodesIsFresh . -update-codes
//
// (in the root of the module). [Check] names all that is missing or unlike: it is
// what `tunnus codes --check` does. Nothing here raises or renders a failure.
package catalogue
