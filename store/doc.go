// Package store keeps what the deciders decide: accounts, keys, certificates,
// sessions, ledgers, one-time codes, and the audit line of each decision.
//
// A [Store] is one database, of SQLite or PostgreSQL. The types it hands out
// ([Store.Keyshare], [Store.Ledger] and so on) implement the ports of the
// packages that decide; each of their writes is one short transaction, which
// also holds the audit events and the jobs that belong to it, and which is
// conditional on the revision that the decider read. What was written when a
// method returns nil survives a crash.
//
// How a transaction is made is told by store/engine; the ports of key/keyshare
// are in store/keys, those of trust/ in store/trust, all others here. The SQL is
// one text for both engines (queries, migrations), checked and turned into
// package db by sqlc; only triggers, which SQL cannot say alike on both, stand
// in dialect files.
//
// The packages decide nothing: no time, no rule, no lock is worked out here.
package store
