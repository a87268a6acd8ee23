// Package fault kills the process at a named point of a transaction, so that the
// harness in e2e/faults can see what a crash there leaves behind.
//
// It is in builds with the tag "faults" only: in any other there is nothing but
// this comment, and nothing imports it (TestNormalBuildHasNoFaults).
//
// An arrow is what a transaction has decided, as its audit lines tell it: the
// kind of the line, and for a fact of a registration the fact behind it, such as
// "lock.charge" or "enrol.fact/chip". A [Trap] waits for one arrow at one moment:
//
//	before  the COMMIT: nothing of it may have happened
//	after   the COMMIT, before anything else: all of it has happened
//	lost    after the answer to the request was worked out (and kept, where
//	        answers are kept), before a byte of it is written
//
// The environment of the process says which:
//
//	TUNNUS_FAULT=enrol.fact/chip:after:1   arrow, moment, and at which time since
//	                                       the start of the process
//	TUNNUS_FAULT_CLOCK=FILE                holds a duration such as "-1h", which is
//	                                       read again and again, and added to the clock
//
// It decides nothing and holds nothing of a person.
package fault
