package sandbox

import (
	"crypto/x509"
	"encoding/json"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/idcard/revocation"
)

// Each of the people has an ID-card that a validator takes, by what the responder
// says over a socket; a card that was revoked is not taken any more.
func TestCards(t *testing.T) {
	now := time.Now()
	w, err := Open(t.TempDir(), tunnus.ClockFunc(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	responder := httptest.NewServer(w.CardStatus())
	t.Cleanup(responder.Close)
	status, err := revocation.New(map[string]string{CardHost: responder.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	ada, err := w.Card("ada")
	if err != nil {
		t.Fatal(err)
	}
	login, _ := ada.Certificates()
	const origin = "https://id.example"
	v, err := idcard.New(idcard.Config{Origin: origin, Issuers: []idcard.Issuer{{Certificate: w.cardIssuer(t), Countries: []string{"XX"}}}, Status: status})
	if err != nil {
		t.Fatal(err)
	}
	judge := func() error {
		nonce := idcard.NewNonce()
		pin, _ := ada.PINs()
		token, err := ada.Authenticate(origin, nonce, pin)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(token)
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(t.Context(), text, nonce, now)
		return err
	}
	if err := judge(); err != nil || login.Subject.CommonName == "" {
		t.Errorf("ada's card: %v", err)
	}
	if err := w.RevokeCard("ada"); err != nil {
		t.Fatal(err)
	}
	if err := judge(); tunnus.CodeOf(err) != tunnus.CodeCardRevoked {
		t.Errorf("a revoked card: %v", err)
	}
	if _, err := w.Card("../issuer"); err == nil {
		t.Error("a card of nobody")
	}
}

func (w *World) cardIssuer(t *testing.T) *x509.Certificate {
	t.Helper()
	der, err := os.ReadFile(w.Path("cards", "ca.der"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
