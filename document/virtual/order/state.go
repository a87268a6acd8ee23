package order

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus/document/virtual/authority"
)

// A State is who signs passports: an invented country. It serves many orders that
// name the same keys.
type State struct {
	*authority.State

	mu    sync.Mutex
	chips map[string]crypto.Signer // keys of active authentication, by kind and document number: a number keeps its chip
}

// Found makes the keys of signers that an order names, which takes as long as they
// are large.
func (o Order) Found(now time.Time) (*State, error) {
	s, err := authority.Found(o.Country, o.Document, now)
	if err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	return &State{State: s, chips: map[string]crypto.Signer{}}, nil
}

// chip is the key of a passport of that number; nil if there is to be none.
func (s *State) chip(k Key, number string) (crypto.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	which := fmt.Sprint(k, " ", number)
	if s.chips[which] == nil {
		key, err := chipKey(k)
		if err != nil || key == nil {
			return nil, err
		}
		s.chips[which] = key
	}
	return s.chips[which], nil
}

// nist is a curve whose keys crypto/x509 can write; nil if it cannot.
func nist(name string) elliptic.Curve {
	return map[string]elliptic.Curve{
		"secp224r1": elliptic.P224(), "secp256r1": elliptic.P256(), "secp384r1": elliptic.P384(), "secp521r1": elliptic.P521(),
	}[name]
}

// chipKey is a key of active authentication; nil if there is to be none.
func chipKey(k Key) (crypto.Signer, error) {
	switch {
	case k.Curve != "":
		return ecdsa.GenerateKey(nist(k.Curve), rand.Reader)
	case k.Bits != 0:
		return rsa.GenerateKey(rand.Reader, k.Bits)
	}
	return nil, nil
}
