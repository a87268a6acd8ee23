package hsm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
	"github.com/tunnus-id/tunnus/key/hsm/token"
)

// A SignerRef says where a signing key is: of a CA, of a responder, of a log.
// Either File or Label is given.
type SignerRef struct {
	// File holds the key as PKCS #8 in PEM. With a passphrase the file is
	// encrypted by age (age-encryption.org/v1, armored), so that the age tool can
	// open it too; without one it is in clear.
	File string `json:"file"`
	// PassphraseFile holds the passphrase of File, at least 16 characters.
	PassphraseFile string `json:"passphrase_file"`
	// Label is the label of a key in Token.
	Label string       `json:"label"`
	Token token.Config `json:"token"`
}

// Complete takes relative paths from a folder.
func (r *SignerRef) Complete(dir string) {
	for _, p := range []*string{&r.File, &r.PassphraseFile, &r.Token.PINFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	if m := &r.Token.Module; *m != "" && filepath.Base(*m) != *m && !filepath.IsAbs(*m) {
		*m = filepath.Join(dir, *m)
	}
}

// Validate reports every fault at once. clear says whether a key in clear may be
// named; only a sandbox may have one.
func (r SignerRef) Validate(clear bool) error {
	var errs []error
	inFile, inToken := r.File != "", r.Label != ""
	for _, v := range []struct {
		bad bool
		why string
	}{
		{inFile == inToken, "file or label: one of them is needed"},
		{inFile && r.PassphraseFile == "" && !clear, "passphrase_file: missing; a key in clear is only for a sandbox"},
		{!inFile && r.PassphraseFile != "", "passphrase_file: only with a file"},
		{!inToken && r.Token != token.Config{}, "token: only with a label"},
	} {
		if v.bad {
			errs = append(errs, errors.New(v.why))
		}
	}
	if inToken {
		for _, err := range r.Token.Faults() {
			errs = append(errs, fmt.Errorf("token: %w", err))
		}
	}
	return errors.Join(errs...)
}

// A Signer is a signing key that is open. Close it at the end.
type Signer struct {
	crypto.Signer
	tok *token.Token
}

// Close leaves the key module, if the key is in one.
func (s *Signer) Close() error {
	if s.tok == nil {
		return nil
	}
	return s.tok.Close()
}

// OpenSigner opens a signing key: RSA, ECDSA or Ed25519. With an encrypted file
// it takes about half a second and 64 MiB, so do it once.
func OpenSigner(r SignerRef) (*Signer, error) {
	if r.Label != "" {
		t, err := token.Open(r.Token)
		if err != nil {
			return nil, err
		}
		s, err := t.Signer(r.Label)
		if err != nil {
			return nil, errors.Join(err, t.Close())
		}
		return &Signer{s, t}, nil
	}
	text, err := secretfile.Read(r.File, maxKeyset)
	if err != nil {
		return nil, fmt.Errorf("hsm: signing key: %w", err)
	}
	defer clear(text)
	if r.PassphraseFile != "" {
		if text, err = unlock(text, r.PassphraseFile); err != nil {
			return nil, fmt.Errorf("hsm: %s: %w", r.File, err)
		}
		defer clear(text)
	}
	s, err := decodeKey(text)
	if err != nil {
		return nil, fmt.Errorf("hsm: %s: %w", r.File, err)
	}
	return &Signer{Signer: s}, nil
}

const keyBlock = "PRIVATE KEY"

func decodeKey(text []byte) (crypto.Signer, error) {
	b, rest := pem.Decode(text)
	if b == nil || b.Type != keyBlock || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("not one private key (PKCS #8 in PEM), or encrypted and no passphrase is named")
	}
	defer clear(b.Bytes)
	key, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		return nil, errors.New("the private key cannot be read") // the cause might hold parts of it
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the private key cannot sign")
	}
	return s, nil
}

// CreateSigner makes a signing key where the reference says. It never writes over
// another: that is [fs.ErrExist] for a file, [token.ErrExists] for a token.
func CreateSigner(r SignerRef, a token.Algorithm) (*Signer, error) {
	if r.Label != "" {
		t, err := token.Open(r.Token)
		if err != nil {
			return nil, err
		}
		s, err := t.CreateSigner(r.Label, a)
		if err != nil {
			return nil, errors.Join(err, t.Close())
		}
		return &Signer{s, t}, nil
	}
	if err := secretfile.Absent(r.File); err != nil {
		return nil, err
	}
	s, err := generate(a)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(s)
	if err != nil {
		return nil, fmt.Errorf("hsm: %w", err)
	}
	defer clear(der)
	text := pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der})
	defer clear(text)
	if r.PassphraseFile != "" {
		if text, err = lock(text, r.PassphraseFile); err != nil {
			return nil, err
		}
	}
	return &Signer{Signer: s}, secretfile.WriteNew(r.File, text)
}

func generate(a token.Algorithm) (crypto.Signer, error) {
	switch a {
	case token.RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case token.RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case token.RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	case token.P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case token.P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case token.Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("hsm: no algorithm %q", a)
}

// workFactor is age's scrypt work factor: 2^16 rounds of 1 KiB, 64 MiB, as much
// as for a keyset's passphrase. A file that asks for more than maxWork is not tried.
const (
	workFactor = 16
	maxWork    = 20
)

// lock encrypts a key under a passphrase.
func lock(plain []byte, passphraseFile string) ([]byte, error) {
	phrase, err := secretfile.Passphrase(passphraseFile)
	if err != nil {
		return nil, err
	}
	defer clear(phrase)
	to, err := age.NewScryptRecipient(string(phrase))
	if err != nil {
		return nil, fmt.Errorf("hsm: %w", err)
	}
	to.SetWorkFactor(workFactor)
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, to)
	if err != nil {
		return nil, fmt.Errorf("hsm: %w", err)
	}
	_, err = w.Write(plain)
	if err := errors.Join(err, w.Close(), a.Close()); err != nil {
		return nil, fmt.Errorf("hsm: %w", err)
	}
	return out.Bytes(), nil
}

// unlock is the inverse of lock.
func unlock(text []byte, passphraseFile string) ([]byte, error) {
	phrase, err := secretfile.Passphrase(passphraseFile)
	if err != nil {
		return nil, err
	}
	defer clear(phrase)
	id, err := age.NewScryptIdentity(string(phrase))
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(maxWork)
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(text)), id)
	if err != nil {
		return nil, errors.New("the passphrase is not this file's, or the file is damaged or not encrypted")
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxKeyset))
	if err != nil {
		return nil, errors.New("the file is damaged")
	}
	return plain, nil
}
