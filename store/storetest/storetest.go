// Package storetest holds what every implementation of a store's port must do:
// one exported function for each port, to be run by the tests of each
// implementation and each engine.
//
// They test the contracts in the ports' comments: who loses a race is told so
// and has written nothing, an event is there if and only if its change is, what
// was acknowledged is there after opening again, and what comes back is what
// was handed in.
package storetest
