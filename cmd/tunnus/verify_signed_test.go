package main

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/trust/evidence"
)

// A signature that holds is no use for another registration, another phone or another matter.
func TestStatementsAreAboutThisRegistration(t *testing.T) {
	good := statement.Statement{
		Format: statement.Version, About: statement.Guardian, Session: "session", Device: "phone", Person: "PNOXX-199002140017", Level: "QUALIFIED",
		Time: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
	}
	for name, c := range map[string]struct {
		change func(s *statement.Statement)
		fact   way.Fact
		good   bool
	}{
		"as it is":             {func(*statement.Statement) {}, way.GuardianAgrees, true},
		"another registration": {func(s *statement.Statement) { s.Session = "other" }, way.GuardianAgrees, false},
		"another phone":        {func(s *statement.Statement) { s.Device = "other" }, way.GuardianAgrees, false},
		"another matter":       {func(s *statement.Statement) { s.About = statement.Vouch }, way.GuardianAgrees, false},
		"for another fact":     {func(*statement.Statement) {}, way.AccountVouches, false},
		"for a card's fact":    {func(*statement.Statement) {}, way.CardSigned, false},
	} {
		s := good
		c.change(&s)
		text, err := s.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		judge := func(signed evidence.Signed) error {
			return sameStatements(evidence.File{Session: "session"}, evidence.Report{Device: "phone", Signed: []evidence.Signed{signed}})
		}
		if err := judge(evidence.Signed{Fact: string(c.fact), Text: text, Account: "mother"}); (err == nil) != c.good {
			t.Errorf("%s, of an account: %v", name, err)
		}
		if name == "another phone" || name == "another matter" || c.fact != way.GuardianAgrees {
			continue // a card signs the text, which the fact has a digest of
		}
		ofCard, err := s.CardText()
		if err != nil {
			t.Fatal(err)
		}
		if err := judge(evidence.Signed{Fact: string(c.fact), Text: []byte(ofCard)}); (err == nil) != c.good {
			t.Errorf("%s, of a card: %v", name, err)
		}
	}
}
