package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"testing"

	"github.com/tunnus-id/tunnus/document/ber"
)

func TestTablesAreWhole(t *testing.T) {
	for o, a := range algorithms {
		if o == "" || a.Scheme == "" {
			t.Errorf("%q: %v", o, a)
		}
	}
	for o, h := range hashes {
		if o == "" || !h.Available() || digestInfo[h] == "" {
			t.Errorf("%q: %v", o, h)
		}
	}
	if len(algorithms) != 11 || len(hashes) != 5 || oidRSA == "" || oidPSS == "" || oidMGF1 == "" || oidEC == "" || ber.NewOID("2.5.29.15") == "" {
		t.Error("a name is no name, or stands twice")
	}
}

// On the curves that crypto/ecdsa knows, our own way says the same.
func FuzzECDSAAgrees(f *testing.F) {
	type pair struct {
		own, std Key
		private  *ecdsa.PrivateKey
	}
	var pairs []pair
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		private, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			f.Fatal(err)
		}
		spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
		if err != nil {
			f.Fatal(err)
		}
		std, err := ParseKey(spki)
		if err != nil || std.std == nil {
			f.Fatal(err)
		}
		own := std
		own.std = nil
		pairs = append(pairs, pair{own, std, private})
	}
	f.Add(uint8(0), []byte("message"), 0, byte(0))
	f.Add(uint8(1), []byte(""), 9, byte(1))
	f.Add(uint8(2), []byte("message"), 40, byte(0))
	f.Add(uint8(3), []byte("message"), 70, byte(0x80))
	f.Fuzz(func(t *testing.T, which uint8, message []byte, at int, by byte) {
		p := pairs[int(which)%len(pairs)]
		a := Algorithm{Scheme: ECDSA, Hash: []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}[int(which)/4%5]}
		sig, err := ecdsa.SignASN1(rand.Reader, p.private, sum(a.Hash, message))
		if err != nil {
			t.Fatal(err)
		}
		sig[uint(at)%uint(len(sig))] ^= by
		got, want := p.own.Verify(a, message, sig), p.std.Verify(a, message, sig)
		if (got == nil) != (want == nil) || by == 0 && got != nil {
			t.Errorf("%v, %v: %v; want %v", p.own, a, got, want)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, name := range []string{"secp256r1", "secp384r1"} {
		c := map[string]elliptic.Curve{"secp256r1": elliptic.P256(), "secp384r1": elliptic.P384()}[name]
		private, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
		if err != nil {
			b.Fatal(err)
		}
		key, err := ParseKey(spki)
		if err != nil {
			b.Fatal(err)
		}
		a := Algorithm{Scheme: ECDSA, Hash: crypto.SHA256}
		sig, err := ecdsa.SignASN1(rand.Reader, private, sum(a.Hash, nil))
		if err != nil {
			b.Fatal(err)
		}
		own := key
		own.std = nil
		for way, k := range map[string]Key{"crypto": key, "own": own} {
			b.Run(name+"/"+way, func(b *testing.B) {
				for b.Loop() {
					if k.Verify(a, nil, sig) != nil {
						b.Fatal("refused")
					}
				}
			})
		}
	}
}
