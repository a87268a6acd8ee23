//go:build !pkcs11

package token

import "github.com/tink-crypto/tink-go/v2/tink"

// Built says whether this binary knows key modules.
const Built = false

// A Token is one token of a key module, logged in to.
type Token struct{}

// Open fails with [ErrNotBuilt].
func Open(Config) (*Token, error) { return nil, ErrNotBuilt }

// Close leaves the token.
func (*Token) Close() error { return ErrNotBuilt }

// Wrapper returns a wrapping key by label and id.
func (*Token) Wrapper(string, uint32) (tink.AEAD, error) { return nil, ErrNotBuilt }

// CreateWrapper makes a wrapping key.
func (*Token) CreateWrapper(string, uint32) error { return ErrNotBuilt }

// CreateHalfWrapper makes a key that wraps halves.
func (*Token) CreateHalfWrapper(string, uint32) error { return ErrNotBuilt }

// Destroy forgets the wrapping keys of a label and id.
func (*Token) Destroy(string, uint32) error { return ErrNotBuilt }

// Signer returns a signing key by its label.
func (*Token) Signer(string) (Signer, error) { return nil, ErrNotBuilt }

// CreateSigner makes a signing key.
func (*Token) CreateSigner(string, Algorithm) (Signer, error) { return nil, ErrNotBuilt }

// MakeHalf makes a server's half inside the token and wraps it.
func (*Token) MakeHalf(string, uint32) (modulus, wrapped []byte, err error) {
	return nil, nil, ErrNotBuilt
}

// RewrapHalf wraps a half under another key.
func (*Token) RewrapHalf(string, uint32, uint32, []byte) ([]byte, error) { return nil, ErrNotBuilt }

// A Half is a server's half inside the token.
type Half struct{}

// OpenHalf unwraps a server's half.
func (*Token) OpenHalf(string, uint32, []byte, []byte) (*Half, error) { return nil, ErrNotBuilt }

// Power returns em^d mod n2.
func (*Half) Power([]byte) ([]byte, error) { return nil, ErrNotBuilt }

// Wipe forgets the half.
func (*Half) Wipe() {}
