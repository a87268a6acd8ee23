package emrtd_test

import (
	"testing"

	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// SOD, DG1 and a DG2 of 17 kB, parsing included; RSA-2048 document signer,
// RSA-3072 country signer.
func BenchmarkPassiveAuthentication(b *testing.B) {
	h := ada()
	h.Chip = virtual.ChipPlain
	ev := evidence(b, must(utopia().Issue(h)))
	list := trust()
	b.Run("rsa2048", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := emrtd.Verify(ev, list, challenge, now); err != nil {
				b.Fatal(err)
			}
		}
	})
}
