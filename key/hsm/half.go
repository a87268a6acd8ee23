package hsm

import (
	"encoding/binary"
	"errors"

	"github.com/tunnus-id/tunnus/key/hsm/token"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
)

// A tokenRecord is a server's half that was made inside a key module, and is
// wrapped there: mark ‖ id of the wrapping key ‖ RFC 5649. The mark is no
// length that an envelope can begin with.
type tokenRecord struct {
	key     uint32
	wrapped []byte
}

const halfMark = "\xffTH1"

func parseTokenRecord(b []byte) (tokenRecord, bool) {
	if len(b) <= len(halfMark)+4 || string(b[:len(halfMark)]) != halfMark {
		return tokenRecord{}, false
	}
	b = b[len(halfMark):]
	return tokenRecord{binary.BigEndian.Uint32(b), b[4:]}, true
}

func (r tokenRecord) encode() []byte {
	return append(binary.BigEndian.AppendUint32([]byte(halfMark), r.key), r.wrapped...)
}

// tokenHalves keeps the server's halves in a key module. It implements
// [sealed.HalfKeeper]. The modulus is its own binding: a half that was moved to
// another row has another one, and its signature is not released.
type tokenHalves struct {
	*Sealer
	tok *token.Token
}

var _ sealed.HalfKeeper = (*tokenHalves)(nil)

// MakeHalf implements [sealed.HalfKeeper].
func (h *tokenHalves) MakeHalf() (modulus, record []byte, err error) {
	if err := h.load(); err != nil {
		return nil, nil, err
	}
	id, err := number(h.now.Load().doc.Seals)
	if err != nil {
		return nil, nil, err
	}
	modulus, wrapped, err := h.tok.MakeHalf(tokenLabel(h.name), id)
	return modulus, tokenRecord{id, wrapped}.encode(), err
}

// OpenHalf implements [sealed.HalfKeeper].
func (h *tokenHalves) OpenHalf(modulus, record []byte) (sealed.Power, bool, error) {
	r, ok := parseTokenRecord(record)
	if !ok {
		return nil, false, nil
	}
	if err := h.know(record); err != nil {
		return nil, false, err
	}
	p, err := h.tok.OpenHalf(tokenLabel(h.name), r.key, r.wrapped, modulus)
	if err != nil {
		return nil, false, err
	}
	return p, true, nil
}

// rewrapHalf brings a half to the newest key, inside the module.
func (s *Sealer) rewrapHalf(st *keysetState, r tokenRecord) ([]byte, bool, error) {
	if s.tok == nil {
		return nil, false, errors.New("hsm: a record of a key module, which the configuration does not name")
	}
	seals, err := number(st.doc.Seals)
	if err != nil {
		return nil, false, err
	}
	wrapped, err := s.tok.RewrapHalf(tokenLabel(s.name), r.key, seals, r.wrapped)
	if err != nil {
		return nil, false, err
	}
	return tokenRecord{seals, wrapped}.encode(), true, nil
}
