package voprf

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"

	"github.com/tunnus-id/tunnus/key/vectors"
)

// fixed is a phone whose blind is given.
func fixed(t *testing.T, b vectors.Block) (*Blinding, []byte) {
	t.Helper()
	pub := new(oprf.PublicKey)
	if err := pub.UnmarshalBinary(oprf.SuiteP256, b.Hex(t, "public")); err != nil {
		t.Fatal(err)
	}
	blind := group.P256.NewScalar()
	if err := blind.UnmarshalBinary(b.Hex(t, "blind")); err != nil {
		t.Fatal(err)
	}
	client := oprf.NewVerifiableClient(oprf.SuiteP256, pub)
	data, req, err := client.DeterministicBlind([][]byte{b.Hex(t, "input")}, []oprf.Blind{blind})
	if err != nil {
		t.Fatal(err)
	}
	blinded, err := req.Elements[0].MarshalBinaryCompress()
	if err != nil {
		t.Fatal(err)
	}
	return &Blinding{client: client, data: data}, blinded
}

func TestRFC9497(t *testing.T) {
	for _, b := range vectors.Read(t, "testdata/rfc9497.txt", 2, 0) {
		t.Run(b["case"], func(t *testing.T) {
			s, err := NewServer(b.Hex(t, "key"))
			if err != nil || !bytes.Equal(s.Public(), b.Hex(t, "public")) {
				t.Fatalf("NewServer = %v", err)
			}
			phone, blinded := fixed(t, b)
			if !bytes.Equal(blinded, b.Hex(t, "blinded")) {
				t.Errorf("blinded = %x", blinded)
			}
			got, err := s.evaluate(blinded, b.Hex(t, "random"))
			if err != nil || !bytes.Equal(got.Element, b.Hex(t, "element")) || !bytes.Equal(got.Proof, b.Hex(t, "proof")) {
				t.Errorf("evaluate = %x %x, %v", got.Element, got.Proof, err)
			}
			if out, err := phone.Finish(got); err != nil || !bytes.Equal(out, b.Hex(t, "output")) {
				t.Errorf("Finish = %x, %v", out, err)
			}
		})
	}
}

// Only a compressed point is evaluated: not the identity, nothing off the
// curve, no other encoding.
func TestElementVectors(t *testing.T) {
	s, _ := server(t)
	for _, b := range vectors.Read(t, "testdata/element.txt", 4, 16) {
		t.Run(b["case"], func(t *testing.T) {
			accept := b["expect"] == "accept"
			if err := CheckElement(b.Hex(t, "element")); (err == nil) != accept {
				t.Errorf("CheckElement = %v; want %s", err, b["expect"])
			}
			if e, err := s.Evaluate(b.Hex(t, "element")); (err == nil) != accept || !accept && e.Element != nil {
				t.Errorf("Evaluate = %v; want %s", err, b["expect"])
			}
		})
	}
}

// A forged proof is the server's fault, never a wrong PIN.
func TestProofVectors(t *testing.T) {
	for _, b := range vectors.Read(t, "testdata/proof.txt", 1, 22) {
		t.Run(b["case"], func(t *testing.T) {
			phone, blinded := fixed(t, b)
			if !bytes.Equal(blinded, b.Hex(t, "blinded")) {
				t.Fatalf("blinded = %x", blinded)
			}
			out, err := phone.Finish(Evaluation{b.Hex(t, "element"), b.Hex(t, "proof")})
			if b["expect"] != "accept" {
				if err != ErrProof || out != nil {
					t.Errorf("Finish = %x, %v; want ErrProof", out, err)
				}
				return
			}
			if err != nil || !bytes.Equal(out, b.Hex(t, "output")) {
				t.Errorf("Finish = %x, %v; want %s", out, err, b["output"])
			}
		})
	}
}

// A pinned key that is no point is refused before anything is blinded.
func TestBlindRefusesBadKeys(t *testing.T) {
	for _, b := range vectors.Read(t, "testdata/element.txt", 4, 16) {
		if _, _, err := Blind(b.Hex(t, "element"), []byte("x")); (err == nil) != (b["expect"] == "accept") {
			t.Errorf("%s: Blind = %v; want %s", b["case"], err, b["expect"])
		}
	}
}

// Every file is read by a test above, and each has cases.
func TestVectorFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != 3 {
		t.Errorf("vector files %v, %v; three are read", files, err)
	}
}

// What is taken has one encoding, the one that was sent.
func FuzzElement(f *testing.F) {
	s, _ := server(f)
	f.Add(s.Public())
	f.Add([]byte{0})
	f.Add(bytes.Repeat([]byte{2}, ElementSize))
	f.Fuzz(func(t *testing.T, in []byte) {
		e, err := parseElement(in)
		if err != nil {
			return
		}
		if out, err := e.MarshalBinaryCompress(); err != nil || !bytes.Equal(out, in) {
			t.Errorf("%x is %x when written again, %v", in, out, err)
		}
	})
}
