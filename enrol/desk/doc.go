// Package desk is the work of an officer who registers a person face to face
// (security.md R8).
//
// The officer scans the applicant's app first: a [Ticket] names the sitting and the
// thumbprint of the device key, and all that follows is for that device alone. The
// reader only relays: the chip answers a challenge that the server derives from
// the sitting, and the server verifies it (emrtd.Verify). The officer compares face
// and document and ticks the fixed list ([Ticks]). What is not as it should be (an
// expired document, a paper on a changed name, no chip) is an [Exception] that a
// second officer must agree to. Then the officer signs the [Statement] that the
// server wrote of its own record, with the device key in it.
//
// An activation code ties the end together: eight characters of base 32 on the
// officer's screen, typed in the applicant's app. It lives 15 minutes, works once
// and for that device only, and dies at the fifth wrong try; the server keeps a
// keyed hash of it. A try is charged in a committed row before it is judged.
//
// What the desk found goes to the sitting in two steps that may be asked for again
// and again: [Service.Report] gives the facts chip (proved) and officer (attested),
// [Service.Activate] the fact activation (proved). A document that is locked for
// registering is locked here too: no officer can serve past it.
//
// Nobody serves himself, and the second officer is another one. What names a
// person is sealed, and gone when the desk session ends.
package desk
