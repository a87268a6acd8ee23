// Package between lists what is decided between two facts of a way, by the names of
// audit lines: what the fault harness kills at beside the facts themselves. A test of
// the harness compares the lists with what happens; nothing else uses them.
package between

import (
	"slices"

	"github.com/tunnus-id/tunnus/enrol/way"
)

// Announced is what jobs do once there is an account.
func Announced() []string {
	return []string{"account.announce", "container.level", "container.level"}
}

// Closed is what they do with the account that makes place. That a key was seen to
// comes up to half a minute after it has ended, if it was not seen to at once.
func Closed() []string {
	return []string{"account.replace", "account.close", "key.end", "key.end", "cert.revoked", "cert.revoked", "key.seen", "key.seen"}
}

// What several ways have between two facts.
func sent() []string { return []string{"otp.sent", "otp.try", "otp.confirmed"} }

func chosen() []string {
	return []string{"key.begin", "key.harden", "key.confirm", "key.begin", "key.harden", "key.confirm"}
}

func certified() []string {
	return []string{"enrol.plan", "key.bind", "key.modulus", "key.bind", "key.modulus", "cert.intent", "cert.issued", "cert.intent", "cert.issued"}
}

func made() []string { return append(chosen(), certified()...) }

func signed() []string { return []string{"key.try", "key.answer", "key.signed"} }

// bothPINs is what another phone does that confirms with both, once it was asked.
func bothPINs() []string {
	return append([]string{"confirm.ask", "confirm.claim", "txn.offer", "txn.offer", "confirm.offer", "key.try", "key.answer", "pin.approved"}, signed()...)
}

// taken is what comes behind a fact that another phone has answered: only then is its
// question at an end.
func taken(next []string) []string { return append([]string{"confirm.take"}, next...) }

// recalled is what it takes to enter both PINs once more, and to offer the application.
func recalled() []string {
	return []string{"txn.offer", "txn.offer", "key.try", "key.answer", "pin.approved", "key.try", "key.answer", "pin.approved", "txn.offer"}
}

// recalledOnly is that without the application, which is offered later in a renewal.
func recalledOnly() []string { all := recalled(); return all[:len(all)-1] }

// Passport is the passport way between its facts. What shares a COMMIT with a
// fact (account.create, account.activate) is met there.
func Passport() map[way.Fact][]string {
	return map[way.Fact][]string{
		way.ChipProved:        {"enrol.challenge", "lock.charged", "lock.passed", "lock.charged", "lock.passed"},
		way.ContactConfirmed:  sent(),
		way.FaceMatches:       {"enrol.capture", "lock.charged", "lock.succeeded"},
		way.KeysMade:          append(made(), "txn.offer"),
		way.ApplicationSigned: signed(),
	}
}

// Renewal is a renewal by passport.
func Renewal() map[way.Fact][]string {
	all := Passport()
	all[way.DeviceConfirms], all[way.KeysMade], all[way.ReplacementAgreed] = bothPINs(), taken(made()), []string{"txn.offer"}
	return all
}

// Child is the passport way of a child.
func Child() map[way.Fact][]string {
	all := Passport()
	all[way.GuardianAgrees], all[way.KeysMade] = agreed(), taken(all[way.KeysMade])
	return all
}

// agreed is what a parent's phone does, once it was asked.
func agreed() []string {
	return append([]string{"enrol.park", "confirm.ask", "confirm.claim", "txn.offer", "confirm.offer"}, signed()...)
}

// ChildsCard is the way of a child's own ID-card.
func ChildsCard() map[way.Fact][]string {
	all := Card()
	all[way.GuardianAgrees], all[way.IdentityConfirmed] = agreed(), taken(nil)
	return all
}

// ChildAtDesk is that of a child at a desk.
func ChildAtDesk() map[way.Fact][]string {
	all := Desk()
	all[way.GuardianAgrees], all[way.CodeTyped] = agreed(), taken(all[way.CodeTyped])
	return all
}

// Reviewed is the passport way of somebody whose face two people judge.
func Reviewed() map[way.Fact][]string {
	all := Passport()
	all[way.FaceMatches] = []string{
		"enrol.capture", "lock.charged", "review.park", "enrol.face", "enrol.park",
		"review.claim", "review.view", "review.approve", "review.claim", "review.view", "review.approve", "lock.succeeded",
	}
	return all
}

// Declined is that of somebody whom one of them declines.
func Declined() map[way.Fact][]string {
	all := Passport()
	all[way.FaceMatches] = []string{"enrol.capture", "lock.charged", "review.park", "enrol.face", "enrol.park", "review.claim", "review.view", "review.decline", "enrol.end"}
	return all
}

// Unseen is that of somebody at whose face nobody looks.
func Unseen() map[way.Fact][]string {
	all := Passport()
	all[way.FaceMatches] = []string{"enrol.capture", "lock.charged", "review.park", "enrol.face", "enrol.park"}
	return all
}

// Lost is a renewal by passport without a word of the older phone.
func Lost() map[way.Fact][]string {
	all := Passport()
	all[way.KeysMade], all[way.ReplacementAgreed] = made(), []string{"txn.offer"}
	return all
}

// ChildByCard is the passport way of a child whose parent signs with an ID-card.
func ChildByCard() map[way.Fact][]string {
	all := Child()
	all[way.GuardianAgrees] = []string{"enrol.park", "confirm.ask", "card.login", "confirm.claim", "confirm.card"}
	return all
}

// CardRenewal is a renewal by ID-card.
func CardRenewal() map[way.Fact][]string {
	all := Card()
	all[way.DeviceConfirms], all[way.PINsChosen], all[way.ReplacementAgreed] = bothPINs(), taken(chosen()), []string{"txn.offer"}
	all[way.PINsRecalled] = recalledOnly()
	return all
}

// DeskRenewal is one at a desk.
func DeskRenewal() map[way.Fact][]string {
	all := Desk()
	all[way.DeviceConfirms], all[way.CodeTyped], all[way.ReplacementAgreed] = bothPINs(), taken([]string{"desk.try", "desk.activate"}), []string{"txn.offer"}
	all[way.PINsRecalled] = recalledOnly()
	return all
}

// Unlike is the passport way of somebody whose face never matches, until the document is
// locked in its second or third sitting.
func Unlike() map[way.Fact][]string {
	all := Passport()
	try := []string{"enrol.capture", "lock.charged", "lock.failed", "enrol.face"}
	all[way.FaceMatches] = append(append(slices.Clone(try), try...), "enrol.end")
	return all
}

// Barred is that of somebody whose document is locked for ever.
func Barred() map[way.Fact][]string {
	all := Passport()
	all[way.ChipProved] = []string{"enrol.challenge", "lock.charged", "lock.passed", "lock.permanent", "enrol.end"}
	return all
}

// LeftAt is the passport way of somebody who leaves at a fact.
func LeftAt(f way.Fact) map[way.Fact][]string {
	all := Passport()
	all[f] = nil
	return all
}

// Lapsed is what jobs do when the time of a sitting is over: it is noted of document and
// device.
func Lapsed() []string { return []string{"lock.noted", "lock.noted", "enrol.end"} }

// Undone is what becomes of what was made in it.
func Undone() []string {
	return append(Lapsed(), "txn.cancel", "account.close", "key.end", "key.end", "cert.revoked", "cert.revoked", "enrol.undone", "key.seen", "key.seen")
}

// Account is the way on which another account vouches.
func Account() map[way.Fact][]string {
	return map[way.Fact][]string{
		way.AccountVouches: bothPINs(), way.ContactConfirmed: taken(sent()), way.KeysMade: made(), way.PINsRecalled: recalled(), way.ApplicationSigned: signed(),
	}
}

// Card is the way of an ID-card: what the portal decides comes before the app learns of it.
func Card() map[way.Fact][]string {
	visit := append([]string{"card.login", "card.answered"}, sent()...)
	return map[way.Fact][]string{
		way.PINsChosen: chosen(), way.CodeShown: {"card.code"}, way.CardLoggedIn: append(visit, "card.contact", "card.matched", "card.signed"),
		way.KeysMade: certified(), way.PINsRecalled: recalled(), way.ApplicationSigned: signed(),
	}
}

// Desk is that at a desk.
func Desk() map[way.Fact][]string {
	return map[way.Fact][]string{
		way.ChipProved: {"desk.open", "desk.challenge", "lock.charged", "lock.passed", "desk.read", "desk.attest"},
		way.CodeTyped:  {"desk.try", "desk.activate"}, way.ContactConfirmed: sent(), way.KeysMade: made(),
		way.PINsRecalled: recalled(), way.ApplicationSigned: signed(),
	}
}
