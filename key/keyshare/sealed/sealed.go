// Package sealed holds the secrets of the server's half of a key, as they lie in
// the rows of keyshare: the VOPRF key with the key of the one-time values, and
// the modulus n2 with its primes. Each kind is sealed under a key of its own,
// and each record is bound to its place: a record that was moved to another row
// does not open.
package sealed

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/key/voprf"
)

// A Sealer seals records at rest, bound to their place by aad (package hsm).
type Sealer interface {
	Seal(plain, aad []byte) ([]byte, error)
	Open(sealed, aad []byte) ([]byte, error)
}

const (
	voprfSize = 32
	otvSize   = 32
)

// An Owner is the key, in one of its generations, that secrets belong to.
type Owner struct {
	Key        string
	Generation int
}

func (o Owner) place(label string) []byte {
	return Place(label, o.Key, strconv.Itoa(o.Generation))
}

// Secrets are what a key needs to answer tries of its PIN.
type Secrets struct {
	owner Owner
	k     []byte // of the VOPRF
	otv   []byte // of the one-time values
}

// Draw draws the secrets of a key; public is that of its VOPRF key, 33 bytes.
func Draw(s Sealer, o Owner) (record, public []byte, err error) {
	otv := make([]byte, otvSize)
	_, _ = rand.Read(otv) // never fails (crypto/rand)
	return seal(s, o, otv)
}

// Renew draws the VOPRF key of the next generation. The key of the one-time
// values stays, so that those of an older generation are known for what they are.
func (x Secrets) Renew(s Sealer) (record, public []byte, err error) {
	return seal(s, Owner{x.owner.Key, x.owner.Generation + 1}, x.otv)
}

func seal(s Sealer, o Owner, otv []byte) (record, public []byte, err error) {
	scalar, err := voprf.NewKey()
	if err != nil {
		return nil, nil, err
	}
	e, err := voprf.NewServer(scalar)
	if err != nil {
		return nil, nil, err
	}
	record, err = s.Seal(append(scalar, otv...), o.place("tunnus/voprf/v1"))
	return record, e.Public(), err
}

// Open opens what [Draw] sealed, for the same owner.
func Open(s Sealer, o Owner, record []byte) (Secrets, error) {
	b, err := s.Open(record, o.place("tunnus/voprf/v1"))
	if err != nil {
		return Secrets{}, fmt.Errorf("sealed: VOPRF key: %w", err)
	}
	if len(b) != voprfSize+otvSize {
		return Secrets{}, errors.New("sealed: VOPRF key: wrong size")
	}
	return Secrets{o, b[:voprfSize], b[voprfSize:]}, nil
}

// Evaluate sees that the VOPRF key is the one that was published, and evaluates.
func (x Secrets) Evaluate(public, blinded []byte) (voprf.Evaluation, error) {
	e, err := voprf.NewServer(x.k)
	if err != nil {
		return voprf.Evaluation{}, err
	}
	if string(e.Public()) != string(public) {
		return voprf.Evaluation{}, errors.New("sealed: the VOPRF key is not the one that was published")
	}
	return e.Evaluate(blinded)
}

// OneTime makes the one-time value c ‖ HMAC(k; key id, generation, c).
func (x Secrets) OneTime(c uint64) []byte { return x.oneTime(x.owner.Generation, c) }

func (x Secrets) oneTime(generation int, c uint64) []byte {
	out := binary.BigEndian.AppendUint64(nil, c)
	mac := hmac.New(sha256.New, x.otv)
	mac.Write(Owner{x.owner.Key, generation}.place("tunnus/one-time/v1"))
	mac.Write(out)
	return mac.Sum(out)
}

// Behind tells by how much a value of a generation is older than c, the count of
// the current one: 0 if it is as old, less than 0 if we do not know it yet. ok is
// false for a value that was not made here for this key (security.md K1).
func (x Secrets) Behind(generation int, c uint64, value []byte) (n int64, ok bool) {
	if len(value) != splitkey.OneTimeSize {
		return 0, false
	}
	shown := binary.BigEndian.Uint64(value)
	return int64(c - shown), hmac.Equal(value, x.oneTime(generation, shown))
}

// Place joins words, each behind its length in four bytes: the aad of a record,
// what it is and whose.
func Place(parts ...string) (b []byte) {
	for _, p := range parts {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(p))), p...)
	}
	return b
}
