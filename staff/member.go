package staff

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
)

// A Member works for the service. What is kept of him names no person: the ID is
// what the operator calls him, and Mark a keyed hash.
type Member struct {
	ID      string // "reg-07": what stands in audit lines
	Roles   []Role
	Key     []byte // P-256 public key, SubjectPublicKeyInfo in DER
	Mark    string // of his own personal code: [Marker.Mark]
	Counter int64  // of the last request that was let in, Unix milliseconds
	AddedAt time.Time
	EndedAt time.Time // zero while he works here
	Rev     int64     // 0 until first saved; every save raises it by one
}

var memberID = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,31}$`)

// Check refuses a member that could not act, or whose acts would be nobody's:
// bad-request with the field.
func (m Member) Check() error {
	bad := func(field, why string) error { return tunnus.BadRequest(field, errors.New("staff: "+why)) }
	switch {
	case !memberID.MatchString(m.ID):
		return bad("id", "2 to 32 of a-z, 0-9, dot and hyphen expected")
	case len(m.Roles) == 0 || slices.ContainsFunc(m.Roles, func(r Role) bool { return !r.Valid() }):
		return bad("roles", "no such role")
	case m.Mark == "":
		return bad("person", "who the member is must be known, so that he does not serve himself")
	}
	return device.Check(m.Key)
}

// A Marker makes the marks of persons.
type Marker struct{ secret tunnus.Secret }

// NewMarker makes a marker; the secret (32 bytes) must not change while members work here.
func NewMarker(secret tunnus.Secret) Marker { return Marker{secret} }

// Mark is the keyed hash of a personal code, 64 hexadecimal digits. Nobody can
// test a guess at a code without the secret.
func (m Marker) Mark(p tunnus.PersonCode) string {
	h := hmac.New(sha256.New, m.secret.Reveal())
	fmt.Fprintf(h, "tunnus/staff/person/v1\x00%s", p.SemanticsID())
	return hex.EncodeToString(h.Sum(nil))
}

// Session is what staff sign in place of a session of the app, so that a request of
// the one is never good for the other.
const Session = "tunnus/staff/v1"

// The headers of a signed request.
const (
	HeaderMember    = "Tunnus-Staff"
	HeaderCounter   = "Tunnus-Staff-Counter"   // Unix milliseconds
	HeaderSignature = "Tunnus-Staff-Signature" // base64url of ECDSA in ASN.1
)

// An Actor is a member who has signed the request that is being answered. Only
// [Prove] makes one; the zero value is nobody and may do nothing.
type Actor struct {
	member Member
	signed device.Signed
	also   []string // other IDs that the same person works or has worked under
	ok     bool
}

// Prove checks that the request was signed by the member's own key. Also are other
// IDs of the same person. It fails with bad-signature; that the member still works
// here, and that the request is not an old one, is for staff/roster to see to.
func Prove(m Member, s device.Signed, also ...string) (Actor, error) {
	if string(s.Key) != string(m.Key) || len(m.Key) == 0 {
		return Actor{}, device.Refused(errors.New("staff: signed with another key"))
	}
	if err := s.Verify(); err != nil {
		return Actor{}, err
	}
	return Actor{m, s, also, true}, nil
}

// ID names the member.
func (a Actor) ID() string { return a.member.ID }

// Signed is the request as the member signed it: with it anybody who has his key
// can see for himself that he asked for this.
func (a Actor) Signed() device.Signed { return a.signed }

// May refuses a right that none of the member's roles has: staff-no-right.
func (a Actor) May(x Right) error {
	if a.ok && slices.ContainsFunc(a.member.Roles, func(r Role) bool { return r.May(x) }) {
		return nil
	}
	return noRight(a.member.ID, x)
}

// Other refuses an act on the person with this mark if that is the member
// himself, or if it is not known who it is: staff-oneself (R8).
func (a Actor) Other(mark string) error {
	if a.ok && mark != "" && a.member.Mark != "" && !hmac.Equal([]byte(mark), []byte(a.member.Mark)) {
		return nil
	}
	return tunnus.Fail(tunnus.CodeStaffOneself, fmt.Errorf("staff: %s for himself, or for nobody knows whom", a.member.ID))
}

// Second refuses that somebody agrees with himself, under whichever ID: staff-four-eyes.
// Others are those who have acted before.
func (a Actor) Second(others ...string) error {
	before := func(id string) bool { return slices.Contains(others, id) }
	if a.ok && !before(a.member.ID) && !slices.ContainsFunc(a.also, before) {
		return nil
	}
	return tunnus.Fail(tunnus.CodeStaffFourEyes, fmt.Errorf("staff: %s has acted on this before", a.member.ID))
}

// Line is the audit line of an act. Kind says what was done ("staff.look"),
// subject to what, ref for which case. Detail holds words of the system.
func (a Actor) Line(at time.Time, kind, subject, ref string, detail map[string]string) tunnus.Event {
	d := map[string]string{"staff": a.member.ID, "case": ref}
	maps.Copy(d, detail)
	return tunnus.Event{At: at, Kind: kind, Subject: subject, Detail: d}
}
