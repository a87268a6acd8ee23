package splitkey

import "testing"

func BenchmarkEvaluator(b *testing.B) {
	k, err := NewEvaluatorKey()
	if err != nil {
		b.Fatal(err)
	}
	e, err := NewEvaluator(k)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := e.Evaluate(e.pub); err != nil {
			b.Fatal(err)
		}
	}
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
