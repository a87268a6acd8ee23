// Package login decides what happens when a service asks a person to log in.
//
// A [Party] asks for a subject; [Flow.Start] finds the person's accounts, keeps
// the budgets that protect people from floods of requests, and opens one
// [Session]. The request goes to all of the person's suitable accounts: each
// app lists it ([Flow.Pending]), the holder signs it (key/keyshare), and the
// first signature ends it ([Flow.Finish]); or the holder refuses
// ([Flow.Refuse]), or the time runs out. The relying party waits for that with
// [Flow.Status].
//
// How sessions end is one table ([Next]). That one was signed is never believed
// from a caller but read from the [Signer]; a session that lost its process
// between signature and row is mended by whoever reads it next.
//
// Nothing here speaks HTTP (login/rpapi), builds what is signed (login/acsp),
// holds a key (key/keyshare) or verifies an answer (client).
package login
