package pace

import (
	"crypto/cipher"
	"crypto/subtle"
	"fmt"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// Instructions (ISO/IEC 7816-4 §5.4.2), and the class bit that chains commands.
const (
	insManage  = 0x22
	insGeneral = 0x86
	chained    = 0x10
)

// Keys of residues over shortResidue bits do not fit into commands of short
// length; longest is what is then asked for.
const (
	shortResidue = 1024
	longest      = 1024
)

// A Terminal is the terminal's side of one run. Start it with [Terminal.Select].
type Terminal struct {
	password  Password
	random    randomSource
	ambiguous bool
	step      step

	agreement
	nonce     []byte
	mapScalar []byte
	mapOwn    domain.Element
	mapPeer   domain.Element // the chip's, for chip authentication mapping
	mapNonce  []byte         // the terminal's, of the integrated mapping
	peer      []byte         // the chip's ephemeral key as sent
	proof     []byte         // chip authentication data
	done      bool           // the chip's token was right
}

// A step is what the next answer answers.
type step int

const (
	selecting step = iota
	asking
	mapping
	agreeing
	proving
	over
)

// NewTerminal begins a run. ambiguous is what [Choose] told.
func NewTerminal(m Method, p Password, ambiguous bool, random randomSource) *Terminal {
	return &Terminal{password: p, random: random, ambiguous: ambiguous, agreement: agreement{method: m}}
}

// Select makes the command that selects password and method (MSE:Set AT).
func (t *Terminal) Select() (apdu.Command, error) {
	oid, err := marshalOID(t.method.info.OID)
	if err != nil {
		return apdu.Command{}, err
	}
	b := tlv.Append(nil, tagMechanism, oid)
	b = tlv.Append(b, tagPassword, []byte{t.password.reference})
	if t.ambiguous {
		b = tlv.Append(b, tagDomain, []byte{byte(t.method.info.Domain)})
	}
	return apdu.Command{Ins: insManage, P1: 0xC1, P2: 0xA4, Data: b}, nil
}

// Next takes the data of the answer to the last command, which had status 9000,
// and makes the next; done is true when there is none and [Terminal.Session] may
// be called. Any error ends the run.
func (t *Terminal) Next(answer []byte) (c apdu.Command, done bool, err error) {
	var data []byte
	at := t.step
	t.step = over
	switch at {
	case selecting:
		data = template()
	case asking:
		data, err = t.takeNonce(answer)
	case mapping:
		data, err = t.takeMapping(answer)
	case agreeing:
		data, err = t.takeKey(answer)
	case proving:
		err = t.takeToken(answer)
		t.done = err == nil
	default:
		err = ErrRefused
	}
	if err != nil || t.done {
		return apdu.Command{}, t.done, err
	}
	t.step = at + 1
	c = apdu.Command{Class: chained, Ins: insGeneral, Data: data, Le: 256}
	if t.step == proving {
		c.Class = 0
	}
	if !t.method.group.Curve && t.method.group.Bits() > shortResidue {
		c.Le = longest // keys of 256 bytes need long lengths either way
	}
	return c, false, nil
}

// takeNonce decrypts the chip's nonce and makes the mapping data.
func (t *Terminal) takeNonce(answer []byte) ([]byte, error) {
	z, err := object(answer, tagNonce)
	if err != nil {
		return nil, err
	}
	suite := t.method.info.Suite
	const most = 64 // bytes; the chip chooses, but not without end
	if len(z) == 0 || len(z) > most || len(z)%suite.BlockSize() != 0 {
		return nil, fmt.Errorf("%w: nonce of %d bytes", ErrPeer, len(z))
	}
	if t.nonce, err = crypt(suite, t.password.key(suite), z, cipher.NewCBCDecrypter); err != nil {
		return nil, err
	}
	if t.method.info.Mapping == security.Integrated {
		t.mapNonce = make([]byte, suite.KeySize())
		if err := fill(t.random, t.mapNonce); err != nil {
			return nil, err
		}
		return template(tlv.Append(nil, tagMapOwn, t.mapNonce)), nil
	}
	g := t.method.group
	if t.mapScalar, t.mapOwn, err = g.Key(g.Generator(), t.random); err != nil {
		return nil, err
	}
	return template(tlv.Append(nil, tagMapOwn, t.mapOwn.Bytes())), nil
}

// takeMapping finds the generator and makes the ephemeral key.
func (t *Terminal) takeMapping(answer []byte) ([]byte, error) {
	if t.method.info.Mapping == security.Integrated {
		// The chip has nothing to say; some leave the empty object out.
		var err error
		if t.generator, err = t.method.integrated(t.nonce, t.mapNonce); err != nil {
			return nil, err
		}
	} else {
		peer, err := object(answer, tagMapPeer)
		if err != nil {
			return nil, err
		}
		if t.generator, t.mapPeer, err = t.method.generic(t.nonce, t.mapScalar, t.mapOwn, peer); err != nil {
			return nil, err
		}
	}
	if err := t.draw(t.random); err != nil {
		return nil, err
	}
	return template(tlv.Append(nil, tagKeyOwn, t.own.Bytes())), nil
}

// takeKey agrees and makes the terminal's token.
func (t *Terminal) takeKey(answer []byte) ([]byte, error) {
	var err error
	if t.peer, err = object(answer, tagKeyPeer); err != nil {
		return nil, err
	}
	if err := t.meet(t.peer); err != nil {
		return nil, err
	}
	token, err := t.token(t.peer)
	if err != nil {
		return nil, err
	}
	return template(tlv.Append(nil, tagTokenOwn, token)), nil
}

// takeToken checks the chip's token and keeps what it says of its own key.
func (t *Terminal) takeToken(answer []byte) error {
	theirs, err := object(answer, tagTokenPeer)
	if err != nil {
		return err
	}
	want, err := t.token(t.own.Bytes())
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(theirs, want) != 1 {
		return ErrRefused
	}
	if t.method.info.Mapping != security.ChipAuth {
		return nil
	}
	sealed, err := object(answer, tagChipAuth)
	if err != nil {
		return err
	}
	t.proof, err = openChipAuth(t.method.info.Suite, t.secret, sealed)
	return err
}

// Session makes the session that the run agreed on.
func (t *Terminal) Session() (*apdu.Session, error) {
	if !t.done {
		return nil, ErrRefused
	}
	return t.method.info.Suite.Session(t.secret)
}

// Confirm checks that the chip that ran chip authentication mapping has the
// private key of a public key: that of the signed ChipAuthenticationPublicKeyInfo
// (Doc 9303-11 §4.4.3.5.2).
func (t *Terminal) Confirm(g *domain.Group, static domain.Element) error {
	if t.proof == nil || g.ID != t.method.group.ID || len(t.proof) != (g.Order().BitLen()+7)/8 {
		return ErrRefused
	}
	if !g.Times(static, t.proof).Equal(t.mapPeer) {
		return ErrRefused
	}
	return nil
}
