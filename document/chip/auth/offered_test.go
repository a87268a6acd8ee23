package auth_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/chip/security"
)

// What is offered can be started, and what is not cannot.
func TestOffered(t *testing.T) {
	c := newChip(t, 13, security.NewAuth(true, apdu.AES128))
	lying := newChip(t, 0, security.NewAuth(true, apdu.AES128)).infos
	lying.Keys[0].Curve = true
	bad := c.infos
	bad.Keys = []security.Key{{Curve: true, SPKI: []byte{0x30, 0}}}
	for name, tt := range map[string]struct {
		infos security.Infos
		want  bool
	}{
		"a key and a way": {c.infos, true}, "a key alone": {newChip(t, 12).infos, true}, "nothing": {security.Infos{}, false},
		"a way of another kind": {newChip(t, 12, security.NewAuth(false, apdu.AES128)).infos, false},
		"a key that is none":    {bad, false}, "residues that are called points": {lying, false},
	} {
		_, err := auth.Start(tt.infos, rand.Reader)
		if got := auth.Offered(tt.infos); got != tt.want || got != (err == nil) {
			t.Errorf("%s: offered %v, started %v", name, got, err)
		}
	}
}

// A proof survives its row, and what is no row is no proof.
func TestRecall(t *testing.T) {
	file := []byte("data group 14")
	sum := sha256.Sum256(file)
	p := auth.Recall(sum[:])
	if !p.Of(file) || p.Of(nil) || !bytes.Equal(p.Sum(), sum[:]) {
		t.Errorf("%X", p.Sum())
	}
	for _, b := range [][]byte{nil, {}, sum[:31], append(sum[:], 0)} {
		if p := auth.Recall(b); !p.IsZero() || p.Of(b) {
			t.Errorf("%d bytes were recalled", len(b))
		}
	}
}
