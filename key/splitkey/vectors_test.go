package splitkey

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/vectors"
	"github.com/tunnus-id/tunnus/key/voprf"
)

// TestVectors judges what another implementation may be tested with.
func TestVectors(t *testing.T) {
	vectors.Run(t, map[string]vectors.File{
		"modulus.txt":   {Accept: 3, Refuse: 20, Judge: judgeModulus},
		"padding.txt":   {Accept: 12, Refuse: 8, Judge: judgePadding},
		"share.txt":     {Accept: 3, Refuse: 25, Judge: judgeShare},
		"product.txt":   {Accept: 2, Refuse: 6, Judge: judgeProduct},
		"signature.txt": {Accept: 5, Refuse: 6, Judge: judgeSignature},
		"internal.txt":  {Accept: 3, Refuse: 10, Judge: judgeInternal},
		"harden.txt":    {Accept: 6, Refuse: 0, Judge: judgeHarden},
		"blob.txt":      {Accept: 1, Refuse: 13, Judge: judgeBlob},
	})
}

func identityOf(t testing.TB, b vectors.Block) Identity {
	t.Helper()
	g, err := strconv.Atoi(b["generation"])
	if err != nil {
		t.Fatal(err)
	}
	return Identity{Key: b["key"], Purpose: Purpose(b["purpose"]), Generation: g, Modulus: b.Hex(t, "modulus"), Public: b.Hex(t, "public")}
}

func judgeModulus(t *testing.T, b vectors.Block) {
	err := CheckModulus(b.Hex(t, "modulus"))
	words := map[string]string{ // of the reason, by that of the vector
		"size": "3072 bits", "even": "even", "factor": "has the factor", "prime": "modulus: prime", "power": "power", "roca": "ROCA",
	}
	why, refuse := strings.CutPrefix(b["expect"], "refuse ")
	if (err != nil) != refuse || refuse && !strings.Contains(err.Error(), words[why]) {
		t.Errorf("CheckModulus = %v; want %s", err, b["expect"])
	}
}

func judgePadding(t *testing.T, b vectors.Block) {
	em, err := Padding(b["padding"]).Encode(Hash(b["hash"]), b.Hex(t, "digest"), b.Hex(t, "salt"))
	if (err == nil) != b.Accepts() || b.Accepts() && !bytes.Equal(em, b.Hex(t, "em")) {
		t.Errorf("Encode = %x, %v; want %s", em, err, b["expect"])
	}
}

func judgeShare(t *testing.T, b vectors.Block) {
	err := CheckShare(b.Hex(t, "modulus"), b.Hex(t, "em"), b.Hex(t, "share"))
	if b.Accepts() && err != nil || !b.Accepts() && err != ErrShare {
		t.Errorf("CheckShare = %v; want %s", err, b["expect"])
	}
}

func judgeProduct(t *testing.T, b vectors.Block) {
	if err := CheckProduct(b.Hex(t, "modulus"), b.Hex(t, "own")); (err == nil) != b.Accepts() {
		t.Errorf("CheckProduct = %v; want %s", err, b["expect"])
	}
}

// Both halves, what each makes, and the whole.
func judgeSignature(t *testing.T, b vectors.Block) {
	phone, err1 := newHalf(b.Hex(t, "p1"), b.Hex(t, "q1"))
	server, err2 := newHalf(b.Hex(t, "p2"), b.Hex(t, "q2"))
	key, err3 := Join(b.Hex(t, "modulus1"), b.Hex(t, "modulus2"))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(phone.Modulus(), b.Hex(t, "modulus1")) || !bytes.Equal(server.Modulus(), b.Hex(t, "modulus2")) || !bytes.Equal(key.Modulus, b.Hex(t, "product")) {
		t.Fatal("the halves are other ones")
	}
	em := b.Hex(t, "em")
	got, err := Combine(key, phone.Modulus(), em, b.Hex(t, "share1"), b.Hex(t, "share2"))
	if !b.Accepts() {
		if err == nil || got != nil {
			t.Errorf("Combine = %x; want a refusal", got)
		}
		return
	}
	s1, err1 := phone.Share(em)
	s2, err2 := server.Share(em)
	whole, err3 := server.Sign(key, phone.Modulus(), em, s1)
	if err := errors.Join(err, err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string][]byte{"share1": s1, "share2": s2, "signature": got} {
		if !bytes.Equal(v, b.Hex(t, name)) {
			t.Errorf("%s = %x", name, v)
		}
	}
	if !bytes.Equal(whole, got) {
		t.Error("Sign and Combine differ")
	}
}

func judgeInternal(t *testing.T, b vectors.Block) {
	var extras [][]byte
	for _, x := range strings.Split(b["extras"], ",") {
		if v, err := hex.DecodeString(x); err != nil {
			t.Fatal(err)
		} else if x != "" {
			extras = append(extras, v)
		}
	}
	if err := CheckProof(b.Hex(t, "proof"), Step(b["step"]), identityOf(t, b), extras...); (err == nil) != b.Accepts() {
		t.Errorf("CheckProof = %v; want %s", err, b["expect"])
	}
}

func judgeHarden(t *testing.T, b vectors.Block) {
	id, typed := identityOf(t, b), []byte(b["pin"])
	if in := hardenInput(id, typed); !bytes.Equal(in, b.Hex(t, "input")) {
		t.Errorf("input = %x", in)
	}
	s, err := voprf.NewServer(b.Hex(t, "scalar"))
	if err != nil || !bytes.Equal(s.Public(), id.Public) {
		t.Fatalf("NewServer = %v", err)
	}
	if got, err := s.Evaluate(b.Hex(t, "blinded")); err != nil || !bytes.Equal(got.Element, b.Hex(t, "element")) {
		t.Errorf("element = %x, %v", got.Element, err)
	}
	if got := harden(t, s, id, string(typed)); !bytes.Equal(got, b.Hex(t, "hardened")) {
		t.Errorf("hardened = %x", got)
	}
}

func judgeBlob(t *testing.T, b vectors.Block) {
	blob := Blob{Identity: identityOf(t, b), Salt: b.Hex(t, "salt"), Box: b.Hex(t, "box"), Sum: b.Hex(t, "sum")}
	h, err := blob.Open(b.Hex(t, "hardened"))
	switch b["expect"] {
	case "accept":
		if err != nil || !bytes.Equal(h.pBytes, b.Hex(t, "p1")) || !bytes.Equal(h.qBytes, b.Hex(t, "q1")) {
			t.Errorf("Open = %v", err)
		}
	case "refuse pin":
		if tunnus.CodeOf(err) != tunnus.CodePINWrong {
			t.Errorf("Open = %v; want %s", err, tunnus.CodePINWrong)
		}
	case "refuse damage":
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("Open = %v; want ErrDamaged", err)
		}
	default:
		t.Errorf("expect: %s", b["expect"])
	}
}
