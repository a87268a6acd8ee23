// Package token uses keys inside a key module that speaks PKCS#11 (v2.40).
//
// A module is a shared library, so it needs cgo: only a build with the tag
// pkcs11 has it, and [Open] of any other build fails with [ErrNotBuilt].
//
// A [Token] keeps AES-256 keys that wrap the keys of sealed records and are
// neither readable nor extractable ([Token.Wrapper]), signing keys
// ([Token.Signer]), and makes and uses the server's halves of holders' keys
// inside the module ([Token.MakeHalf], [Token.OpenHalf]). What a module answers
// is not believed: every signature is verified before it leaves this package or
// package sealed.
package token

import (
	"crypto"
	"errors"
)

// Config names a token and what opens it.
type Config struct {
	// Module is the shared library of the key module.
	Module string `json:"module"`
	// Label is the label of the token in it.
	Label string `json:"label"`
	// PINFile holds the user PIN of the token.
	PINFile string `json:"pin_file"`
}

// Faults lists all that is wrong. Any token is refused in a build without modules.
func (c Config) Faults() (errs []error) {
	for _, v := range []struct {
		bad bool
		err error
	}{
		{!Built, ErrNotBuilt},
		{c.Module == "", errors.New("module: missing")},
		{c.Label == "", errors.New("label: missing")},
		{c.PINFile == "", errors.New("pin_file: missing")},
	} {
		if v.bad {
			errs = append(errs, v.err)
		}
	}
	return errs
}

// ErrNotBuilt says that this binary knows no key modules.
var ErrNotBuilt = errors.New(`this binary was built without key modules; build it with CGO_ENABLED=1 and "-tags pkcs11", or choose another kind of keys`)

// ErrExists says that a key of this name is in the token already.
var ErrExists = errors.New("token: a key of this name is there already")

// An Algorithm is a kind of signing key.
type Algorithm string

// The algorithms.
const (
	RSA2048 Algorithm = "rsa-2048"
	RSA3072 Algorithm = "rsa-3072"
	RSA4096 Algorithm = "rsa-4096"
	P256    Algorithm = "p-256"
	P384    Algorithm = "p-384"
	Ed25519 Algorithm = "ed25519"
)

// A Signer is a signing key inside the token. Its Sign takes what the standard
// library's keys of the same type take (RSA: PKCS #1 v1.5 and PSS).
type Signer = crypto.Signer
