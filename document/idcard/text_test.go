package idcard_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
)

// A text is asked for and signed as the page sends it; the evidence has all of it, and
// the signature is over that text and no other.
func TestTextIsSigned(t *testing.T) {
	w, who := newWorld(t), mari(t)
	c := w.issue(t, who)
	const text = "I agree."
	q, err := w.Ask(t.Context(), encode(t, c.SigningCertificate()), text, who.Code, now)
	if err != nil {
		t.Fatal(err)
	}
	_, pin := c.PINs()
	got, err := c.Sign(q.Hash, q.HashFunction, pin)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.Answer(t.Context(), q, encode(t, got), who.Code, now)
	if err != nil {
		t.Fatal(err)
	}
	e := signed.Evidence(text)
	signature, algorithm := signed.Signature()
	if e.Text != text || !bytes.Equal(e.Signature, signature) || e.Algorithm != algorithm || !bytes.Equal(e.Certificate, signed.Certificate().Raw) ||
		!bytes.Equal(e.Issuer, signed.Issuer().Raw) || len(e.OCSP) == 0 || !e.OCSPAt.Equal(now) {
		t.Errorf("the evidence: %+v", e)
	}
	b, err := json.Marshal(e)
	var again idcard.Evidence
	if err != nil || json.Unmarshal(b, &again) != nil || again.Text != text || !bytes.Equal(again.OCSP, e.OCSP) {
		t.Errorf("read back: %+v, %v", again, err)
	}
	other, err := w.Ask(t.Context(), encode(t, c.SigningCertificate()), text+" ", who.Code, now)
	if err != nil || bytes.Equal(other.Hash, q.Hash) {
		t.Fatalf("another text has the same digest, or %v", err)
	}
	if _, err := w.Answer(t.Context(), other, encode(t, got), who.Code, now); tunnus.CodeOf(err) != tunnus.CodeCardSignatureBad {
		t.Errorf("a signature over another text: %v", err)
	}
	for _, bad := range []string{"", "{}", `{"certificate":"AA=="}`} {
		if _, err := w.Ask(t.Context(), []byte(bad), text, who.Code, now); err == nil {
			t.Errorf("%q is asked for a signature", bad)
		}
		if _, err := w.Answer(t.Context(), q, []byte(bad), who.Code, now); err == nil {
			t.Errorf("%q is a signature", bad)
		}
	}
}
