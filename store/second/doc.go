// Package second is the second place: a database on another disk or another
// machine that holds a copy of all that a restored backup must not forget —
// ledgers of locks with their voids, tries of PINs with the keys' counters,
// revocations, ends of accounts, dismissals (security rulings K1, L6).
//
// It has one table: kind, id, revision, body. What is written there never goes
// back: a copy with a lower revision than the one that is there changes nothing.
// No personal data stands in it, only random ids, keyed hashes and sealed keys.
//
// A [Mirror] is what the store's transactions hand their copies to, after their
// COMMIT and before anybody is told of it. If the second place cannot be written,
// the answer does not leave: the rows stay in the database, and the mirror keeps
// what it owes and writes that first as soon as it can.
package second
