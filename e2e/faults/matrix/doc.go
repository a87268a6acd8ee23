// Package matrix plans and runs the kills of the fault harness: each arrow of each
// route, at each of its moments, on both databases, and one line of result for each.
//
// A case is an arrow, a moment and a database. One registration meets one kill after
// the other, at one moment each: the server dies at an arrow, the checker looks, the
// server starts again, and the app sends the same request once more, as it always
// does. It must come to the end that its route names: an account, a refusal, or nothing.
//
// It knows of a route its name, its arrows and its end; how it is gone, and what may be
// left behind, are the matters of packages route and check.
package matrix
