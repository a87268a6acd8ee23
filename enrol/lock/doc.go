// Package lock keeps the ledgers of failed attempts: per document, and per
// device and proven account for what comes before a chip has proved its document.
//
// A [Ledger] charges an attempt in a committed entry before anything is judged,
// and closes it with the verdict afterwards. Where an attempt stands is never
// stored: [Rules.Fold] works it out from the entries, which are only ever added.
// An attempt that was charged and never closed counts as a failure, so a crash
// refunds nothing; only a fault of ours that gave no verdict away is voided, once a
// day, and once for what was judged then: the ledger keeps a keyed hash of it.
//
// There are two phases. [Proof] ledgers belong to devices and accounts and know
// timed locks only; [Judgement] ledgers belong to documents and climb a ladder whose
// last step is for ever. Documents that can be copied never climb it. Addresses have
// no ledger: they are counted for an hour and slowed ([Addresses]), never locked.
//
// In the grace between the last step and for ever, an incident of ours may void
// charges ([Ledger.Spare]): by release and time, for all ledgers that it concerns,
// never by document (package incident sees to the four eyes). After that nothing
// does, and the database itself refuses.
//
// Entries are kept for ever. They must outlive a document's expiry by a year; they
// are keyed hashes and times that name nobody; and a trigger that lets the oldest be
// deleted is a trigger that lets a permanent lock be deleted. So there is none.
// Without the ledger's key nobody can tell whose entries they were.
//
// Nothing here knows what is being judged. Entries stand in a second place too
// before a verdict leaves (L6): that is the store's matter.
package lock
