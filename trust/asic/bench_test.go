package asic_test

import (
	"testing"

	"github.com/tunnus-id/tunnus/trust/asic"
)

// What the phone and the server each do for one signature.
func BenchmarkPayload(b *testing.B) {
	w := theWorld(b)
	for b.Loop() {
		d, err := asic.Prepare(specimen, w.signer, noon, asic.PKCS1)
		if err != nil || len(d.Payload()) == 0 {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	w := theWorld(b)
	whole := w.long(b)
	b.SetBytes(int64(len(whole)))
	for b.Loop() {
		if _, err := asic.Verify(whole, w.trust("")); err != nil {
			b.Fatal(err)
		}
	}
}
