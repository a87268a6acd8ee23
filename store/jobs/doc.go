// Package jobs does what was left to be done after a transaction: letters,
// reminders, reconciliation, and what comes round every hour or night.
//
// Jobs are kept by River (riverqueue.com) in the tables of the same database.
// They are written by [engine.Tx.Enqueue] in the transaction that decides them,
// so a job is durable exactly if that is, and hold ids only: what a job is
// about stays in its own row. A [Crew] works them: at least once, never lost.
// What fails, panics or takes too long is tried again after a pause that grows;
// what a crash left half done is begun again once its time is over; what a clock that
// was ahead has planned for days to come is done once the clock is right. After its
// last try a job is dead: it stands in the list of [Dead], with a code for the
// reason and nothing else, until it is put back by [Again] or forgotten after
// 90 days.
//
// A handler must be repeatable, since "at least once" can be twice. The error of
// a handler goes to the log as it is, and to the database as its code only.
package jobs
