package idcard_test

import (
	"crypto"
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/virtual/card"
)

// offer lets a card show its signing certificate.
func offer(t *testing.T, c *card.Card) idcard.Offer {
	t.Helper()
	o, err := idcard.ParseOffer(encode(t, c.SigningCertificate()))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// digest is one of the application that is signed in these tests.
func digest(h crypto.Hash) []byte {
	w := h.New()
	w.Write([]byte("I want an account."))
	return w.Sum(nil)
}

// ask goes as far as the request for a signature over a text.
func (w world) ask(t *testing.T, c *card.Card) idcard.Request {
	t.Helper()
	s, err := w.CheckSigner(t.Context(), offer(t, c), mari(t).Code, now)
	if err != nil {
		t.Fatal(err)
	}
	q, err := s.Request(digest(s.Hash()))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// reply lets a card sign.
func reply(t *testing.T, c *card.Card, q idcard.Request) idcard.Reply {
	t.Helper()
	_, pin2 := c.PINs()
	s, err := c.Sign(q.Hash, q.HashFunction, pin2)
	if err != nil {
		t.Fatal(err)
	}
	r, err := idcard.ParseReply(encode(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSignature(t *testing.T) {
	w := newWorld(t)
	for algorithm, function := range map[string]string{"ES256": "SHA-256", "ES384": "SHA-384", "ES512": "SHA-512", "RS256": "SHA-256", "PS256": "SHA-256"} {
		t.Run(algorithm, func(t *testing.T) {
			o := mari(t)
			o.Algorithm = algorithm
			c := w.issue(t, o)
			q := w.ask(t, c)
			if q.HashFunction != function {
				t.Errorf("hash function %s; want %s", q.HashFunction, function)
			}
			got, err := w.VerifySignature(t.Context(), q, reply(t, c, q), o.Code, now)
			if err != nil {
				t.Fatal(err)
			}
			signature, how := got.Signature()
			if response, at := got.Status(); got.Person().Code != o.Code || len(signature) == 0 || how.HashFunction != function || len(response) == 0 || !at.Equal(now) {
				t.Errorf("the evidence is not complete")
			}
		})
	}
}

func TestSignersThatAreRefused(t *testing.T) {
	const bad = tunnus.CodeCardNotAccepted
	for _, tt := range []struct {
		name  string
		flaws []card.Flaw
		edit  func(*x509.Certificate)
		mood  card.Mood
		want  tunnus.Code
	}{
		{"another person", []card.Flaw{card.OtherSigner}, nil, "", tunnus.CodeCardOtherPerson},
		{"another CA", []card.Flaw{card.ForeignIssuer}, nil, "", bad},
		{"a log-in certificate", nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }, "", bad},
		{"a log-in certificate that may sign too", nil, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageDigitalSignature }, "", ""},
		{"expired", nil, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }, "", bad},
		{"revoked", nil, nil, card.SaysRevoked, tunnus.CodeCardRevoked},
		{"unknown", nil, nil, card.SaysUnknown, tunnus.CodeCardRevoked},
		{"no status", nil, nil, card.TryLater, tunnus.CodeCardStatusDown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			o := mari(t)
			if o.Flaws = tt.flaws; tt.edit != nil {
				o.Edit = edit(false, tt.edit)
			}
			c := w.issue(t, o)
			w.issuer.SetMood(tt.mood)
			_, err := w.CheckSigner(t.Context(), offer(t, c), o.Code, now)
			refused(t, err, tt.want)
		})
	}
}

func TestRepliesThatAreRefused(t *testing.T) {
	const bad = tunnus.CodeCardSignatureBad
	for _, tt := range []struct {
		name   string
		manner card.Manner
		spoil  func(w world, c *card.Card, q *idcard.Request, r *idcard.Reply)
		want   tunnus.Code
	}{
		{"over another digest", card.OtherDigest, nil, bad},
		{"as a SEQUENCE", card.DER, nil, bad},
		{"one byte longer", "", func(_ world, _ *card.Card, _ *idcard.Request, r *idcard.Reply) { r.Signature = append(r.Signature, 0) }, bad},
		{"with a zero between R and S", "", func(_ world, _ *card.Card, _ *idcard.Request, r *idcard.Reply) {
			r.Signature = slices.Insert(r.Signature, 48, 0)
		}, bad},
		{"one bit off", "", func(_ world, _ *card.Card, _ *idcard.Request, r *idcard.Reply) { r.Signature[5] ^= 1 }, bad},
		{"of zeros", "", func(_ world, _ *card.Card, _ *idcard.Request, r *idcard.Reply) { clear(r.Signature) }, bad},
		{"said to be RSA", "", func(_ world, _ *card.Card, _ *idcard.Request, r *idcard.Reply) {
			r.Algorithm = idcard.SignatureAlgorithm{CryptoAlgorithm: "RSA", HashFunction: "SHA-384", PaddingScheme: "PSS"}
		}, bad},
		{"said to be over another hash", "", func(_ world, _ *card.Card, _ *idcard.Request, r *idcard.Reply) { r.Algorithm.HashFunction = "SHA-256" }, bad},
		{"for a request of somebody else", "", func(_ world, _ *card.Card, q *idcard.Request, _ *idcard.Reply) { q.Hash = digest(crypto.SHA512)[:48] }, bad},
		{"and the card revoked meanwhile", "", func(w world, c *card.Card, _ *idcard.Request, _ *idcard.Reply) { w.issuer.Revoke(c, now) }, tunnus.CodeCardRevoked},
		{"and the log-in's certificate in the row", "", func(_ world, c *card.Card, q *idcard.Request, _ *idcard.Reply) {
			login, _ := c.Certificates()
			q.Certificate = login.Raw
		}, tunnus.CodeCardNotAccepted},
		{"and a row that is none", "", func(_ world, _ *card.Card, q *idcard.Request, _ *idcard.Reply) { q.HashFunction = "SHA3-384" }, tunnus.CodeInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			c := w.issue(t, mari(t))
			q := w.ask(t, c)
			if tt.manner != "" {
				c.Misbehave(tt.manner)
			}
			r := reply(t, c, q)
			if tt.spoil != nil {
				tt.spoil(w, c, &q, &r)
			}
			_, err := w.VerifySignature(t.Context(), q, r, mari(t).Code, now)
			refused(t, err, tt.want)
		})
	}
}

// Whoever logs in with one card cannot finish a signature with another's row.
func TestSignatureOfAnotherHolder(t *testing.T) {
	w := newWorld(t)
	c := w.issue(t, mari(t))
	q := w.ask(t, c)
	_, err := w.VerifySignature(t.Context(), q, reply(t, c, q), code(t, "199002140017"), now)
	refused(t, err, tunnus.CodeCardOtherPerson)
	_, err = w.VerifySignature(t.Context(), q, reply(t, c, q), tunnus.PersonCode{}, now)
	refused(t, err, tunnus.CodeInternal)
}

// A card that offers nothing we take is not asked; a digest that does not fit is not sent.
func TestChoiceOfHash(t *testing.T) {
	w := newWorld(t)
	c := w.issue(t, mari(t)) // P-384
	for offered, want := range map[string]string{"SHA-512 SHA-256": "SHA-512", "SHA-256": "SHA-256", "SHA-224 SHA3-384": "", "": ""} {
		o := offer(t, c)
		o.Algorithms = nil
		for f := range strings.FieldsSeq(offered) {
			o.Algorithms = append(o.Algorithms, idcard.SignatureAlgorithm{CryptoAlgorithm: "ECC", HashFunction: f, PaddingScheme: "NONE"})
		}
		s, err := w.CheckSigner(t.Context(), o, mari(t).Code, now)
		if want == "" {
			refused(t, err, tunnus.CodeCardNotAccepted)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if q, err := s.Request(make([]byte, s.Hash().Size())); err != nil || q.HashFunction != want {
			t.Errorf("offered %q: %q, %v; want %q", offered, q.HashFunction, err, want)
		}
		if _, err := s.Request(make([]byte, 20)); err == nil {
			t.Errorf("a digest of 20 bytes was taken")
		}
	}
}

// web-eid:1.1 brings the signing certificate with the token, in two spellings.
func TestTokenWithSigningCertificate(t *testing.T) {
	for _, manner := range []card.Manner{card.Newer, card.NewerList} {
		w := newWorld(t)
		c := w.issue(t, mari(t))
		c.Misbehave(manner)
		nonce := idcard.NewNonce()
		got, err := w.Verify(t.Context(), token(t, c, nonce), nonce, now)
		if err != nil {
			t.Fatal(err)
		}
		if *w.asked != 1 {
			t.Errorf("%s: the status of the signing certificate was asked before it was used", manner)
		}
		if len(got.Offers()) != 1 {
			t.Fatalf("%s: %d offers", manner, len(got.Offers()))
		}
		if _, err := w.CheckSigner(t.Context(), got.Offers()[0], got.Person().Code, now); err != nil {
			t.Errorf("%s: %v", manner, err)
		}
	}
}

func TestTokenWithAnotherSigningCertificate(t *testing.T) {
	rename := func(c *x509.Certificate) { c.Subject.CommonName = "MÄNNIK,MARI" }
	for _, tt := range []struct {
		name  string
		flaws []card.Flaw
		edit  func(*x509.Certificate)
		want  tunnus.Code
	}{
		{"of another person", []card.Flaw{card.OtherSigner}, nil, tunnus.CodeCardOtherPerson},
		{"of another subject", nil, rename, tunnus.CodeCardOtherPerson},
		{"not for signatures", nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }, tunnus.CodeCardNotAccepted},
		{"expired", nil, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }, tunnus.CodeCardNotAccepted},
	} {
		for _, manner := range []card.Manner{card.Newer, card.NewerList} {
			w := newWorld(t)
			o := mari(t)
			if o.Flaws = tt.flaws; tt.edit != nil {
				o.Edit = edit(false, tt.edit)
			}
			c := w.issue(t, o)
			c.Misbehave(manner)
			nonce := idcard.NewNonce()
			_, err := w.Verify(t.Context(), token(t, c, nonce), nonce, now)
			if got := tunnus.CodeOf(err); got != tt.want {
				t.Errorf("%s, %s: %v; want code %q", tt.name, manner, err, tt.want)
			}
		}
	}
}

func TestAnswersOfTheSigningCardThatCannotBeRead(t *testing.T) {
	for _, bad := range []string{
		``, `null`, `[]`, `{}`, `{"signature":"AQID"}`, `{"certificate":"AQID"}`,
		`{"signature":"AQID","signatureAlgorithm":"ES384"}`,
		`{"signature":"AQID","signature":"AQID","signatureAlgorithm":{"cryptoAlgorithm":"ECC","hashFunction":"SHA-384","paddingScheme":"NONE"}}`,
		`{"signature":"AQID","signatureAlgorithm":{"cryptoAlgorithm":"ECC","hashFunction":"SHA-384"}}`,
		`{"signature":"AQID","signatureAlgorithm":{"cryptoAlgorithm":"ECC","hashFunction":"SHA-384","paddingScheme":"PSS"}}`,
		`{"certificate":"AQID","supportedSignatureAlgorithms":{}}`, `{"certificate":7,` + offered + `}`,
		`{"certificate":"` + strings.Repeat("AAAA", 3000) + `",` + offered + `}`,
	} {
		_, err := idcard.ParseReply([]byte(bad))
		refused(t, err, tunnus.CodeCardSignatureBad)
		_, err = idcard.ParseOffer([]byte(bad))
		refused(t, err, tunnus.CodeCardSignatureBad)
	}
}
