package keyshare

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/key/vectors"
)

// TestVectors judges what another implementation may be tested with.
func TestVectors(t *testing.T) {
	vectors.Run(t, map[string]vectors.File{
		"one-time.txt": {Accept: 9, Refuse: 10, Judge: judgeOneTime},
		"names.txt":    {Accept: 3, Refuse: 0, Judge: judgeNames},
		"messages.txt": {Accept: 11, Refuse: 25, Judge: judgeMessage},
		"change.txt":   {Accept: 2, Refuse: 11, Judge: judgeProof},
	})
}

func judgeOneTime(t *testing.T, b vectors.Block) {
	seal := newTestSealer(t)
	owner := sealed.Owner{Key: b["key"], Generation: int(b.Number(t, "generation"))}
	place := sealed.Place("tunnus/voprf/v1", owner.Key, b["generation"])
	record, err := seal.Seal(append(make([]byte, 32), b.Hex(t, "secret")...), place)
	if err != nil {
		t.Fatal(err)
	}
	x, err := sealed.Open(seal, owner, record)
	if err != nil {
		t.Fatal(err)
	}
	current := uint64(b.Number(t, "current"))
	n, ok := x.Behind(owner.Generation, current, b.Hex(t, "value"))
	if ok != b.Accepts() {
		t.Fatalf("Behind = %d, %v; want %s", n, ok, b["expect"])
	}
	if !ok {
		return
	}
	if want := b.Number(t, "behind"); n != want || !bytes.Equal(x.OneTime(current-uint64(want)), b.Hex(t, "value")) {
		t.Errorf("%d behind; want %d. The value is %x", n, want, x.OneTime(current-uint64(want)))
	}
}

func judgeNames(t *testing.T, b vectors.Block) {
	if got := keyName(b["device"], b.Hex(t, "nonce")); got != b["key"] {
		t.Errorf("key %s; want %s", got, b["key"])
	}
	if got := changeName(b["key"], b.Hex(t, "change")); got != b["transaction"] {
		t.Errorf("transaction %s; want %s", got, b["transaction"])
	}
}

func judgeMessage(t *testing.T, b vectors.Block) {
	m, ok := map[string]splitkey.Message{
		splitkey.TypeBegin: &splitkey.Begin{}, splitkey.TypeHarden: &splitkey.Harden{}, splitkey.TypeConfirm: &splitkey.Confirm{},
		splitkey.TypeStatus: &splitkey.Status{}, splitkey.TypeEvaluate: &splitkey.Evaluate{}, splitkey.TypeComplete: &splitkey.Complete{},
		splitkey.TypeChange: &splitkey.Change{}, splitkey.TypeChangeProve: &splitkey.ChangeProve{},
		splitkey.TypeChangeHarden: &splitkey.ChangeHarden{}, splitkey.TypeChangeConfirm: &splitkey.ChangeConfirm{},
	}[b["type"]]
	if !ok {
		t.Fatalf("no message %q", b["type"])
	}
	err := splitkey.Decode([]byte(b["body"]), m)
	if (err == nil) != b.Accepts() {
		t.Fatalf("Decode = %v; want %s", err, b["expect"])
	}
	if err != nil {
		return
	}
	again, err := splitkey.Encode(m)
	if err != nil || string(again) != b["body"] {
		t.Errorf("written again: %s, %v", again, err)
	}
	if sum := sha256.Sum256(again); !bytes.Equal(sum[:], b.Hex(t, "digest")) {
		t.Errorf("digest %x", sum)
	}
}

func judgeProof(t *testing.T, b vectors.Block) {
	var extras [][]byte
	for _, e := range strings.Split(b["extras"], ",") {
		extras = append(extras, vectors.Block{"extra": e}.Hex(t, "extra"))
	}
	id := splitkey.Identity{
		Key: b["key"], Purpose: splitkey.Purpose(b["purpose"]), Generation: int(b.Number(t, "generation")), Modulus: b.Hex(t, "modulus"),
	}
	if err := splitkey.CheckProof(b.Hex(t, "proof"), splitkey.Step(b["step"]), id, extras...); (err == nil) != b.Accepts() {
		t.Errorf("CheckProof = %v; want %s", err, b["expect"])
	}
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(id.Modulus), E: splitkey.Exponent}
	opts := &rsa.PSSOptions{SaltLength: sha256.Size}
	if err := rsa.VerifyPSS(pub, crypto.SHA256, b.Hex(t, "digest"), b.Hex(t, "proof"), opts); (err == nil) != b.Accepts() {
		t.Errorf("the digest is another one: %v", err)
	}
}
