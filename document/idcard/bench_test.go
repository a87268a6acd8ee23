package idcard_test

import (
	"testing"

	"github.com/tunnus-id/tunnus/document/idcard"
)

// A log-in with everything: token, chain, the responder's answer. Making the
// answer (an RSA-2048 signature of the virtual responder) is not counted.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	nonce := idcard.NewNonce()
	text := token(b, w.issue(b, mari(b)), nonce)
	w.config.Status = answers(func(_ string, q []byte) ([]byte, error) {
		b.StopTimer()
		defer b.StartTimer()
		return w.issuer.Answer(q, now), nil
	})
	v := validator(b, w.config)
	for b.Loop() {
		if _, err := v.Verify(b.Context(), text, nonce, now); err != nil {
			b.Fatal(err)
		}
	}
}

// What a stranger's text costs before anything of it is known.
func BenchmarkParseHostile(b *testing.B) {
	text := make([]byte, 10_000)
	for i := range text {
		text[i] = '['
	}
	for b.Loop() {
		if _, err := idcard.Parse(text); err == nil {
			b.Fatal("accepted")
		}
	}
}
