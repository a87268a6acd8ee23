//go:build pkcs11

package token

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/miekg/pkcs11"
)

func TestSigner(t *testing.T) {
	tok := open(t, soft(t))
	digest := sha512.Sum512([]byte("message"))
	for _, tt := range []struct {
		alg  Algorithm
		opts crypto.SignerOpts
	}{
		{RSA3072, crypto.SHA512},
		{RSA3072, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA512}},
		{P256, crypto.SHA512},
		{P384, crypto.SHA512},
		{Ed25519, crypto.Hash(0)},
	} {
		t.Run(string(tt.alg), func(t *testing.T) {
			s, err := tok.CreateSigner(t.Name(), tt.alg)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tok.CreateSigner(t.Name(), tt.alg); !errors.Is(err, ErrExists) {
				t.Errorf("a second key of one label: %v", err)
			}
			again, err := tok.Signer(t.Name())
			if err != nil || !again.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(s.Public()) {
				t.Fatalf("Signer: %v", err)
			}
			sig, err := again.Sign(rand.Reader, digest[:], tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if !verifies(s.Public(), digest[:], sig, tt.opts) {
				t.Error("the signature does not verify")
			}
		})
	}
}

func TestSignerRefusesWhatIsNoDigest(t *testing.T) {
	tok := open(t, soft(t))
	s, err := tok.CreateSigner(t.Name(), RSA3072)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []crypto.Hash{0, crypto.SHA1, crypto.SHA256} {
		if _, err := s.Sign(rand.Reader, make([]byte, 20), h); err == nil {
			t.Errorf("signed 20 bytes as %v", h)
		}
	}
}

// A module that errs betrays nothing: a wrong signature is not given out.
func TestWrongSignatureIsNotGivenOut(t *testing.T) {
	tok := open(t, soft(t))
	digest := sha512.Sum512([]byte("message"))
	for _, alg := range []Algorithm{RSA2048, P256} {
		s, err := tok.CreateSigner(t.Name()+string(alg), alg)
		if err != nil {
			t.Fatal(err)
		}
		k := s.(*key)
		k.ask = func(m *pkcs11.Mechanism, input []byte) ([]byte, error) {
			out, err := k.raw(m, input)
			if err == nil {
				out[len(out)-1] ^= 1
			}
			return out, err
		}
		if sig, err := k.Sign(rand.Reader, digest[:], crypto.SHA512); err == nil {
			t.Errorf("%s: %x was given out", alg, sig)
		}
	}
}

// The standard library makes certificates with such a key.
func TestCertificate(t *testing.T) {
	tok := open(t, soft(t))
	s, err := tok.CreateSigner(t.Name(), P384)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1e9, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, s.Public(), s)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature); err != nil {
		t.Error(err)
	}
}
