package login

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus"
)

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// A Fingerprint is the SHA-256 of a certificate's DER.
type Fingerprint [sha256.Size]byte

// FingerprintOf returns the fingerprint of a certificate's DER.
func FingerprintOf(der []byte) Fingerprint { return sha256.Sum256(der) }

// ParseFingerprint reads 64 hexadecimal digits, with or without colons between bytes.
func ParseFingerprint(s string) (Fingerprint, error) {
	var f Fingerprint
	b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil || len(b) != len(f) {
		return f, errors.New("fingerprint: 64 hexadecimal digits expected")
	}
	return Fingerprint(b), nil
}

// A Party is a service that may ask people to log in, as the operator entered it.
type Party struct {
	UUID     string         // lower case, 8-4-4-4-12
	Names    []string       // what it may call itself, at most 32 bytes each; capitals do not matter
	Brokered string         // for whom it asks, if it is a broker; it enters what is signed
	Advanced bool           // may ask for accounts of level ADVANCED
	Sources  []netip.Prefix // where it calls from
	Pins     []Fingerprint  // its TLS client certificates; empty where it needs none
}

// A Caller is what the connection proves of whoever is calling.
type Caller struct {
	Addr netip.Addr   // the address at the other end, never a forwarded one
	Pin  *Fingerprint // of the TLS client certificate whose key was proved; nil if none
}

// Admits reports whether c may speak for p: from one of its addresses and, where
// p has pins, with one of its certificates.
func (p Party) Admits(c Caller) bool {
	from := func(n netip.Prefix) bool { return n.Contains(c.Addr.Unmap()) }
	if !slices.ContainsFunc(p.Sources, from) {
		return false
	}
	return len(p.Pins) == 0 || c.Pin != nil && slices.Contains(p.Pins, *c.Pin)
}

// named reports whether p may call itself name.
func (p Party) named(name string) bool {
	return slices.ContainsFunc(p.Names, func(n string) bool { return strings.EqualFold(n, name) })
}

// Parties are the relying parties of a server.
type Parties struct {
	list   []Party
	byUUID map[string]Party
}

// NewParties refuses a party that nobody could speak for, or too many could. All
// faults are reported at once. With pinned, each party needs a pin: outside the
// sandbox an address alone proves too little (security.md P1).
func NewParties(pinned bool, list ...Party) (*Parties, error) {
	ps := &Parties{list: list, byUUID: map[string]Party{}}
	var errs []error
	pins := map[Fingerprint]bool{}
	for _, p := range list {
		_, twice := ps.byUUID[p.UUID]
		shared := slices.ContainsFunc(p.Pins, func(f Fingerprint) bool { return pins[f] })
		for _, f := range p.Pins {
			pins[f] = true
		}
		bad := func(n string) bool { return n == "" || len(n) > 32 || !utf8.ValidString(n) }
		for _, v := range []struct {
			bad bool
			why string
		}{
			{!uuidForm.MatchString(p.UUID), "uuid: 8-4-4-4-12 in lower case expected"},
			{twice, "uuid: stands twice"},
			{len(p.Names) == 0, "names: missing"},
			{slices.ContainsFunc(p.Names, bad), "names: 1 to 32 bytes of UTF-8 expected"},
			{p.Brokered != "" && bad(p.Brokered), "brokered: at most 32 bytes of UTF-8 expected"},
			{len(p.Sources) == 0, "sources: missing"},
			{shared, "pins: another party has this one, and each could read the other's sessions"},
			{pinned && len(p.Pins) == 0, "pins: missing, and outside the sandbox each party needs one"},
		} {
			if v.bad {
				errs = append(errs, fmt.Errorf("relying party %q: %s", p.UUID, v.why))
			}
		}
		ps.byUUID[p.UUID] = p
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return ps, nil
}

// Identify returns the party that the caller claims to be and may speak for. It
// fails with [tunnus.CodeUnknownRelyingParty] without saying what was wrong.
func (ps *Parties) Identify(uuid, name string, c Caller) (Party, error) {
	p, ok := ps.byUUID[strings.ToLower(uuid)]
	why := ""
	switch {
	case !ok:
		why = "no party has that UUID"
	case !p.Admits(c):
		why = "address or certificate is not the party's"
	case !p.named(name):
		why = "name is not the party's"
	default:
		return p, nil
	}
	return Party{}, tunnus.Fail(tunnus.CodeUnknownRelyingParty, errors.New("login: "+why))
}

// Reachable returns the UUIDs of all parties that the caller may speak for: a
// question that names no party is answered for these.
func (ps *Parties) Reachable(c Caller) []string {
	var all []string
	for _, p := range ps.list {
		if p.Admits(c) {
			all = append(all, p.UUID)
		}
	}
	return all
}

// Forbidden is the failure of a known party that lacks a right; field is what
// it asked for.
func Forbidden(field string, cause error) error {
	return tunnus.Fail(tunnus.CodeForbidden, cause).WithField(field)
}
