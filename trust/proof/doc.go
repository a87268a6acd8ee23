// Package proof checks what the transparency log hands out, offline: that a
// checkpoint is signed by the log's key, that a line is in the log that a
// checkpoint speaks for, and that a later checkpoint only added to an earlier one.
//
// A log is a Merkle tree over leaves (RFC 6962 §2.1, RFC 9162 §2.1), a
// [Checkpoint] is its size and root hash, signed as a note (C2SP tlog-checkpoint,
// C2SP signed-note, Ed25519). A leaf is SHA-256(salt ‖ record) as package audit
// makes it: once record and salt are erased, the leaf still proves that there was
// a line, and no longer what it said (security ruling A1).
//
// What this may claim without a witness outside of the operator (ruling A2): the
// certificate that is shown to you is logged; not that no other one exists. A
// verifier who keeps each checkpoint that it saw notices if the log is ever
// rewritten or shown to others in another form.
//
// Nothing here reads files, the network or the clock.
package proof
