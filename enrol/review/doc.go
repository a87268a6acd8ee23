// Package review is the queue of sittings that no machine may decide (R13): faces
// that are neither alike nor unlike, and documents that could be copies.
//
// A [Case] holds what reviewers need to see, sealed under the server's key, in two
// parts. The folder (chip zone, results) lives until the decision. The pictures
// (portrait, frames) live until the decision and at most [Rules.Pictures], whatever
// comes first; [Service.Sweep] deletes them and asks the applicant for new ones by a
// letter in the same transaction, and a case without pictures cannot be approved. The
// applicant may send new ones as long as the case is parked ([Service.Renew]); after
// [Rules.Life] it lapses.
//
// The states are one table ([State.After]). Two different reviewers must approve,
// neither of them the applicant; one decline is enough. To let in a stranger does
// lasting harm to somebody else, to turn somebody away does not: he may ask at a
// desk, where two people who have not seen the case decide. A second reviewer who
// could be outvoted by asking a third would be no second pair of eyes.
//
// Only the reviewer who has claimed a case sees its pictures, for [Rules.Claim],
// and nobody after the decision. Each look and each decision is an audit line with
// who, which case, and a reason from a fixed list; nothing of what was seen.
//
// The sitting asks for what was decided ([Service.Outcome]) once that is durable,
// as often as it likes; the applicant is told by letter. A case knows no keys and no
// PINs, nor what the sitting holds: those stay where they are, dormant.
package review
