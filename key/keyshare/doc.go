// Package keyshare is the server's half of every holder's key, with the counters
// that stand between a stolen phone and the PIN.
//
// A key is made in four steps: [Service.Begin], [Service.Harden],
// [Service.Confirm] by the phone, and [Service.AssignModulus] once the holder's
// identity stands. After that [Service.Offer] puts up a transaction,
// [Service.Evaluate] is one try of the PIN for it, and [Service.Complete] turns
// the phone's half signature into the whole one. A PIN is changed by
// [Service.BeginChange], a try, [Service.ProveChange], [Service.HardenChange] and
// [Service.ConfirmChange]. After a restore, [Service.Reapply] and
// [Service.DeclareRestore] come before anything else.
//
// It trusts nobody: it verifies the device's signature on each request itself,
// owns its rows, charges each try in a committed row before it evaluates, builds
// what is signed from its own record, and checks every condition again in the
// write that releases a signature (security.md K1–K14). It knows neither people
// nor services: what a kind of transaction means is told by a [Format]. Its
// rows and their rules stand in package row, the messages in doc/splitkey.md.
package keyshare
