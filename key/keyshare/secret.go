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
func (s *Service) newSecrets(k *Key) error {
	scalar, err := splitkey.NewEvaluatorKey()
	if err != nil {
		return err
	}
	e, err := splitkey.NewEvaluator(scalar)
	if err != nil {
		return err
	}
	k.Public = e.Public()
	k.SealedVOPRF, err = s.SealVOPRF.Seal(append(scalar, draw(otvSize)...), voprfPlace(*k))
	return err
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

// evaluate sees that the VOPRF key is the key's own, and evaluates.
func (x secrets) evaluate(k Key, blinded []byte) (splitkey.Evaluated, error) {
	e, err := splitkey.NewEvaluator(x.k)
	if err != nil {
		return splitkey.Evaluated{}, err
	}
	if string(e.Public()) != string(k.Public) {
		return splitkey.Evaluated{}, errors.New("keyshare: the VOPRF key is not the one that was published")
	}
	return e.Evaluate(blinded)
}

func halfPlace(modulus []byte) []byte { return place("tunnus/half/v1", string(modulus)) }

// openHalf opens the server's half of a key.
func (s *Service) openHalf(k Key) (*splitkey.Half, error) {
	n2, err := splitkey.Product{Modulus: k.Product}.Other(k.Modulus)
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

// oneTime makes the one-time value c ‖ HMAC(k; key id, generation, c).
func (x secrets) oneTime(k Key, c uint64) []byte {
	out := binary.BigEndian.AppendUint64(nil, c)
	mac := hmac.New(sha256.New, x.otv)
	mac.Write(place("tunnus/one-time/v1", k.ID, strconv.Itoa(k.Generation)))
	mac.Write(out)
	return mac.Sum(out)
}

// behind tells by how much a value is older than the current one: 0 if it is
// the current one, less if we do not know it yet. ok is false for a value that
// was not made here for this key (K1).
func (x secrets) behind(k Key, value []byte) (n int64, ok bool) {
	if len(value) != splitkey.OneTimeSize {
		return 0, false
	}
	c := binary.BigEndian.Uint64(value)
	return int64(k.Counter - c), hmac.Equal(value, x.oneTime(k, c))
}
