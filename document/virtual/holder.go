package virtual

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"time"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/tlv"
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
	Portrait   []byte    // JPEG
	Chip       Chip
}

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
	z, err := h.zone()
	if err != nil {
		return nil, err
	}
	dg2, err := portraitGroup(h.Portrait)
	if err != nil {
		return nil, err
	}
	p := &Passport{zone: z, short: h.Chip == ChipShort}
	groups := map[int][]byte{1: zoneGroup(z), 2: dg2}
	if h.Chip != ChipPlain {
		if p.key, err = chipKey(h.Chip); err != nil {
			return nil, err
		}
		spki, err := x509.MarshalPKIXPublicKey(p.key.Public())
		if err != nil {
			return nil, fmt.Errorf("virtual: %w", err)
		}
		groups[15] = tlv.Append(nil, 0x6F, spki)
	}
	if h.Chip == ChipECDSA {
		groups[14] = securityInfos()
	}
	sod, err := c.sign(groups, f)
	if err != nil {
		return nil, err
	}
	p.files = map[uint16][]byte{lds.COM.ID: comFile(groups), lds.SOD.ID: sod}
	for n, content := range groups {
		file, _ := lds.Group(n)
		p.files[file.ID] = content
	}
	return p, nil
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

// zoneGroup is data group 1 (Doc 9303-10 §4.7.1).
func zoneGroup(z mrz.Zone) []byte {
	lines := bytes.ReplaceAll([]byte(z.String()), []byte("\n"), nil)
	return tlv.Append(nil, 0x61, tlv.Append(nil, 0x5F1F, lines))
}

// portraitGroup is data group 2 with one image in a record of ISO/IEC 19794-5
// (Doc 9303-10 §4.7.2).
func portraitGroup(portrait []byte) ([]byte, error) {
	size, err := jpeg.DecodeConfig(bytes.NewReader(portrait))
	if err != nil {
		return nil, fmt.Errorf("virtual: portrait: %w", err)
	}
	const header, info, image = 14, 20, 12
	block := info + image + len(portrait)
	r := []byte("FAC\x00010\x00")
	r = binary.BigEndian.AppendUint32(r, uint32(header+block))
	r = binary.BigEndian.AppendUint16(r, 1) // one face
	r = binary.BigEndian.AppendUint32(r, uint32(block))
	r = append(r, make([]byte, info-4)...) // no feature points, nothing said of the person
	r = append(r, 1, 0)                    // full frontal, JPEG
	r = binary.BigEndian.AppendUint16(r, uint16(size.Width))
	r = binary.BigEndian.AppendUint16(r, uint16(size.Height))
	r = append(r, 1, 2, 0, 0, 0, 0) // sRGB, from a still camera; device and quality not told
	r = append(r, portrait...)

	facial := []byte{0x80, 2, 1, 1, 0x81, 1, 2, 0x87, 2, 1, 1, 0x88, 2, 0, 8}
	template := tlv.Append(tlv.Append(nil, 0xA1, facial), 0x5F2E, r)
	group := tlv.Append([]byte{0x02, 1, 1}, 0x7F60, template)
	return tlv.Append(nil, 0x75, tlv.Append(nil, 0x7F61, group)), nil
}

// securityInfos is data group 14 of a chip that signs with ECDSA and SHA-256
// (ActiveAuthenticationInfo, Doc 9303-11 §9.2.3).
func securityInfos() []byte {
	info := tlv.Append(nil, 0x06, []byte{0x67, 0x81, 0x08, 1, 1, 5})                 // 2.23.136.1.1.5
	info = tlv.Append(info, 0x02, []byte{1})                                         // version
	info = tlv.Append(info, 0x06, []byte{4, 0, 0x7F, 0, 7, 1, 1, 4, 1, 3})           // ecdsa-plain-SHA256
	return tlv.Append(nil, 0x6E, tlv.Append(nil, 0x31, tlv.Append(nil, 0x30, info))) // SET OF
}

// comFile is EF.COM (Doc 9303-10 §4.6.1).
func comFile(groups map[int][]byte) []byte {
	var tags []byte
	for n := 1; n <= 16; n++ {
		if file, ok := lds.Group(n); ok && groups[n] != nil {
			tags = append(tags, byte(file.Tag))
		}
	}
	b := tlv.Append(nil, 0x5F01, []byte("0107"))
	b = tlv.Append(b, 0x5F36, []byte("040000"))
	return tlv.Append(nil, 0x60, tlv.Append(b, 0x5C, tags))
}
