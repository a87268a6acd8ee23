// Package auth is chip authentication: a terminal agrees on new session keys with
// the static key that a chip has inside and a state has signed; a chip that goes
// on under these keys has the private one (ICAO Doc 9303-11 §6.2).
//
// The proof is worth something only to whoever made the ephemeral key of the
// [Exchange] himself and opened the first answer under the new session. So the
// server makes it, and hands out nothing but commands: those of
// [Exchange.Commands] are sent under the session there was, the next one is
// wrapped by the session of [Exchange.Finish]. What carries them in between
// learns nothing and can fake nothing.
//
// Whether the static key is the chip's own is for passive authentication to say:
// it must come from a data group 14 that the security object covers. So a run
// that went well gives a [Proved], which names the data group 14 that it used.
package auth

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
)

var (
	// ErrKey is a public key that is none, or fits no way of authentication.
	ErrKey = errors.New("auth: no key of chip authentication")
	// ErrUnsupported is a chip that has no chip authentication that is spoken.
	ErrUnsupported = errors.New("auth: not supported")
)

// P1 and P2 of MANAGE SECURITY ENVIRONMENT (Doc 9303-11 §6.2.4).
const (
	SelectTemplate = 0x41A4 // MSE:Set AT, for all ciphers
	AgreeTemplate  = 0x41A6 // MSE:Set KAT, for Triple DES
)

const (
	insManage  = 0x22
	insGeneral = 0x86

	tagMechanism = tlv.Tag(0x80)
	tagReference = tlv.Tag(0x84)
	tagPlainKey  = tlv.Tag(0x91)
	tagTemplate  = tlv.Tag(0x7C)
	tagKey       = tlv.Tag(0x80)
)

// An Exchange is one run, as the side that asks sees it.
type Exchange struct {
	way    security.Auth
	keyID  []byte
	group  *domain.Group
	public domain.Element
	secret []byte
	file   []byte // digest of data group 14; nil if only infos were given
}

// StartFile starts with the whole file of data group 14, so that what the run
// proves is bound to it: see [Proved]. It fails as [Start] does, and with
// [ErrKey] if the file cannot be read.
func StartFile(dg14 []byte, random io.Reader) (*Exchange, error) {
	f, _ := lds.Group(14)
	content, err := f.Open(dg14)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	infos, err := security.Read(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	x, err := Start(infos, random)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(dg14)
	x.file = digest[:]
	return x, nil
}

// Start picks the strongest way that the infos of data group 14 offer, and makes
// an ephemeral key in the group of the chip's. A chip that lists a key and no way
// means Triple DES. It fails with [ErrUnsupported] if there is no key that is spoken
// here, with [ErrKey] if nothing can be agreed on with what is there.
func Start(infos security.Infos, random io.Reader) (*Exchange, error) {
	c, err := choose(infos)
	if err != nil {
		return nil, err
	}
	g, static := c.group, c.static
	scalar, public, err := g.Key(g.Generator(), random)
	if err != nil {
		return nil, err
	}
	shared := g.Times(static, scalar)
	if g.Neutral(shared) || public.Equal(static) {
		return nil, ErrKey
	}
	return &Exchange{way: c.way, keyID: c.key.KeyID, group: g, public: public, secret: shared.Secret()}, nil
}

// A choice is a way with a key for it that could be read.
type choice struct {
	way    security.Auth
	key    security.Key
	group  *domain.Group
	static domain.Element
}

// maxTried is how many keys are looked at: chips have one or two, and some cost much.
const maxTried = 4

// choose pairs ways with their keys and takes the pair with the longest key of
// the cipher; of equals, curves. A key that cannot be read, or is on parameters that are
// not known here, is passed over: another one may do.
func choose(infos security.Infos) (choice, error) {
	ways := infos.Auth
	if len(ways) == 0 {
		for _, k := range infos.Keys {
			w := security.NewAuth(k.Curve, apdu.DES3)
			w.KeyID = k.KeyID
			ways = append(ways, w)
		}
	}
	ways = slices.Clone(ways)
	slices.SortStableFunc(ways, func(a, b security.Auth) int { return strength(b) - strength(a) })
	read := map[int]choice{} // keys that were looked at
	for _, w := range ways {
		for n, k := range infos.Keys {
			if k.Curve != w.Curve || w.KeyID != nil && !bytes.Equal(w.KeyID, k.KeyID) {
				continue
			}
			c, known := read[n]
			if !known && len(read) == maxTried {
				continue
			}
			if !known {
				if g, static, err := domain.ParseKey(k.SPKI); err == nil {
					c = choice{key: k, group: g, static: static}
				}
				read[n] = c
			}
			if c.way = w; c.group != nil && c.group.Curve == w.Curve {
				return c, nil
			}
		}
	}
	return choice{}, ErrUnsupported
}

func strength(w security.Auth) int {
	n := 2 * w.Suite.KeySize()
	if w.Suite == apdu.DES3 {
		n = 2
	}
	if w.Curve {
		n++
	}
	return n
}

// Suite is the cipher that the new session will have.
func (x *Exchange) Suite() apdu.Suite { return x.way.Suite }

// Commands are what the chip is sent, in order, under the session there was. Each
// must be answered with status 9000; the answer to the last is the last under
// that session.
func (x *Exchange) Commands() ([]apdu.Command, error) {
	var reference []byte
	if x.keyID != nil {
		reference = tlv.Append(nil, tagReference, x.keyID)
	}
	public := x.public.Bytes()
	if x.way.Suite == apdu.DES3 {
		data := append(tlv.Append(nil, tagPlainKey, public), reference...)
		return []apdu.Command{manage(AgreeTemplate, data)}, nil
	}
	oid, err := identifier(x.way)
	if err != nil {
		return nil, err
	}
	return []apdu.Command{
		manage(SelectTemplate, append(tlv.Append(nil, tagMechanism, oid), reference...)),
		{Ins: insGeneral, Data: tlv.Append(nil, tagTemplate, tlv.Append(nil, tagKey, public)), Le: 256},
	}, nil
}

func manage(template uint16, data []byte) apdu.Command {
	return apdu.Command{Ins: insManage, P1: byte(template >> 8), P2: byte(template), Data: data}
}

// identifier gives the value of the way's identifier without its tag.
func identifier(w security.Auth) ([]byte, error) {
	b, err := asn1.Marshal(w.OID)
	if err != nil {
		return nil, ErrUnsupported
	}
	return b[2:], nil // it has ten bytes
}

// Finish makes the session that follows. The chip is proved once an answer has
// been opened under it, not before.
func (x *Exchange) Finish() (*apdu.Session, error) { return x.way.Suite.Session(x.secret) }

// Selects reads MSE:Set AT or MSE:Set KAT on the chip's side: the cipher, and
// with the latter the terminal's key at once.
func Selects(c apdu.Command, offered []security.Auth) (suite apdu.Suite, key []byte, err error) {
	if uint16(c.P1)<<8|uint16(c.P2) == AgreeTemplate {
		key, err := tlv.Find(c.Data, tagPlainKey)
		if err != nil {
			return "", nil, ErrKey
		}
		return apdu.DES3, key, nil
	}
	oid, err := tlv.Find(c.Data, tagMechanism)
	if err != nil {
		return "", nil, ErrUnsupported
	}
	for _, w := range offered {
		if value, err := identifier(w); err == nil && bytes.Equal(value, oid) {
			return w.Suite, nil, nil
		}
	}
	return "", nil, ErrUnsupported
}

// Key reads the terminal's key of GENERAL AUTHENTICATE.
func Key(data []byte) ([]byte, error) {
	key, err := tlv.Find(data, tagTemplate, tagKey)
	if err != nil {
		return nil, ErrKey
	}
	return key, nil
}

// Done is the chip's answer to GENERAL AUTHENTICATE.
func Done() []byte { return tlv.Append(nil, tagTemplate, nil) }

// Answer makes the chip's side of the session from its private key and the
// terminal's public one.
func Answer(g *domain.Group, static []byte, suite apdu.Suite, key []byte) (*apdu.Session, error) {
	e, err := g.Element(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return suite.Session(g.Times(e, static).Secret())
}
