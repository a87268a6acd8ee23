package confirm

import (
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// R3: whoever vouches was proofed by chip, card or desk, has been active for 72
// hours, and is neither held nor at its end.
func TestR3WhoMayVouchIsAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*account.Account)
		code   tunnus.Code
	}{
		"passport": {func(*account.Account) {}, ""},
		"card":     {func(a *account.Account) { a.Proofed = account.ByIDCard }, ""},
		"desk":     {func(a *account.Account) { a.Proofed = account.ByDesk }, ""},
		"vouched":  {func(a *account.Account) { a.Proofed = account.ByAccount }, tunnus.CodeSrcAccountNo},
		"child":    {func(a *account.Account) { a.Proofed = account.ByChild }, tunnus.CodeSrcAccountNo},
		"other":    {func(a *account.Account) { a.Proofed = account.ByOther }, tunnus.CodeSrcAccountNo},
		"young":    {func(a *account.Account) { a.ActiveAt = start.Add(time.Second - 72*time.Hour) }, tunnus.CodeSrcAccountNo},
		"just old": {func(a *account.Account) { a.ActiveAt = start.Add(-72 * time.Hour) }, ""},
		"frozen":   {func(a *account.Account) { a.State = account.Frozen }, tunnus.CodeNotFound},
		"held":     {func(a *account.Account) { a.State = account.Suspended }, tunnus.CodeNotFound},
		"blocked":  {func(a *account.Account) { a.State = account.Blocked }, tunnus.CodeNotFound},
		"issued":   {func(a *account.Account) { a.State = account.Issued }, tunnus.CodeNotFound},
		"over":     {func(a *account.Account) { a.ExpiresAt = start }, tunnus.CodeNotFound},
		"no level": {func(a *account.Account) { a.Level = "" }, tunnus.CodeSrcAccountNo},
	} {
		w := newWorld(t)
		by := holder("old", ada)
		tt.change(&by)
		_, err := w.Claim(t.Context(), w.ask(statement.Vouch), by)
		w.wants("Claim, "+name, err, tt.code)
		if q := w.row(); tt.code != "" && (q.State != Asked || len(w.offers) != 0) {
			t.Errorf("%s: the question is %s, %d offers", name, q.State, len(w.offers))
		}
	}
}

// R3: the scheme may want an older account than the 72 hours.
func TestR3AgeIsTheSchemes(t *testing.T) {
	w := newWorld(t)
	o := order(statement.Vouch)
	o.Age = 97 * time.Hour
	link, err := w.Ask(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Claim(t.Context(), link, holder("old", ada))
	w.wants("Claim by one of 96 hours", err, tunnus.CodeSrcAccountNo)
	older := holder("old", ada)
	older.ActiveAt = start.Add(-97 * time.Hour)
	w.claim(link, older)
}

// R3: the statement shows the level that is issued: no more than the rules allow,
// and no more than that of the account that vouches.
func TestR3StatementShowsTheLevelThatIsIssued(t *testing.T) {
	for _, tt := range []struct{ most, by, want tunnus.Level }{
		{tunnus.Qualified, tunnus.Qualified, tunnus.Qualified},
		{tunnus.Qualified, tunnus.Advanced, tunnus.Advanced},
		{tunnus.Advanced, tunnus.Qualified, tunnus.Advanced},
		{tunnus.Advanced, tunnus.Advanced, tunnus.Advanced},
	} {
		w := newWorld(t)
		o := order(statement.Vouch)
		o.Level = tt.most
		link, err := w.Ask(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		by := holder("old", ada)
		by.Level = tt.by
		c := w.claim(link, by)
		w.pin(c.Login)
		w.pin(c.Sign)
		says, err := statement.Parse(w.offers[c.Sign].Record)
		if err != nil || says.Level != string(tt.want) || w.answer(statement.Vouch, true, "").Level != tt.want {
			t.Errorf("%+v: the statement says %q, %v", tt, says.Level, err)
		}
	}
}

// R12: any account of the same person may make place, and nobody else's.
func TestR12OnlyAnOwnAccountMakesPlace(t *testing.T) {
	w := newWorld(t)
	link := w.ask(statement.Replace)
	_, err := w.Claim(t.Context(), link, holder("stranger", person(utopian("19910101001"))))
	w.wants("Claim by somebody else's", err, tunnus.CodeNotFound)
	if w.row().State != Asked {
		t.Fatal("a stranger has bound the question")
	}
	young := holder("old", ada) // it is the own one that goes, not a proof
	young.ActiveAt = start
	c := w.claim(link, young)
	if c.Login == "" || c.Sign == "" {
		t.Errorf("not both PINs are asked for: %+v", c)
	}
}

// R12: before the card has told who it is, the account that confirms says so, and
// the statement names its holder.
func TestR12BeforeTheCardTheAccountNamesThePerson(t *testing.T) {
	w := newWorld(t)
	o := order(statement.Replace)
	o.Person, o.Name = tunnus.PersonCode{}, ""
	link, err := w.Ask(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	c := w.claim(link, holder("old", ada))
	w.pin(c.Login)
	w.pin(c.Sign)
	if a := w.answer(statement.Replace, true, ""); a.Person != ada || a.Account != "old" {
		t.Errorf("answer: %+v", a)
	}
}

// R9: only who the register names answers for a child, by an account of the level
// of the child's; the consent names child, device and level.
func TestR9GuardianIsAskedOfTheRegister(t *testing.T) {
	w := newWorld(t)
	link := w.ask(statement.Guardian)
	_, err := w.Claim(t.Context(), link, holder("mother", ada))
	w.wants("Claim by no guardian", err, tunnus.CodeNotFound)
	w.guardians[ada], w.down = true, true
	_, err = w.Claim(t.Context(), link, holder("mother", ada))
	w.wants("Claim while the register is down", err, tunnus.CodeRegiDown)
	w.down = false
	weak := holder("mother", ada)
	weak.Level = tunnus.Advanced
	_, err = w.Claim(t.Context(), link, weak)
	w.wants("Claim by an account of a lower level", err, tunnus.CodeNotFound)
	if w.row().State != Asked || len(w.offers) != 0 {
		t.Fatalf("the question is %s, %d offers", w.row().State, len(w.offers))
	}
	c := w.claim(link, holder("mother", ada))
	if c.Login != "" || w.offers[c.Sign].Padding != splitkey.PSS {
		t.Errorf("claim: %+v", c)
	}
	says, err := statement.Parse(w.offers[c.Sign].Record)
	if err != nil || says.Person != child.SemanticsID() || says.Device != "new-phone" || says.Level != "QUALIFIED" || !strings.Contains(says.Text(), "this child") {
		t.Errorf("statement: %+v, %v", says, err)
	}
	w.answer(statement.Guardian, false, "")
	w.pin(c.Sign)
	if a := w.answer(statement.Guardian, true, ""); a.Person != child || a.Account != "mother" {
		t.Errorf("answer: %+v", a)
	}
}

// R9: a consent is used once.
func TestR9ConsentHasOneUse(t *testing.T) {
	w := newWorld(t)
	w.guardians[ada] = true
	c := w.claim(w.ask(statement.Guardian), holder("mother", ada))
	w.pin(c.Sign)
	w.answer(statement.Guardian, true, "")
	w.wants("End", w.End(t.Context(), "sitting"), "")
	w.answer(statement.Guardian, false, tunnus.CodeConfirmNo)
	again := order(statement.Guardian)
	_, err := w.Ask(t.Context(), again)
	w.wants("Ask again", err, tunnus.CodeStateConflict)
}
