package keyshare

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

const (
	voprfSize = 32
	otvSize   = 32
)

// secrets is what SealedVOPRF holds: k ‖ key of the one-time values.
type secrets struct {
	k   []byte
	otv []byte
}

func voprfPlace(k Key) []byte {
	return place("tunnus/voprf/v1", k.ID, strconv.Itoa(k.Generation))
}

// newSecrets draws and seals the secrets of a key, and sets its public key.
func (s *Service) newSecrets(k *Key) (secrets, error) {
	scalar, err := splitkey.NewEvaluatorKey()
	if err != nil {
		return secrets{}, err
	}
	e, err := splitkey.NewEvaluator(scalar)
	if err != nil {
		return secrets{}, err
	}
	out := secrets{scalar, draw(otvSize)}
	k.Public = e.Public()
	k.SealedVOPRF, err = s.SealVOPRF.Seal(append(append([]byte(nil), out.k...), out.otv...), voprfPlace(*k))
	if err != nil {
		return secrets{}, fmt.Errorf("keyshare: sealing: %w", err)
	}
	return out, nil
}

func (s *Service) openSecrets(k Key) (secrets, error) {
	b, err := s.SealVOPRF.Open(k.SealedVOPRF, voprfPlace(k))
	if err != nil {
		return secrets{}, fmt.Errorf("keyshare: VOPRF key: %w", err)
	}
	if len(b) != voprfSize+otvSize {
		return secrets{}, errors.New("keyshare: VOPRF key: wrong size")
	}
	return secrets{b[:voprfSize], b[voprfSize:]}, nil
}

// evaluator makes the evaluator of a key, and sees that it is the key's own.
func (x secrets) evaluator(k Key) (*splitkey.Evaluator, error) {
	e, err := splitkey.NewEvaluator(x.k)
	if err != nil {
		return nil, err
	}
	if string(e.Public()) != string(k.Public) {
		return nil, errors.New("keyshare: the VOPRF key is not the one that was published")
	}
	return e, nil
}

func halfPlace(modulus []byte) []byte { return place("tunnus/half/v1", string(modulus)) }

// openHalf opens the server's half of a key.
func (s *Service) openHalf(k Key) (*splitkey.Half, error) {
	n2, err := otherHalf(k)
	if err != nil {
		return nil, err
	}
	b, err := s.SealModulus.Open(k.SealedHalf, halfPlace(n2))
	if err != nil {
		return nil, fmt.Errorf("keyshare: server's half: %w", err)
	}
	defer clear(b)
	return splitkey.UnmarshalHalf(b)
}

// An age says how a one-time value that was shown compares with the current one.
type age string

const (
	forged   age = "forged"   // not made by us for this key
	older    age = "older"    // rotated away
	previous age = "previous" // the one before the current
	current  age = "current"
	ahead    age = "ahead" // made by us, but we do not know: our loss
)

// oneTime makes the one-time value c ‖ HMAC(k; key id, generation, c).
func (x secrets) oneTime(k Key, c uint64) []byte {
	out := binary.BigEndian.AppendUint64(nil, c)
	mac := hmac.New(sha256.New, x.otv)
	mac.Write(place("tunnus/one-time/v1", k.ID, strconv.Itoa(k.Generation)))
	mac.Write(out)
	return mac.Sum(out)
}

// judge tells the age of a value (K1).
func (x secrets) judge(k Key, value []byte) age {
	if len(value) != splitkey.OneTimeSize {
		return forged
	}
	c := binary.BigEndian.Uint64(value)
	switch {
	case !hmac.Equal(value, x.oneTime(k, c)):
		return forged
	case c == k.Counter:
		return current
	case c > k.Counter:
		return ahead
	case c+1 == k.Counter:
		return previous
	}
	return older
}
