package idcard_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/virtual/card"
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
	if card, issuer, err := again.Verify(); err != nil || !card.Equal(signed.Certificate()) || !issuer.Equal(signed.Issuer()) {
		t.Errorf("judged again: %v", err)
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

// Evidence in which anything was changed is refused, whoever else's card has signed.
func TestEvidenceThatWasChanged(t *testing.T) {
	w, who := newWorld(t), mari(t)
	sign := func(o card.Order) idcard.Evidence {
		c := w.issue(t, o)
		q := w.ask(t, c)
		signed, err := w.VerifySignature(t.Context(), q, reply(t, c, q), o.Code, now)
		if err != nil {
			t.Fatal(err)
		}
		return signed.Evidence("I want an account.")
	}
	good, rsa := sign(who), who
	rsa.Algorithm = "PS256"
	other := sign(rsa)
	for name, change := range map[string]func(e *idcard.Evidence){
		"the text":              func(e *idcard.Evidence) { e.Text += " Two." },
		"the signature":         func(e *idcard.Evidence) { e.Signature = append([]byte{e.Signature[0] ^ 1}, e.Signature[1:]...) },
		"no signature":          func(e *idcard.Evidence) { e.Signature = nil },
		"another card":          func(e *idcard.Evidence) { e.Certificate = other.Certificate },
		"another hash":          func(e *idcard.Evidence) { e.Algorithm.HashFunction = "SHA-512" },
		"a hash of nobody":      func(e *idcard.Evidence) { e.Algorithm.HashFunction = "MD5" },
		"another kind of key":   func(e *idcard.Evidence) { e.Algorithm.CryptoAlgorithm = "RSA" },
		"no certificate":        func(e *idcard.Evidence) { e.Certificate = nil },
		"no issuer":             func(e *idcard.Evidence) { e.Issuer = nil },
		"an issuer of nobody":   func(e *idcard.Evidence) { e.Issuer = e.Certificate },
		"another card's status": func(e *idcard.Evidence) { e.OCSP = other.OCSP },
		"no status":             func(e *idcard.Evidence) { e.OCSP = nil },
		"another time":          func(e *idcard.Evidence) { e.OCSPAt = e.OCSPAt.Add(time.Minute) },
	} {
		for _, e := range []idcard.Evidence{good, other} {
			if name == "another card" || name == "another card's status" || name == "another kind of key" {
				e = good
			}
			change(&e)
			if _, _, err := e.Verify(); tunnus.CodeOf(err) != tunnus.CodeCardSignatureBad {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
