// Package tlog feeds the lines of the audit log, which decisions write in their
// own transactions, into a transparency log, and proves that a line is in it.
//
// A [Feeder] runs on every node; a lease in the database lets one of them work at
// a time. It takes the lines that wait, oldest first, appends their leaves to the
// tree, and only then stores their places (index) back. A crash in between leaves
// leaves in the tree whose lines do not know it: whoever takes the lease next
// compares the tail of the tree with the rows and stores what is missing, before
// it appends anything. So each line enters once.
//
// Two things keep a second writer out. The lease has a token that rises each time
// it changes hands; places are stored under the token that was read, so a node
// that was slow writes nothing. And the tree itself must be locked against other
// processes for as long as it is open ([Tree]): a node that was paused holds that
// lock until it is gone, and nobody appends beside it.
//
// While nothing feeds, decisions go on and their lines wait; there is no limit to
// how many (F26). A line that waits is as durable as its decision, but not yet
// proved to anybody.
//
// A [Log] hands out proofs, on any node that can read the tree.
package tlog
