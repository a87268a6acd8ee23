package splitkey

import (
	"slices"
	"testing"
	"time"
)

// median reports the median of what each round took, in milliseconds: what a
// person waits for, once in a while, on a phone that does other things too.
func median(b *testing.B, round func()) {
	b.Helper()
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		round()
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
}

// BenchmarkKeyGeneration is the phone's half of one key: at most 0.5 s.
func BenchmarkKeyGeneration(b *testing.B) {
	median(b, func() {
		if _, err := Generate(); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkPINToShare is all that the phone does between the PIN and the share,
// with the server's evaluation in it: at most 0.5 s, most of it Argon2id.
func BenchmarkPINToShare(b *testing.B) {
	h, _ := testHalves()
	e := evaluator(b)
	id := identity(e, h)
	blob, err := Seal(id, h, harden(b, e, id, "7391"))
	if err != nil {
		b.Fatal(err)
	}
	digest := SHA512.Sum([]byte("payload"))
	salt := random(b, SHA512.Size())
	median(b, func() {
		half, err := blob.Open(harden(b, e, id, "7391"))
		if err != nil {
			b.Fatal(err)
		}
		em, err := PSS.Encode(SHA512, digest, salt)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := half.Share(em); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkCheckModulus(b *testing.B) {
	h, _ := testHalves()
	for b.Loop() {
		if err := CheckModulus(h.modulus); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	phone, server := testHalves()
	product, _ := Join(phone.modulus, server.modulus)
	em := random(b, ProductSize)
	s1, _ := phone.Share(em)
	for b.Loop() {
		if _, err := server.Sign(product, phone.modulus, em, s1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckShare(b *testing.B) {
	phone, _ := testHalves()
	em := random(b, ProductSize)
	s1, _ := phone.Share(em)
	for b.Loop() {
		if err := CheckShare(phone.modulus, em, s1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPower(b *testing.B) {
	_, server := testHalves()
	em := random(b, ProductSize)
	for b.Loop() {
		_, _ = server.Power(em)
	}
}
