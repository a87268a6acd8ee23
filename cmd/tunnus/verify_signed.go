package main

import (
	"bytes"
	"fmt"

	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/trust/evidence"
)

// stated is what has to be signed for a fact by an account or, of a guardian, by an
// ID-card. What a card signs for its own holder's registration names the phone and the
// contact, and is bound to it by the digest in the fact alone.
var stated = map[way.Fact]statement.About{
	way.AccountVouches: statement.Vouch, way.DeviceConfirms: statement.Replace, way.GuardianAgrees: statement.Guardian,
}

// sameStatements reads what others have signed: each has to be about this registration,
// and state what its fact says.
func sameStatements(f evidence.File, r evidence.Report) error {
	for _, s := range r.Signed {
		about, asked := stated[way.Fact(s.Fact)]
		switch {
		case asked && s.Account == "":
			if !bytes.HasSuffix(s.Text, []byte("\nRegistration: "+f.Session+"\n")) {
				return fmt.Errorf("what was signed for the fact %q is about another registration", s.Fact)
			}
		case asked:
			said, err := statement.Parse(s.Text)
			if err != nil || said.Session != f.Session || said.Device != r.Device || said.About != about {
				return fmt.Errorf("what was signed for the fact %q states something else, or is about another registration", s.Fact)
			}
		case s.Account != "":
			return fmt.Errorf("an account has signed for the fact %q, which is an ID-card's", s.Fact)
		}
	}
	return nil
}

// confirmed says in words who has signed. The statements themselves name persons.
func confirmed(r evidence.Report) []string {
	var lines []string
	for _, s := range r.Signed {
		by := "account " + s.Account + " with PIN2"
		if s.Account == "" {
			by = fmt.Sprintf("an ID-card of %q", s.Issuer.Subject.CommonName)
		}
		lines = append(lines, fmt.Sprintf("signed: %s by %s, certificate %x; the signature is the one that the fact names", s.Fact, by, s.Certificate.SerialNumber))
	}
	return lines
}
