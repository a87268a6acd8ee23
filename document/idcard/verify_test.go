package idcard_test

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/virtual/card"
)

func TestLogin(t *testing.T) {
	w := newWorld(t)
	for _, algorithm := range []string{"ES256", "ES384", "ES512", "RS256", "PS256"} {
		t.Run(algorithm, func(t *testing.T) {
			o := mari(t)
			o.Algorithm = algorithm
			nonce := idcard.NewNonce()
			got, err := w.Verify(t.Context(), token(t, w.issue(t, o), nonce), nonce, now)
			if err != nil {
				t.Fatal(err)
			}
			if p := got.Person(); p.Code != o.Code || p.Given != o.Given || p.Surname != o.Surname || p.Country != "XX" {
				t.Errorf("another person than the card was made for")
			}
			if response, at := got.Status(); len(response) == 0 || !at.Equal(now) || !got.Issuer().Equal(w.issuer.CA()) || got.Certificate() == nil {
				t.Errorf("the evidence is not complete")
			}
		})
	}
}

func TestNothingPrintsWhoLoggedIn(t *testing.T) {
	w := newWorld(t)
	nonce := idcard.NewNonce()
	got, err := w.Verify(t.Context(), token(t, w.issue(t, mari(t)), nonce), nonce, now)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", got, got, got, got, got.Person(), got.Person(), got.Person())
	if strings.Contains(all, "MARI") || strings.Contains(all, "19850723") {
		t.Errorf("printed: %s", all)
	}
}

// What a card, an app or a thief may do wrong with a token.
func TestTokensThatAreRefused(t *testing.T) {
	for _, tt := range []struct {
		manner card.Manner
		want   tunnus.Code
	}{
		{card.OtherOrigin, tunnus.CodeCardTokenBad},
		{card.OtherNonce, tunnus.CodeCardTokenBad},
		{card.Replay, tunnus.CodeCardTokenBad},
		{card.ClaimRS256, tunnus.CodeCardTokenBad},
		{card.DER, tunnus.CodeCardTokenBad},
		{card.Oversized, tunnus.CodeCardTokenBad},
		{card.Format2, tunnus.CodeCardTokenBad},
		{card.Format10, tunnus.CodeCardTokenBad},
		{card.OtherCert, tunnus.CodeCardNotAccepted},
	} {
		t.Run(string(tt.manner), func(t *testing.T) {
			w := newWorld(t)
			c := w.issue(t, mari(t))
			first := idcard.NewNonce()
			if _, err := w.Verify(t.Context(), token(t, c, first), first, now); err != nil {
				t.Fatal(err)
			}
			c.Misbehave(tt.manner)
			nonce := idcard.NewNonce()
			_, err := w.Verify(t.Context(), token(t, c, nonce), nonce, now)
			refused(t, err, tt.want)
			if *w.asked != 1 {
				t.Errorf("the responder was asked about a token that was not proved")
			}
		})
	}
}

// The algorithm is bound to the curve: a P-256 key does not sign ES384, even if
// its numbers are written as long as those of P-384.
func TestAlgorithmOfAnotherCurve(t *testing.T) {
	w := newWorld(t)
	o := mari(t)
	o.Algorithm = "ES256"
	stored := strings.Replace(string(encode(t, w.issue(t, o))), "ES256", "ES384", 1)
	var c card.Card
	if err := json.Unmarshal([]byte(stored), &c); err != nil {
		t.Fatal(err)
	}
	nonce := idcard.NewNonce()
	out, err := c.Authenticate(origin, nonce, "1234")
	if err != nil || out.Algorithm != "ES384" || len(out.Signature) != 64 {
		t.Fatalf("%s, %d bytes, %v", out.Algorithm, len(out.Signature), err)
	}
	longer := make([]byte, 96)
	copy(longer[16:], out.Signature[:32])
	copy(longer[64:], out.Signature[32:])
	out.Signature = longer
	_, err = w.Verify(t.Context(), encode(t, out), nonce, now)
	refused(t, err, tunnus.CodeCardTokenBad)
}

func TestLoginCertificatesThatAreRefused(t *testing.T) {
	const bad = tunnus.CodeCardNotAccepted
	for _, tt := range []struct {
		name  string
		flaws []card.Flaw
		edit  func(*x509.Certificate)
		want  tunnus.Code
	}{
		{"of another CA", []card.Flaw{card.ForeignIssuer}, nil, bad},
		{"with the policy of Mobile-ID", []card.Flaw{card.MobilePolicy}, nil, bad},
		{"with the arc of Mobile-ID itself", nil, policy(t, "1.3.6.1.4.1.10015.1.3"), bad},
		{"with a policy beside that arc", nil, policy(t, "1.3.6.1.4.1.10015.1.30"), ""},
		{"not for digitalSignature", nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }, bad},
		{"without key usage", nil, func(c *x509.Certificate) { c.KeyUsage = 0 }, bad},
		{"for servers", nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, bad},
		{"for clients and mail", nil, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageClientAuth}
		}, ""},
		{"without extended usage, as in Luxembourg", nil, func(c *x509.Certificate) { c.ExtKeyUsage = nil }, ""},
		{"expired", nil, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }, bad},
		{"not valid yet", nil, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) }, bad},
		{"of a CA", nil, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }, bad},
		{"without a responder", nil, func(c *x509.Certificate) { c.OCSPServer = nil }, bad},
		{"with an address that is too long", nil, func(c *x509.Certificate) { c.OCSPServer[0] += strings.Repeat("x", 600) }, bad},
		{"without a personal code", nil, func(c *x509.Certificate) { c.Subject.SerialNumber = "" }, bad},
		{"of a passport number", nil, func(c *x509.Certificate) { c.Subject.SerialNumber = "PASXX-A1234567" }, bad},
		{"with a wrong check digit", nil, func(c *x509.Certificate) { c.Subject.SerialNumber = "PNOXX-199002140018" }, bad},
		{"of a state that is not served", nil, func(c *x509.Certificate) { c.Subject.SerialNumber = "PNOQQ-1" }, tunnus.CodeEligCountry},
		{"of a state that its issuer does not number", nil, func(c *x509.Certificate) { c.Subject.SerialNumber = "PNOEE-40504040001" }, bad},
		{"without a name", nil, func(c *x509.Certificate) { c.Subject.ExtraNames = nil }, bad},
		{"without a country", nil, func(c *x509.Certificate) { c.Subject.Country = nil }, bad},
		{"with two countries", nil, func(c *x509.Certificate) { c.Subject.Country = []string{"XX", "EE"} }, bad},
		{"with two surnames", nil, func(c *x509.Certificate) {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, c.Subject.ExtraNames[0])
		}, bad},
		{"with a line break in the name", nil, func(c *x509.Certificate) { c.Subject.ExtraNames[0].Value = "MÄNNIK\nroot" }, bad},
		{"with text turned round in the name", nil, func(c *x509.Certificate) { c.Subject.ExtraNames[0].Value = "MÄNNIK\u202e" }, bad},
		{"with a name without end", nil, func(c *x509.Certificate) { c.Subject.ExtraNames[0].Value = strings.Repeat("Ä", 201) }, bad},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			o := mari(t)
			o.Flaws = tt.flaws
			if tt.edit != nil {
				o.Edit = edit(true, tt.edit)
			}
			nonce := idcard.NewNonce()
			_, err := w.Verify(t.Context(), token(t, w.issue(t, o), nonce), nonce, now)
			refused(t, err, tt.want)
		})
	}
}

func policy(t *testing.T, dotted string) func(*x509.Certificate) {
	t.Helper()
	oid, err := x509.ParseOID(dotted)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *x509.Certificate) { c.Policies = append(c.Policies, oid) }
}

func TestResponders(t *testing.T) {
	for _, tt := range []struct {
		mood card.Mood
		want tunnus.Code
	}{
		{card.Honest, ""},
		{card.SaysRevoked, tunnus.CodeCardRevoked},
		{card.SaysUnknown, tunnus.CodeCardRevoked},
		{card.Stale, tunnus.CodeCardStatusDown},
		{card.Future, tunnus.CodeCardStatusDown},
		{card.WrongNonce, tunnus.CodeCardStatusDown},
		{card.NoNonce, tunnus.CodeCardStatusDown},
		{card.Twice, tunnus.CodeCardStatusDown},
		{card.OtherCard, tunnus.CodeCardStatusDown},
		{card.Impostor, tunnus.CodeCardStatusDown},
		{card.NoRight, tunnus.CodeCardStatusDown},
		{card.Garbled, tunnus.CodeCardStatusDown},
		{card.TryLater, tunnus.CodeCardStatusDown},
		{card.NotDER, tunnus.CodeCardStatusDown},
		{card.Mute, tunnus.CodeCardStatusDown},
		{card.Huge, tunnus.CodeCardStatusDown},
	} {
		t.Run("it "+string(tt.mood), func(t *testing.T) {
			w := newWorld(t)
			w.issuer.SetMood(tt.mood)
			nonce := idcard.NewNonce()
			_, err := w.Verify(t.Context(), token(t, w.issue(t, mari(t)), nonce), nonce, now)
			refused(t, err, tt.want)
		})
	}
}

func TestRevokedCard(t *testing.T) {
	w := newWorld(t)
	c := w.issue(t, mari(t))
	w.issuer.Revoke(c, now.Add(-time.Minute))
	nonce := idcard.NewNonce()
	_, err := w.Verify(t.Context(), token(t, c, nonce), nonce, now)
	refused(t, err, tunnus.CodeCardRevoked)
}

func TestResponderDown(t *testing.T) {
	w := newWorld(t)
	w.config.Status = answers(func(string, []byte) ([]byte, error) { return nil, errDown })
	nonce := idcard.NewNonce()
	_, err := validator(t, w.config).Verify(t.Context(), token(t, w.issue(t, mari(t)), nonce), nonce, now)
	refused(t, err, tunnus.CodeCardStatusDown)
}

// A responder that does not repeat nonces is taken only if it is listed, and one
// that repeats another nonce never.
func TestListedNoNonce(t *testing.T) {
	w := newWorld(t)
	w.config.NoNonce = []string{w.issuer.URL()}
	v := validator(t, w.config)
	for mood, want := range map[card.Mood]tunnus.Code{card.NoNonce: "", card.WrongNonce: tunnus.CodeCardStatusDown, card.Honest: ""} {
		w.issuer.SetMood(mood)
		nonce := idcard.NewNonce()
		_, err := v.Verify(t.Context(), token(t, w.issue(t, mari(t)), nonce), nonce, now)
		refused(t, err, want)
	}
}

// The answer's age is bounded to the second.
func TestMaxAge(t *testing.T) {
	w := newWorld(t)
	for age, want := range map[time.Duration]tunnus.Code{idcard.DefaultMaxAge: "", idcard.DefaultMaxAge + time.Second: tunnus.CodeCardStatusDown} {
		w.config.Status = answers(func(_ string, q []byte) ([]byte, error) { return w.issuer.Answer(q, now.Add(-age)), nil })
		nonce := idcard.NewNonce()
		_, err := validator(t, w.config).Verify(t.Context(), token(t, w.issue(t, mari(t)), nonce), nonce, now)
		refused(t, err, want)
	}
}

// The CA must be valid too, not only the card.
func TestIssuerExpired(t *testing.T) {
	w := newWorld(t)
	later := now.AddDate(17, 0, 0)
	o := mari(t)
	o.Edit = func(c *x509.Certificate, _ bool) { c.NotAfter = later.AddDate(1, 0, 0) }
	nonce := idcard.NewNonce()
	_, err := w.Verify(t.Context(), token(t, w.issue(t, o), nonce), nonce, later)
	refused(t, err, tunnus.CodeCardNotAccepted)
}

func TestNonceOfTheServer(t *testing.T) {
	w := newWorld(t)
	text := token(t, w.issue(t, mari(t)), idcard.NewNonce())
	for _, nonce := range []string{"", strings.Repeat("A", 43)} {
		_, err := w.Verify(t.Context(), text, nonce, now)
		refused(t, err, tunnus.CodeInternal) // our fault, not the card's
	}
	if a, b := idcard.NewNonce(), idcard.NewNonce(); len(a) != 44 || a == b {
		t.Errorf("nonces %q, %q", a, b)
	}
}
