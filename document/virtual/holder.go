package virtual

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"maps"
	"time"

	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual/files"
)

// A Chip is the make of a passport's chip.
type Chip string

// The makes.
const (
	ChipRSA   Chip = ""      // key of 2048 bits; takes commands of extended length
	ChipECDSA Chip = "ecdsa" // key on P-256, its algorithm in data group 14
	ChipShort Chip = "short" // RSA key of 1024 bits; takes short commands only
	ChipPlain Chip = "plain" // no key: the chip can be copied
)

// A Holder is an invented person, and what the passport says of them.
type Holder struct {
	Surname    string    // capital letters A to Z and single spaces, as in a code line
	GivenNames string    // as Surname; may be empty
	Sex        string    // "M", "F" or ""
	Birth      time.Time // the day counts
	Expiry     time.Time // last day of validity; the day counts
	Number     string    // document number: up to nine capital letters and digits
	PersonCode string    // goes into the optional data: up to 14 letters and digits
	Portrait   []byte    // JPEG, or JPEG 2000
	Chip       Chip

	Key          crypto.Signer  // of active authentication; nil for one that Chip says
	Short        bool           // commands of extended length are refused
	Face         []byte         // data group 2, instead of one with the portrait
	Groups       map[int][]byte // data groups as files, besides those made here, or instead of 14
	CardSecurity bool           // EF.CardSecurity is there

	PACE      []security.PACE // ways of access besides BAC; see security.NewPACE
	CAN       string          // card access number, digits; "" if none is printed
	NoBAC     bool            // the chip opens by PACE only
	ChipAuth  []security.Auth // ways of chip authentication; see security.NewAuth
	AuthGroup int             // domain parameters of the chip's own key; if that is mapped too, they are those of the mapping
	MapKey    MapKey          // the key of chip authentication mapping
}

// A MapKey is which key chip authentication mapping has (Doc 9303-11 §9.2.11).
type MapKey string

const (
	MapShared   MapKey = ""              // that of chip authentication
	MapSecond   MapKey = "second"        // one of its own, in data group 14; behind that of chip authentication if they have one curve
	MapSecurity MapKey = "card-security" // one of its own, in EF.CardSecurity only
)

// zone makes the code line. What would not read back the same is refused.
func (h Holder) zone() (mrz.Zone, error) {
	z := mrz.Zone{
		Kind: mrz.TD3, Document: "P", Issuer: stateCode, Nationality: stateCode,
		Surname: h.Surname, GivenNames: h.GivenNames, Number: h.Number, Sex: h.Sex,
		Birth: h.Birth.Format("060102"), Expiry: h.Expiry.Format("060102"), Optional1: h.PersonCode,
	}
	back, err := mrz.Parse(z.String())
	if err != nil {
		return mrz.Zone{}, fmt.Errorf("virtual: holder: %w", err)
	}
	if back != z {
		return mrz.Zone{}, fmt.Errorf("virtual: holder does not fit into a code line")
	}
	return z, nil
}

// Issue makes the holder's passport, signed by the country.
func (c *Country) Issue(h Holder) (*Passport, error) { return c.Forge(h, Forgery{}) }

// Forge makes a passport with faults that a country's own signer would have to
// make.
func (c *Country) Forge(h Holder, f Forgery) (*Passport, error) {
	by, err := c.signatory(f)
	if err != nil {
		return nil, err
	}
	return Personalize(h, by, f)
}

// Personalize makes a passport that somebody signs.
func Personalize(h Holder, by Signatory, f Forgery) (*Passport, error) {
	z, err := h.zone()
	if err != nil {
		return nil, err
	}
	p := &Passport{zone: z, short: h.Chip == ChipShort || h.Short, key: h.Key}
	if p.key == nil && h.Chip != ChipPlain {
		if p.key, err = chipKey(h.Chip); err != nil {
			return nil, err
		}
	}
	groups, infos, err := p.personalize(h)
	if err != nil {
		return nil, err
	}
	if h.CardSecurity || h.MapKey == MapSecurity {
		if p.security, err = by.CardSecurity(infos); err != nil {
			return nil, err
		}
	}
	sod, err := by.SecurityObject(groups, f)
	if err != nil {
		return nil, err
	}
	p.files = map[uint16][]byte{lds.COM.ID: files.COM(groups), lds.SOD.ID: sod}
	for n, content := range groups {
		p.files[files.ID(n)] = content
	}
	return p, nil
}

// personalize makes the chip's ways of access and its data groups; infos is what
// stands in EF.CardSecurity, if that is there.
func (p *Passport) personalize(h Holder) (groups map[int][]byte, infos []byte, err error) {
	dg2 := h.Face
	if dg2 == nil {
		if dg2, err = files.Portrait(h.Portrait); err != nil {
			return nil, nil, err
		}
	}
	groups = map[int][]byte{1: files.Zone(p.zone), 2: dg2}
	maps.Copy(groups, h.Groups)
	if p.key != nil {
		spki, err := x509.MarshalPKIXPublicKey(p.key.Public())
		if err != nil {
			return nil, nil, fmt.Errorf("virtual: %w", err)
		}
		groups[15] = tlv.Append(nil, 0x6F, spki)
	}
	var all, mapped [][]byte
	if p.access, all, mapped, err = h.access(); err != nil {
		return nil, nil, err
	}
	if key, ok := p.key.(*ecdsa.PrivateKey); ok {
		all = append(all, files.ActiveInfo(activeHash(key)))
	}
	if len(all) > 0 && groups[14] == nil {
		groups[14] = tlv.Append(nil, 0x6E, security.Set(all...))
	}
	return groups, security.Set(append(all, mapped...)...), nil
}

func chipKey(make Chip) (key crypto.Signer, err error) {
	switch make {
	case ChipRSA:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case ChipShort:
		key, err = rsa.GenerateKey(rand.Reader, 1024)
	case ChipECDSA:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return nil, fmt.Errorf("virtual: no such make of chip: %q", string(make))
	}
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	return key, nil
}

// activeHash is the digest that fits an ECDSA key (BSI TR-03111 §4.2.1).
func activeHash(key *ecdsa.PrivateKey) crypto.Hash {
	switch bits := key.Params().BitSize; {
	case bits < 256:
		return crypto.SHA224
	case bits < 384:
		return crypto.SHA256
	case bits < 512:
		return crypto.SHA384
	}
	return crypto.SHA512
}
