// Package life leads accounts through their life, beside and after registration:
// it blocks, freezes, replaces, reminds and ends them, changes contacts, and sees
// that everybody who is to know hears of it.
//
// A move is one commit: the account's new state, letters, notices, an entry of the
// history and the audit line. What lies elsewhere follows from the row: keys and
// certificates are brought to where the account stands ([Service.Follow]), until the
// row says that they are there. So does a replacement: the new account's row says
// whose place it takes, the old one's when it is to be closed. A process that dies
// in between has lost nothing; [Service.Run] finds what is left, on any node, and
// two nodes at once do it once.
//
// Who asks is proved elsewhere, and said with [By]. The package asks for no PIN,
// sends nothing, and does not register anybody (package enrol).
package life
