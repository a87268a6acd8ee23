// Package reconcile asks the population register, night after night, about the
// people who have accounts, and does what its answers demand.
//
// What is demanded is one table ([Demands]): who has died loses the accounts, who
// has another name is told and has some weeks to renew before the account is
// closed, and a code that is gone or was replaced is for a person to look at. All
// else is left alone: what the register says of documents, addresses and
// restrictions is for new registrations.
//
// Nothing is concluded from silence. A register that is down stops the walk where
// it is, and the next night goes on from there; an answer that cannot be used
// changes nothing; a death is asked twice; and in one night only so many accounts
// may be touched as such a register would have of truth, so that one that has
// lost its mind does not take all accounts with it.
//
// The walk may be started on several nodes: one of them holds it, and whoever
// finds it held has nothing to do. Every step may be done again. The package
// sees no contact, sends nothing and revokes nothing itself ([Ender], [Teller]).
package reconcile
