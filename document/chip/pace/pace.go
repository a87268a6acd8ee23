package pace

import (
	"crypto/cipher"
	"crypto/sha1" // Doc 9303-11 §9.7.3 makes the password of the code line with it
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
)

var (
	// ErrRefused is a peer that does not have the password, or lies.
	ErrRefused = errors.New("pace: authentication failed")
	// ErrPeer is a message that no honest peer sends: it breaks the form, or
	// holds a key that is none.
	ErrPeer = errors.New("pace: message that must not be")
	// ErrUnsupported is a way of access that is not spoken.
	ErrUnsupported = errors.New("pace: not supported")
)

// A Password is what both sides know.
type Password struct {
	reference byte
	secret    []byte
}

// References of passwords (Doc 9303-11 §4.4.4.1).
const (
	refMRZ = 1
	refCAN = 2
)

// MRZ is the password of the code line, as mrz.Zone.AccessKey gives it.
func MRZ(accessKey string) Password {
	h := sha1.Sum([]byte(accessKey))
	return Password{refMRZ, h[:]}
}

// CAN is the card access number that is printed on the document.
func CAN(digits string) Password { return Password{refCAN, []byte(digits)} }

// key derives the key that encrypts the nonce.
func (p Password) key(s apdu.Suite) []byte { return s.Derive(p.secret, apdu.KeyPassword) }

// A Method is a way of access with its group.
type Method struct {
	info  security.PACE
	group *domain.Group
}

// NewMethod finds the group of an info. It fails with [ErrUnsupported] if the
// info leaves the domain parameters open, names own ones, or others than fit.
func NewMethod(info security.PACE) (Method, error) {
	if info.OID == nil || info.Suite.KeySize() == 0 {
		return Method{}, ErrUnsupported
	}
	g, err := domain.Standard(info.Domain)
	if err != nil || g.Curve != info.Curve {
		return Method{}, ErrUnsupported
	}
	if info.Mapping == security.Integrated && g.ID == noIntegrated {
		return Method{}, ErrUnsupported
	}
	return Method{info, g}, nil
}

// noIntegrated is P-224, for which the integrated mapping is not defined (Doc
// 9303-11 §9.5.1).
const noIntegrated = 10

// Info is what the chip offered.
func (m Method) Info() security.PACE { return m.info }

// strength orders methods: by mapping that proves more, then by cipher, then by
// group.
func (m Method) strength() int {
	bits := m.group.Bits()
	if !m.group.Curve { // residues of 2048 bits are about as strong as curves of 224
		bits = bits/16 + 96
	}
	n := m.info.Suite.KeySize() * 1000
	if m.info.Suite == apdu.DES3 {
		n = 0
	}
	if m.info.Mapping == security.ChipAuth {
		n += 100_000
	}
	return n + bits
}

// Choose picks the strongest of the ways that a chip offers; ok is false if none
// is spoken. ambiguous tells that the chip has several groups, so that it must be
// told which (Doc 9303-11 §4.4.4.1).
func Choose(offered []security.PACE) (best Method, ambiguous, ok bool) {
	for _, info := range offered {
		ambiguous = ambiguous || info.Domain != offered[0].Domain
		m, err := NewMethod(info)
		if err == nil && (!ok || m.strength() > best.strength()) {
			best, ok = m, true
		}
	}
	return best, ambiguous, ok
}

// Data objects (Doc 9303-11 §4.4.4.1, §4.4.5).
const (
	tagTemplate  = tlv.Tag(0x7C)
	tagNonce     = tlv.Tag(0x80)
	tagMapOwn    = tlv.Tag(0x81)
	tagMapPeer   = tlv.Tag(0x82)
	tagKeyOwn    = tlv.Tag(0x83)
	tagKeyPeer   = tlv.Tag(0x84)
	tagTokenOwn  = tlv.Tag(0x85)
	tagTokenPeer = tlv.Tag(0x86)
	tagChipAuth  = tlv.Tag(0x8A)

	tagMechanism = tlv.Tag(0x80) // of MSE:Set AT
	tagPassword  = tlv.Tag(0x83)
	tagDomain    = tlv.Tag(0x84)
)

// object reads one data object of a template; the template may hold others.
func object(message []byte, tag tlv.Tag) ([]byte, error) {
	value, err := tlv.Find(message, tagTemplate, tag)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPeer, err)
	}
	return value, nil
}

func template(objects ...[]byte) []byte {
	var b []byte
	for _, o := range objects {
		b = append(b, o...)
	}
	return tlv.Append(nil, tagTemplate, b)
}

// crypt en- or decrypts whole blocks in CBC mode without a vector.
func crypt(s apdu.Suite, key, in []byte, mode func(cipher.Block, []byte) cipher.BlockMode) ([]byte, error) {
	c, err := s.Cipher(key)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(in))
	mode(c, make([]byte, c.BlockSize())).CryptBlocks(out, in)
	return out, nil
}

// nonceSize is the length of the nonce that is made here, and the only one that
// the integrated mapping has (Doc 9303-11 §4.4.3.3): the key's, in whole blocks.
func nonceSize(s apdu.Suite) int {
	if s == apdu.AES192 || s == apdu.AES256 {
		return 32
	}
	return 16
}

// An agreement is what both sides work out alike, once the generator is mapped.
type agreement struct {
	method    Method
	generator domain.Element
	scalar    []byte
	own       domain.Element
	secret    []byte // shared
}

// draw draws the ephemeral key pair over the mapped generator.
func (a *agreement) draw(random randomSource) (err error) {
	a.scalar, a.own, err = a.method.group.Key(a.generator, random)
	return err
}

// meet takes the peer's key: an element, and not the own one sent back (Doc
// 9303-11 §4.4.1).
func (a *agreement) meet(peer []byte) error {
	g := a.method.group
	e, err := g.Element(peer)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPeer, err)
	}
	if e.Equal(a.own) {
		return fmt.Errorf("%w: the own key", ErrPeer)
	}
	a.secret = g.Times(e, a.scalar).Secret()
	return nil
}

// token authenticates a public key as it was sent (Doc 9303-11 §4.4.3.4).
func (a *agreement) token(public []byte) ([]byte, error) {
	const tagPublic, tagOID, tagResidue, tagPoint = 0x7F49, 0x06, 0x84, 0x86
	oid, err := marshalOID(a.method.info.OID)
	if err != nil {
		return nil, err
	}
	tag := tlv.Tag(tagResidue)
	if a.method.group.Curve {
		tag = tagPoint
	}
	body := tlv.Append(tlv.Append(nil, tagOID, oid), tag, public)
	s := a.method.info.Suite
	return s.MAC(s.Derive(a.secret, apdu.KeyMAC), tlv.Append(nil, tagPublic, body))
}
