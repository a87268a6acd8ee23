package keyshare

import (
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// openSecrets opens what a key needs to answer tries.
func (s *Service) openSecrets(k Key) (sealed.Secrets, error) {
	return sealed.Open(s.SealVOPRF, k.Owner(), k.SealedVOPRF)
}

// openHalf opens the server's half of a key.
func (s *Service) openHalf(k Key) (sealed.HalfSigner, error) {
	n2, err := splitkey.Product{Modulus: k.Product}.Other(k.Modulus)
	if err != nil {
		return nil, err
	}
	return sealed.OpenHalf(s.SealModulus, n2, k.SealedHalf)
}
