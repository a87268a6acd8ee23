// Package engine is how the store reaches its database: SQLite for one server,
// PostgreSQL for several. It knows transactions and no tables but the audit log's
// and those of jobs, which River keeps ([Tx.Enqueue], package store/jobs); what is
// written in them is told by the packages of the ports.
//
// [Database.Write] runs one transaction and says nil when what it wrote is
// durable. Every write is serializable. On PostgreSQL a transaction that lost
// against another is run again, some times; on SQLite the transactions that
// wait for the disk share one COMMIT, each in a savepoint of its own: who fails
// takes back what is its own, and nobody is told of success before the COMMIT.
//
// A transaction can also leave copies ([Tx.Copy]) for a second place. They are
// handed over after the COMMIT and before Write returns, and Write fails if the
// second place does not take them.
package engine
