// Package store keeps what the deciders decide: accounts, keys, certificates,
// sessions, ledgers, one-time codes, and the audit line of each decision.
//
// A [Store] is one database. The types it hands out ([Store.Keys],
// [Store.Ledger] and so on) implement the ports of the packages that decide;
// each of their writes is one short transaction, which also holds the audit
// events and the jobs that belong to it, and which is conditional on the
// revision that the decider read. What was written when a method returns nil
// survives a crash: SQLite runs with a write-ahead log and synchronous=FULL.
//
// The SQL is one text for SQLite and PostgreSQL (queries, migrations), checked
// and turned into package db by sqlc; only triggers, which SQL cannot say alike
// on both, stand in a dialect file. Today the engine is SQLite.
//
// The package decides nothing: no time, no rule, no lock is worked out here.
package store
