package evidence

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// cardRecord is what is kept of a card's signature over a text, with what a fact says of it.
func cardRecord(t *testing.T, text string) (record []byte, detail map[string]string) {
	t.Helper()
	code, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := card.NewIssuer(began, "http://ocsp.cards.utopia.example/")
	if err != nil {
		t.Fatal(err)
	}
	c, err := issuer.Issue(card.Order{Code: code, Given: "ADA", Surname: "SAMPLE", PIN1: "1234", PIN2: "12345"}, began)
	if err != nil {
		t.Fatal(err)
	}
	v, err := idcard.New(idcard.Config{
		Origin: "https://portal.utopia.example", Issuers: []idcard.Issuer{{Certificate: issuer.CA(), Countries: []string{"XX"}}}, Status: status{issuer},
	})
	if err != nil {
		t.Fatal(err)
	}
	q, err := v.Ask(t.Context(), marshal(t, c.SigningCertificate()), text, code, began)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := c.Sign(q.Hash, q.HashFunction, "12345")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := v.Answer(t.Context(), q, marshal(t, reply), code, began)
	if err != nil {
		t.Fatal(err)
	}
	record = marshal(t, signed.Evidence(text))
	return record, map[string]string{"record": digest(record), "text": digest([]byte(text)), "certificate": digest(signed.Certificate().Raw)}
}

// status is the responder of an issuer.
type status struct{ issuer *card.Issuer }

func (s status) Answer(_ context.Context, _ string, request []byte) ([]byte, error) {
	return s.issuer.Answer(request, began), nil
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// accountRecord is the same of an account, with its certificate.
func accountRecord(t *testing.T, account, text string) (record, cert []byte, detail map[string]string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512([]byte(text))
	signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA512, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotAfter: began.Add(time.Hour), KeyUsage: x509.KeyUsageContentCommitment}
	if cert, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key); err != nil {
		t.Fatal(err)
	}
	record = marshal(t, map[string]any{"account": account, "payload": []byte(text), "signature": signature, "hash": splitkey.SHA512})
	told := sha256.Sum256(signature)
	return record, cert, map[string]string{"confirmed_by": account, "pin2": base64.RawURLEncoding.EncodeToString(told[:])}
}

// confirmedStory is a registration for which a card and the account "other" have signed.
func confirmedStory(t *testing.T) (File, proof.Key) {
	t.Helper()
	ofTerms, byCard := cardRecord(t, "It is me.")
	ofChip, cert, byAccount := accountRecord(t, "other", `{"about":"vouch"}`)
	s := story()
	maps.Copy(s[0].Detail, byCard)
	maps.Copy(s[2].Detail, byAccount)
	sum := sha256.Sum256(cert)
	s = append(s, line(9, "cert.issued", "other", map[string]string{"serial": "07", "sha256": hex.EncodeToString(sum[:])}))
	f, key := logged(t, s)
	last := len(f.Lines) - 1
	f.Confirmations = []Confirmation{{Fact: "terms", Record: ofTerms}, {Fact: "chip", Record: ofChip, Certificate: cert, Line: &f.Lines[last]}}
	f.Lines = f.Lines[:last:last]
	return f, key
}

func TestWhatOthersSigned(t *testing.T) {
	f, key := confirmedStory(t)
	r, err := Verify(f, key, tables)
	if err != nil || len(r.Signed) != 2 {
		t.Fatalf("%+v, %v", r.Signed, err)
	}
	if s := r.Signed[0]; s.Fact != "terms" || string(s.Text) != "It is me." || s.Issuer == nil || s.Account != "" || s.Certificate == nil {
		t.Errorf("of the card: %s, %q, %q", s.Fact, s.Text, s.Account)
	}
	if s := r.Signed[1]; s.Fact != "chip" || string(s.Text) != `{"about":"vouch"}` || s.Account != "other" || !bytes.Equal(s.Certificate.Raw, f.Confirmations[1].Certificate) {
		t.Errorf("of the account: %s, %q, %q", s.Fact, s.Text, s.Account)
	}
}

// Whatever is changed, left out or put in another's place is refused, and why.
func TestChangedStatementsAreRefused(t *testing.T) {
	f, key := confirmedStory(t)
	kept := func(change func(v map[string]any)) []byte {
		var v map[string]any
		if err := json.Unmarshal(f.Confirmations[1].Record, &v); err != nil {
			t.Fatal(err)
		}
		change(v)
		return marshal(t, v)
	}
	ofChip, cert, _ := accountRecord(t, "other", `{"about":"vouch"}`)
	for name, c := range map[string]struct {
		change func(card, account *Confirmation)
		why    string
	}{
		"the card's text": {func(c, _ *Confirmation) {
			c.Record = bytes.Replace(c.Record, []byte("It is me."), []byte("It is he."), 1)
		}, "not the record"},
		"the account's text": {func(_, a *Confirmation) {
			a.Record = kept(func(v map[string]any) { v["payload"] = []byte(`{"about":"other"}`) })
		}, "does not verify"},
		"the account":         {func(_, a *Confirmation) { a.Record = kept(func(v map[string]any) { v["account"] = "third" }) }, "not those that the fact names"},
		"the hash":            {func(_, a *Confirmation) { a.Record = kept(func(v map[string]any) { v["hash"] = "SHA-256" }) }, "does not verify"},
		"no hash":             {func(_, a *Confirmation) { a.Record = kept(func(v map[string]any) { v["hash"] = "" }) }, "cannot be read"},
		"another signature":   {func(_, a *Confirmation) { a.Record = ofChip }, "not those that the fact names"},
		"another certificate": {func(_, a *Confirmation) { a.Certificate = cert }, "does not name its certificate"},
		"another's line":      {func(_, a *Confirmation) { a.Line = &f.Lines[3] }, "does not name its certificate"},
		"no line":             {func(_, a *Confirmation) { a.Line = nil }, "no line of the log"},
		"the other fact":      {func(c, _ *Confirmation) { c.Fact = "keys" }, `fact "terms" is not in it`},
		"twice":               {func(c, _ *Confirmation) { c.Fact = "chip" }, "two confirmations"},
		"exchanged":           {func(c, a *Confirmation) { c.Record, a.Record = a.Record, c.Record }, "not the record"},
	} {
		g := f
		g.Confirmations = append([]Confirmation(nil), f.Confirmations...)
		c.change(&g.Confirmations[0], &g.Confirmations[1])
		if _, err := Verify(g, key, tables); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v; want %q", name, err, c.why)
		}
	}
	g := f
	g.Confirmations = append(g.Confirmations[:2:2], Confirmation{Fact: "keys", Record: ofChip})
	if _, err := Verify(g, key, tables); err == nil || !strings.Contains(err.Error(), "for which nothing was signed") {
		t.Errorf("one too many: %v", err)
	}
	g.Confirmations = nil
	if _, err := Verify(g, key, tables); err == nil || !strings.Contains(err.Error(), "is not in it") {
		t.Errorf("none: %v", err)
	}
}

// A card's signature counts, not that a digest of it was written down.
func TestNamedRecordStillHasToVerify(t *testing.T) {
	record, detail := cardRecord(t, "It is me.")
	record = bytes.Replace(record, []byte("It is me."), []byte("It is he."), 1)
	detail["record"], detail["text"] = digest(record), digest([]byte("It is he."))
	if _, err := byCard(Confirmation{Record: record}, detail, proof.Key{}); tunnus.CodeOf(err) != tunnus.CodeCardSignatureBad {
		t.Errorf("%v", err)
	}
	for _, part := range []string{"text", "certificate"} {
		record, detail := cardRecord(t, "It is me.")
		detail[part] = digest(nil)
		if _, err := byCard(Confirmation{Record: record}, detail, proof.Key{}); err == nil {
			t.Errorf("another %s than the fact names", part)
		}
	}
}
