//go:build pkcs11

package token

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

var _ sealed.Power = (*Half)(nil)

func TestOpenRefuses(t *testing.T) {
	good := soft(t)
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("000000"), 0o600); err != nil {
		t.Fatal(err)
	}
	readable := filepath.Join(t.TempDir(), "readable")
	if err := os.WriteFile(readable, []byte(testPIN), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		c    Config
	}{
		{"no such module", Config{"/nowhere.so", good.Label, good.PINFile}},
		{"no such token", Config{good.Module, "another", good.PINFile}},
		{"no PIN file", Config{good.Module, good.Label, wrong + "x"}},
		{"PIN readable by others", Config{good.Module, good.Label, readable}},
		{"wrong PIN", Config{good.Module, good.Label, wrong}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tok, err := Open(tt.c); err == nil {
				_ = tok.Close()
				t.Error("opened")
			}
		})
	}
}

func TestWrapper(t *testing.T) {
	tok := open(t, soft(t))
	for _, id := range []uint32{1, 2} {
		if err := tok.CreateWrapper(t.Name(), id); err != nil {
			t.Fatal(err)
		}
	}
	if err := tok.CreateWrapper(t.Name(), 1); !errors.Is(err, ErrExists) {
		t.Errorf("a second key of one name: %v", err)
	}
	one, err1 := tok.Wrapper(t.Name(), 1)
	two, err2 := tok.Wrapper(t.Name(), 2)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	sealed, err := one.Encrypt([]byte("secret"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := one.Decrypt(sealed, []byte("place")); err != nil || string(plain) != "secret" {
		t.Errorf("Decrypt = %q, %v", plain, err)
	}
	if _, err := one.Decrypt(sealed, []byte("elsewhere")); err == nil {
		t.Error("opens at another place")
	}
	if _, err := two.Decrypt(sealed, []byte("place")); err == nil {
		t.Error("opens under another key")
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := one.Decrypt(sealed, []byte("place")); err == nil {
		t.Error("opens with a bit turned")
	}
	if err := tok.Destroy(t.Name(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := tok.Wrapper(t.Name(), 1); err == nil {
		t.Error("a key that was destroyed is there")
	}
}

// A key that could be taken out of the token is not used, whoever put it there.
func TestWrapperRefusesExtractableKeys(t *testing.T) {
	tok := open(t, soft(t))
	template := append(secretKey(t.Name(), 1), attribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES), attribute(pkcs11.CKA_VALUE_LEN, 32),
		attribute(pkcs11.CKA_TOKEN, true), attribute(pkcs11.CKA_PRIVATE, true), attribute(pkcs11.CKA_SENSITIVE, true),
		attribute(pkcs11.CKA_EXTRACTABLE, true), attribute(pkcs11.CKA_ENCRYPT, true), attribute(pkcs11.CKA_DECRYPT, true))
	err := tok.with(func(s pkcs11.SessionHandle) error {
		_, err := tok.ctx.GenerateKey(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}, template)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tok.Wrapper(t.Name(), 1); err == nil {
		t.Error("a key that can leave the token was taken")
	}
}

// No key of the token serves both for wrapping keys and for decrypting bytes.
func TestKeysHaveOneUse(t *testing.T) {
	tok := open(t, soft(t))
	if err := errors.Join(tok.CreateWrapper(t.Name(), 1), tok.CreateHalfWrapper(t.Name(), 1)); err != nil {
		t.Fatal(err)
	}
	err := tok.with(func(s pkcs11.SessionHandle) error {
		for label, want := range map[string]string{t.Name(): "[1 1 0 0]", t.Name() + "-wrap": "[0 0 1 1]"} {
			h, err := tok.one(s, label, secretKey(label, 1)...)
			if err != nil {
				return err
			}
			var got []byte
			for _, use := range []uint{pkcs11.CKA_ENCRYPT, pkcs11.CKA_DECRYPT, pkcs11.CKA_WRAP, pkcs11.CKA_UNWRAP} {
				a, err := tok.ctx.GetAttributeValue(s, h, []*pkcs11.Attribute{attribute(use, nil)})
				if err != nil {
					return err
				}
				got = append(got, a[0].Value...)
			}
			if fmt.Sprint(got) != want {
				t.Errorf("%s: encrypt, decrypt, wrap, unwrap = %v; want %s", label, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// half makes a half in a token, with the key that wraps it.
func half(t testing.TB, tok *Token) (modulus, wrapped []byte) {
	t.Helper()
	if err := tok.CreateHalfWrapper(t.Name(), 1); err != nil {
		t.Fatal(err)
	}
	modulus, wrapped, err := tok.MakeHalf(t.Name(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return modulus, wrapped
}

func TestHalf(t *testing.T) {
	tok := open(t, soft(t))
	modulus, wrapped := half(t, tok)
	if err := splitkey.CheckModulus(modulus); err != nil {
		t.Error(err)
	}
	h, err := tok.OpenHalf(t.Name(), 1, wrapped, modulus)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Wipe()
	em := bytes.Repeat([]byte{0x5a}, splitkey.ProductSize)
	s, err := h.Power(em)
	if err != nil {
		t.Fatal(err)
	}
	n, e := new(big.Int).SetBytes(modulus), big.NewInt(splitkey.Exponent)
	want := new(big.Int).Mod(new(big.Int).SetBytes(em), n)
	if got := new(big.Int).Exp(new(big.Int).SetBytes(s), e, n); got.Cmp(want) != 0 {
		t.Error("s2^e is not em")
	}
	other := bytes.Clone(modulus)
	other[7] ^= 1
	if _, err := tok.OpenHalf(t.Name(), 1, wrapped, other); err == nil {
		t.Error("opens for another modulus")
	}
	wrapped[20] ^= 1
	if _, err := tok.OpenHalf(t.Name(), 1, wrapped, modulus); err == nil {
		t.Error("opens with a bit turned")
	}
}

// Inside the token a half can be used, and nothing else.
func TestHalfDoesNotLeaveTheToken(t *testing.T) {
	tok := open(t, soft(t))
	modulus, wrapped := half(t, tok)
	h, err := tok.OpenHalf(t.Name(), 1, wrapped, modulus)
	if err != nil {
		t.Fatal(err)
	}
	err = tok.with(func(s pkcs11.SessionHandle) error {
		got, err := tok.ctx.GetAttributeValue(s, h.object, []*pkcs11.Attribute{attribute(pkcs11.CKA_PRIME_1, nil)})
		if err == nil && len(got) > 0 && len(got[0].Value) > 0 {
			t.Error("a prime can be read")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = tok.with(func(s pkcs11.SessionHandle) error {
		under, err := tok.halfKey(s, t.Name(), 1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tok.ctx.WrapKey(s, keyWrap(), under, h.object)
		return err
	})
	if err == nil {
		t.Error("an open half can be wrapped, and so be taken out")
	}
	h.Wipe()
	if _, err := h.Power(make([]byte, splitkey.ProductSize)); err == nil {
		t.Error("works after Wipe")
	}
}

func TestRewrapHalf(t *testing.T) {
	tok := open(t, soft(t))
	modulus, wrapped := half(t, tok)
	if err := tok.CreateHalfWrapper(t.Name(), 2); err != nil {
		t.Fatal(err)
	}
	again, err := tok.RewrapHalf(t.Name(), 1, 2, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Destroy(t.Name(), 1); err != nil {
		t.Fatal(err)
	}
	h, err := tok.OpenHalf(t.Name(), 2, again, modulus)
	if err != nil {
		t.Fatal(err)
	}
	h.Wipe()
	if _, err := tok.OpenHalf(t.Name(), 1, wrapped, modulus); err == nil {
		t.Error("opens under a key that was destroyed")
	}
}

// Many at once: sessions are not shared while they are used.
func TestConcurrentUse(t *testing.T) {
	tok := open(t, soft(t))
	if err := tok.CreateWrapper(t.Name(), 1); err != nil {
		t.Fatal(err)
	}
	w, err := tok.Wrapper(t.Name(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			want := fmt.Sprint("secret ", i)
			sealed, err := w.Encrypt([]byte(want), nil)
			if err != nil {
				t.Error(err)
				return
			}
			if plain, err := w.Decrypt(sealed, nil); err != nil || string(plain) != want {
				t.Errorf("%q, %v; want %q", plain, err, want)
			}
		})
	}
	all.Wait()
}
