//go:build pkcs11

package token

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/miekg/pkcs11"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	wrapperSize = 32 // AES-256
	ivSize      = 12
	tagBits     = 128
)

// A wrapper is an AES-256 key of the token that encrypts and decrypts, and does
// nothing else.
type wrapper struct {
	tok   *Token
	label string
	id    uint32
	seen  atomic.Uint64 // where the key was found last; 0 if not yet
}

func idBytes(id uint32) []byte { return binary.BigEndian.AppendUint32(nil, id) }

func secretKey(label string, id uint32) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		attribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY),
		attribute(pkcs11.CKA_LABEL, label),
		attribute(pkcs11.CKA_ID, idBytes(id)),
	}
}

// Wrapper returns the wrapping key of a label and an id: AES-GCM (NIST SP
// 800-38D), whose result is nonce ‖ ciphertext ‖ tag. It fails if the token does
// not have exactly one such key, or one that could leave the token.
func (t *Token) Wrapper(label string, id uint32) (tink.AEAD, error) {
	w := &wrapper{tok: t, label: label, id: id}
	return w, t.with(func(s pkcs11.SessionHandle) error {
		h, err := w.handle(s)
		if err != nil {
			return err
		}
		return t.stays(s, h)
	})
}

// stays fails if a key could be read, or be taken out of the token.
func (t *Token) stays(s pkcs11.SessionHandle, h pkcs11.ObjectHandle) error {
	got, err := t.ctx.GetAttributeValue(s, h, []*pkcs11.Attribute{attribute(pkcs11.CKA_SENSITIVE, nil), attribute(pkcs11.CKA_EXTRACTABLE, nil)})
	if err != nil {
		return err
	}
	if len(got) != 2 || len(got[0].Value) != 1 || len(got[1].Value) != 1 || got[0].Value[0] != 1 || got[1].Value[0] != 0 {
		return errors.New("a wrapping key that could leave the token is not used")
	}
	return nil
}

func (w *wrapper) handle(s pkcs11.SessionHandle) (pkcs11.ObjectHandle, error) {
	return w.tok.one(s, fmt.Sprintf("%s %08x", w.label, w.id), secretKey(w.label, w.id)...)
}

// Encrypt implements [tink.AEAD].
func (w *wrapper) Encrypt(plain, aad []byte) (out []byte, err error) {
	iv := make([]byte, ivSize)
	_, _ = rand.Read(iv) // never fails (crypto/rand)
	err = w.tok.with(func(s pkcs11.SessionHandle) error {
		h, err := w.handle(s)
		if err != nil {
			return err
		}
		p := pkcs11.NewGCMParams(iv, aad, tagBits)
		defer p.Free()
		if err := w.tok.ctx.EncryptInit(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, p)}, h); err != nil {
			return err
		}
		sealed, err := w.tok.ctx.Encrypt(s, plain)
		if err != nil {
			return err
		}
		if used := p.IV(); len(used) == ivSize { // some modules draw their own
			iv = used
		}
		out = append(iv, sealed...)
		return nil
	})
	return out, err
}

// Decrypt implements [tink.AEAD]. It first tries where the key was found before:
// a handle that now names another key fails here, as it would not in Encrypt.
func (w *wrapper) Decrypt(sealed, aad []byte) (out []byte, err error) {
	if len(sealed) < ivSize+tagBits/8 {
		return nil, errors.New("token: too short")
	}
	if seen := w.seen.Load(); seen != 0 {
		err := w.tok.with(func(s pkcs11.SessionHandle) error {
			out, err = w.decrypt(s, pkcs11.ObjectHandle(seen), sealed, aad)
			return err
		})
		if err == nil {
			return out, nil
		}
	}
	err = w.tok.with(func(s pkcs11.SessionHandle) error {
		h, err := w.handle(s)
		if err != nil {
			return err
		}
		if out, err = w.decrypt(s, h, sealed, aad); err == nil {
			w.seen.Store(uint64(h))
		}
		return err
	})
	return out, err
}

func (w *wrapper) decrypt(s pkcs11.SessionHandle, h pkcs11.ObjectHandle, sealed, aad []byte) ([]byte, error) {
	p := pkcs11.NewGCMParams(sealed[:ivSize], aad, tagBits)
	defer p.Free()
	if err := w.tok.ctx.DecryptInit(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, p)}, h); err != nil {
		return nil, err
	}
	return w.tok.ctx.Decrypt(s, sealed[ivSize:])
}

// CreateWrapper makes the wrapping key of a label and an id. It may encrypt and
// decrypt, and never wraps: a key that can do both lets whoever may use it read
// what it has wrapped.
func (t *Token) CreateWrapper(label string, id uint32) error {
	return t.createSecret(label, id, pkcs11.CKA_ENCRYPT, pkcs11.CKA_DECRYPT)
}

// CreateHalfWrapper makes the key that wraps halves under a label and an id; it
// may wrap and unwrap keys, and encrypts nothing.
func (t *Token) CreateHalfWrapper(label string, id uint32) error {
	return t.createSecret(halfLabel(label), id, pkcs11.CKA_WRAP, pkcs11.CKA_UNWRAP)
}

func halfLabel(label string) string { return label + "-wrap" }

func (t *Token) createSecret(label string, id uint32, may ...uint) error {
	template := append(secretKey(label, id),
		attribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
		attribute(pkcs11.CKA_VALUE_LEN, wrapperSize),
		attribute(pkcs11.CKA_TOKEN, true),
		attribute(pkcs11.CKA_PRIVATE, true),
		attribute(pkcs11.CKA_SENSITIVE, true),
		attribute(pkcs11.CKA_EXTRACTABLE, false),
	)
	for _, use := range []uint{pkcs11.CKA_ENCRYPT, pkcs11.CKA_DECRYPT, pkcs11.CKA_WRAP, pkcs11.CKA_UNWRAP, pkcs11.CKA_SIGN, pkcs11.CKA_VERIFY} {
		allowed := false
		for _, m := range may {
			allowed = allowed || m == use
		}
		template = append(template, attribute(use, allowed))
	}
	return t.with(func(s pkcs11.SessionHandle) error {
		found, err := t.objects(s, secretKey(label, id)...)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return ErrExists
		}
		_, err = t.ctx.GenerateKey(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}, template)
		return err
	})
}

// Destroy forgets the wrapping keys of a label and an id for ever.
func (t *Token) Destroy(label string, id uint32) error {
	return t.with(func(s pkcs11.SessionHandle) error {
		for _, l := range []string{label, halfLabel(label)} {
			found, err := t.objects(s, secretKey(l, id)...)
			if err != nil {
				return err
			}
			for _, h := range found {
				if err := t.ctx.DestroyObject(s, h); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
