// Package lock keeps the ledgers of failed attempts: per document, and per
// device for what comes before a chip has proved its document.
//
// A [Ledger] charges an attempt in a committed entry before anything is judged,
// and closes it with the verdict afterwards. Where an attempt stands is never
// stored: [Rules.Fold] works it out from the entries, which are only ever added.
// An attempt that was charged and never closed counts as a failure, so a crash
// refunds nothing; only a fault of ours that gave no verdict away is voided.
//
// There are two phases. [Proof] ledgers belong to devices and know timed locks
// only; [Judgement] ledgers belong to documents and climb a ladder whose last
// step is for ever. Documents that can be copied never climb it.
//
// Nothing here knows what is being judged. Entries stand in a second
// place too before a verdict leaves (L6): that is the store's matter. Not here yet:
// incident entries in the days before a last step becomes permanent (L3).
package lock
