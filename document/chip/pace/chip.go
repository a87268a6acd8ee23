package pace

import (
	"bytes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"io"
	"math/big"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Chip is the chip's side of one run.
type Chip struct {
	password Password
	random   randomSource
	static   []byte // private key of chip authentication
	step     step

	agreement
	nonce []byte
	proof []byte // chip authentication data
	peer  []byte // the terminal's ephemeral key as sent
	ready bool
}

// NewChip begins a run. static is the chip's own private key, a scalar of the
// method's group, for chip authentication mapping; otherwise nil.
func NewChip(m Method, p Password, static []byte, random randomSource) *Chip {
	return &Chip{password: p, random: random, static: static, step: asking, agreement: agreement{method: m}}
}

// Selects reads the data of MSE:Set AT: which of the offered ways the terminal
// wants, and with which password.
func Selects(data []byte, offered []security.PACE) (m Method, can bool, err error) {
	oid, err := tlv.Find(data, tagMechanism)
	if err != nil {
		return Method{}, false, ErrPeer
	}
	reference, err := tlv.Find(data, tagPassword)
	if err != nil || len(reference) != 1 || reference[0] != refMRZ && reference[0] != refCAN {
		return Method{}, false, ErrPeer
	}
	number, err := tlv.Find(data, tagDomain)
	told := err == nil
	for _, info := range offered {
		value, err := marshalOID(info.OID)
		if err != nil || !bytes.Equal(value, oid) || told && !bytes.Equal(number, []byte{byte(info.Domain)}) {
			continue
		}
		m, err := NewMethod(info)
		return m, reference[0] == refCAN, err
	}
	return Method{}, false, ErrUnsupported
}

// Answer takes the data of one GENERAL AUTHENTICATE and makes that of the answer;
// done is true after the last, and [Chip.Session] may be called. Any error ends
// the run.
func (c *Chip) Answer(data []byte) (answer []byte, done bool, err error) {
	at := c.step
	c.step = over
	switch at {
	case asking:
		answer, err = c.giveNonce()
	case mapping:
		answer, err = c.mapNonce(data)
	case agreeing:
		answer, err = c.agree(data)
	case proving:
		answer, err = c.prove(data)
		c.ready = err == nil
		return answer, c.ready, err
	default:
		return nil, false, ErrRefused
	}
	if err == nil {
		c.step = at + 1
	}
	return answer, false, err
}

func (c *Chip) giveNonce() ([]byte, error) {
	suite := c.method.info.Suite
	c.nonce = make([]byte, nonceSize(suite))
	if err := fill(c.random, c.nonce); err != nil {
		return nil, err
	}
	z, err := crypt(suite, c.password.key(suite), c.nonce, cipher.NewCBCEncrypter)
	return template(tlv.Append(nil, tagNonce, z)), err
}

func (c *Chip) mapNonce(data []byte) ([]byte, error) {
	peer, err := object(data, tagMapOwn)
	if err != nil {
		return nil, err
	}
	if c.method.info.Mapping == security.Integrated {
		c.generator, err = c.method.integrated(c.nonce, peer)
		return template(tlv.Append(nil, tagMapPeer, nil)), err
	}
	g := c.method.group
	scalar, own, err := g.Key(g.Generator(), c.random)
	if err != nil {
		return nil, err
	}
	if c.generator, _, err = c.method.generic(c.nonce, scalar, own, peer); err != nil {
		return nil, err
	}
	if c.method.info.Mapping == security.ChipAuth {
		if c.proof, err = divided(g, c.static, scalar); err != nil {
			return nil, err
		}
	}
	return template(tlv.Append(nil, tagMapPeer, own.Bytes())), nil
}

// divided is the chip authentication data: the mapping key divided by the static
// one (Doc 9303-11 §4.4.3.5.1).
func divided(g *domain.Group, static, scalar []byte) ([]byte, error) {
	n := g.Order()
	inverse := new(big.Int).ModInverse(new(big.Int).SetBytes(static), n)
	if inverse == nil {
		return nil, ErrUnsupported
	}
	inverse.Mul(inverse, new(big.Int).SetBytes(scalar)).Mod(inverse, n)
	return inverse.FillBytes(make([]byte, (n.BitLen()+7)/8)), nil
}

func (c *Chip) agree(data []byte) ([]byte, error) {
	peer, err := object(data, tagKeyOwn)
	if err != nil {
		return nil, err
	}
	if err := c.draw(c.random); err != nil {
		return nil, err
	}
	if err := c.meet(peer); err != nil {
		return nil, err
	}
	c.peer = peer
	return template(tlv.Append(nil, tagKeyPeer, c.own.Bytes())), nil
}

func (c *Chip) prove(data []byte) ([]byte, error) {
	theirs, err := object(data, tagTokenOwn)
	if err != nil {
		return nil, err
	}
	want, err := c.token(c.own.Bytes())
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(theirs, want) != 1 {
		return nil, ErrRefused
	}
	token, err := c.token(c.peer)
	if err != nil {
		return nil, err
	}
	objects := tlv.Append(nil, tagTokenPeer, token)
	if c.method.info.Mapping == security.ChipAuth {
		sealed, err := sealChipAuth(c.method.info.Suite, c.secret, c.proof)
		if err != nil {
			return nil, err
		}
		objects = tlv.Append(objects, tagChipAuth, sealed)
	}
	return template(objects), nil
}

// Session makes the session that the run agreed on.
func (c *Chip) Session() (*apdu.Session, error) {
	if !c.ready {
		return nil, ErrRefused
	}
	return c.method.info.Suite.Session(c.secret)
}

// fill draws random bytes.
func fill(random io.Reader, b []byte) error {
	if _, err := io.ReadFull(random, b); err != nil {
		return fmt.Errorf("pace: %w", err)
	}
	return nil
}
