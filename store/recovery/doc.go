// Package recovery compares a database with its second place, and joins the two
// after a backup was restored (reliability F21, invariants I4 and I8).
//
// At start [Recovery.Check] looks at the copies that were written last: if the
// database does not have one of them, it is an older copy of itself, and must not
// open, for it would have forgotten locks, tries and revocations. Then
// [Recovery.Catch] writes to the second place what was committed and not copied
// when the process died.
//
// [Recovery.Apply] is what `tunnus restore` does: the union of both. Entries of
// ledgers that the database lacks are appended, voids and permanent locks
// included; keys are merged by the rules of package key/keyshare/restore;
// revocations, suspensions, ends of accounts, dismissals of staff and stops of contacts
// are written again. It may be run again, and does nothing more then.
//
// [Recovery.Begin] fills a new second place, where the former one is lost for good.
package recovery
