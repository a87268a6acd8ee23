package hsm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/key/hsm/token"
)

func TestSignerInAFile(t *testing.T) {
	for name, phrase := range map[string]string{"in clear": "", "encrypted": phraseFile(t, "correct horse battery staple")} {
		t.Run(name, func(t *testing.T) {
			ref := SignerRef{File: filepath.Join(t.TempDir(), "key"), PassphraseFile: phrase}
			made, err := CreateSigner(ref, token.P256)
			must(t, err)
			if _, err := CreateSigner(ref, token.P256); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a second key in one file: %v", err)
			}
			again, err := OpenSigner(ref)
			must(t, err)
			digest := sha256.Sum256([]byte("x"))
			sig, err := again.Sign(rand.Reader, digest[:], crypto.SHA256)
			must(t, err)
			if !ecdsa.VerifyASN1(made.Public().(*ecdsa.PublicKey), digest[:], sig) {
				t.Error("another key after reopening")
			}
			b, err := os.ReadFile(ref.File)
			must(t, err)
			if inClear := bytes.Contains(b, []byte(keyBlock)); inClear != (phrase == "") {
				t.Errorf("in clear: %v", inClear)
			}
		})
	}
}

func TestOpenSignerRefuses(t *testing.T) {
	phrase, other := phraseFile(t, "correct horse battery staple"), phraseFile(t, "another passphrase, and a long one")
	locked := SignerRef{File: filepath.Join(t.TempDir(), "locked"), PassphraseFile: phrase}
	open := SignerRef{File: filepath.Join(t.TempDir(), "open")}
	for _, r := range []SignerRef{locked, open} {
		_, err := CreateSigner(r, token.P256)
		must(t, err)
	}
	public := filepath.Join(t.TempDir(), "public")
	b, err := os.ReadFile(open.File)
	must(t, err)
	must(t, os.WriteFile(public, b, 0o644))
	for name, r := range map[string]SignerRef{
		"another passphrase":              {File: locked.File, PassphraseFile: other},
		"no passphrase":                   {File: locked.File},
		"a passphrase for a key in clear": {File: open.File, PassphraseFile: phrase},
		"missing":                         {File: open.File + "x"},
		"readable by others":              {File: public},
	} {
		if _, err := OpenSigner(r); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestSignerRefTellsAllFaults(t *testing.T) {
	for _, tt := range []struct {
		ref   SignerRef
		clear bool
		why   string // "" if it is good
	}{
		{SignerRef{File: "a", PassphraseFile: "b"}, false, ""},
		{SignerRef{File: "a"}, true, ""},
		{SignerRef{File: "a"}, false, "a key in clear"},
		{SignerRef{}, true, "one of them is needed"},
		{SignerRef{File: "a", Label: "b"}, true, "one of them is needed"},
		{SignerRef{File: "a", Token: token.Config{Label: "t"}}, true, "only with a label"},
		{SignerRef{Label: "a"}, true, "token: module: missing"},
	} {
		err := tt.ref.Validate(tt.clear)
		if (err == nil) != (tt.why == "") || err != nil && !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%+v: %v; want %q", tt.ref, err, tt.why)
		}
	}
}
