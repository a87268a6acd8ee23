package hsm

import (
	"crypto/sha512"
	"testing"

	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// benchOpen opens a record as large as a server's half.
func benchOpen(b *testing.B, s *Sealer) {
	b.Helper()
	record := seal(b, s, string(make([]byte, 960)), "place")
	for b.Loop() {
		if _, err := s.Open(record, []byte("place")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) { benchOpen(b, made(b, inFile(b), Modulus).Sealer(Modulus)) }

func BenchmarkSeal(b *testing.B) {
	s, plain := made(b, inFile(b), Modulus).Sealer(Modulus), make([]byte, 960)
	for b.Loop() {
		if _, err := s.Seal(plain, []byte("place")); err != nil {
			b.Fatal(err)
		}
	}
}

// benchHalf opens a half, signs with it, and wipes it, as each signature does.
func benchHalf(b *testing.B, s sealed.Sealer) {
	b.Helper()
	n2, record, err := sealed.NewHalf(s)
	must(b, err)
	phone, err := splitkey.Generate()
	must(b, err)
	product, err := splitkey.Join(phone.Modulus(), n2)
	must(b, err)
	digest := sha512.Sum512([]byte("payload"))
	em, err := splitkey.PSS.Encode(splitkey.SHA512, digest[:], make([]byte, 64))
	must(b, err)
	share, err := phone.Share(em)
	must(b, err)
	for b.Loop() {
		h, err := sealed.OpenHalf(s, n2, record)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := h.Sign(product, phone.Modulus(), em, share); err != nil {
			b.Fatal(err)
		}
		h.Wipe()
	}
}

func BenchmarkHalf(b *testing.B) { benchHalf(b, made(b, inFile(b), Modulus).Halves()) }
