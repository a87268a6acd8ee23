package staff

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/tunnus-id/tunnus"
)

// A Right is one thing that a member may do.
type Right string

// The rights. None lifts a lock, shows a PIN or a code, or makes an account.
const (
	Look      Right = "look"      // find a case, or the accounts of a person, by a reference
	Close     Right = "close"     // end an account
	Fraud     Right = "fraud"     // find, with another member, that an account was got by fraud
	Settle    Right = "settle"    // find, with another member, whose account it is, of two that froze each other
	Review    Right = "review"    // look at a parked case and decide it
	Serve     Right = "serve"     // register a person at a desk
	Except    Right = "except"    // agree, as the second, to an exception at a desk
	Calendar  Right = "calendar"  // see the appointments of an office
	Incident  Right = "incident"  // open or second an incident of ours
	Statistic Right = "statistic" // counts without persons
)

// A Role is a set of rights that one name stands for.
type Role string

// The roles.
const (
	Agent      Role = "support-agent"
	Officer    Role = "registration-officer"
	Reviewer   Role = "reviewer"
	Supervisor Role = "supervisor"
	Operator   Role = "operator"
)

// rights is the table of the roles. Nobody serves people and judges their faces:
// review is there because the first look was not enough.
var rights = map[Role][]Right{
	Agent:      {Look, Close, Fraud},
	Officer:    {Fraud, Settle, Serve, Except, Calendar},
	Reviewer:   {Review},
	Supervisor: {Look, Close, Fraud, Settle, Review, Except, Calendar, Incident, Statistic},
	Operator:   {Incident, Statistic},
}

// Roles lists the roles, in their order.
func Roles() []Role { return []Role{Agent, Officer, Reviewer, Supervisor, Operator} }

// Rights lists all rights, in their order.
func Rights() []Right {
	return []Right{Look, Close, Fraud, Settle, Review, Serve, Except, Calendar, Incident, Statistic}
}

// Valid reports whether the table knows the role.
func (r Role) Valid() bool { return len(rights[r]) > 0 }

// May reports whether the role has a right.
func (r Role) May(x Right) bool { return slices.Contains(rights[r], x) }

// noRight is the answer to who asks for what his roles do not allow.
func noRight(who string, x Right) error {
	return tunnus.Fail(tunnus.CodeStaffNoRight, fmt.Errorf("staff: %s has no right %q", who, x))
}

// alphabet is Crockford's base 32: no I, L, O or U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Reference draws a reference number such as "7K3QZ-M2XWA": 50 random bits in an
// alphabet without look-alikes, like those of failed requests (package problem).
func Reference() string { return Letters(5) + "-" + Letters(5) }

// Letters draws n characters of base 32, five random bits each.
func Letters(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}

// Tidy brings what was typed of base 32 to its one form: capital letters, without
// blanks and hyphens, O and I and L read as the digits they look like.
func Tidy(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '-':
			return -1
		case r == 'O':
			return '0'
		case r == 'I', r == 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(typed))
}

// Number brings a reference number that somebody typed to the form that it was given
// in: "7K3QZ-M2XWA", or "7K3Q-ZM2X-WA0B" of a registration. It is "" if it is neither.
func Number(typed string) string {
	t := Tidy(typed)
	if strings.Trim(t, alphabet) != "" {
		return ""
	}
	switch len(t) {
	case 10:
		return t[:5] + "-" + t[5:]
	case 12:
		return t[:4] + "-" + t[4:8] + "-" + t[8:]
	}
	return ""
}

// Clip shortens a reference that somebody typed before it enters a row or a log,
// and drops it if it holds anything but letters, digits and hyphens.
func Clip(ref string) string {
	ref = strings.ToUpper(strings.TrimSpace(ref))
	if len(ref) > 32 || strings.Trim(ref, "-"+alphabet+"ILOU") != "" {
		return ""
	}
	return ref
}
