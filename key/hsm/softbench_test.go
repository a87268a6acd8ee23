//go:build pkcs11

package hsm

import "testing"

func BenchmarkOpenSoftHSM(b *testing.B) {
	benchOpen(b, made(b, inToken(b, "bench", false), Modulus).Sealer(Modulus))
}

func BenchmarkHalfSoftHSM(b *testing.B) {
	benchHalf(b, made(b, inToken(b, "bench", true), Modulus).Halves())
}
