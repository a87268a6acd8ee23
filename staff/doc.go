// Package staff says who works for the service and what each may do.
//
// A [Role] is a row of a table: the [Right]s that come with it. There is no right
// to lift a lock, to see a PIN or a code, or to make an account: what no role
// has, no command and no route can ask for, and a test reads the table for it.
//
// A [Member] is known by a P-256 key of its own, and signs each request as a
// device does (package key/device); nobody shares a password. [Prove] is the one
// way to an [Actor], which every decider of staff asks for, so that no act is
// written down under a name that did not sign for it. An Actor makes the audit
// line of what it does: who, what, and for which case, never what was in it.
//
// Nobody acts on himself (R8): a member carries the mark of his own personal code
// ([Marker]), and [Actor.Other] compares it with that of the person who is served.
//
// Nothing here stores, looks at the clock, or knows what the acts are: see
// staff/roster (who is a member), staff/support, enrol/review and enrol/desk.
package staff
