package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus/document/virtual/card"
)

// CardHost is the responder that the invented state's ID-cards name. No name server
// knows it: whoever asks has to be told where it is.
const CardHost = "ocsp.cards.utopia.example:80"

// maxQuestion bounds an OCSP request.
const maxQuestion = 64 << 10

// ensureCards makes the issuer of ID-cards, and a card for each of the people.
func (w *World) ensureCards() error {
	return ensure(w.Path("cards", "issuer.json"), func() error {
		issuer, err := card.NewIssuer(w.clock.Now(), "http://ocsp.cards.utopia.example/")
		if err != nil {
			return err
		}
		all, err := People()
		if err != nil {
			return err
		}
		for _, p := range all {
			c, err := issuer.Issue(card.Order{Code: p.Code, Given: p.GivenNames, Surname: p.Surname}, w.clock.Now())
			if err != nil {
				return err
			}
			if err := writeJSON(w.Path("cards", p.Name+".json"), c); err != nil {
				return err
			}
		}
		if err := write(w.Path("cards", "ca.der"), issuer.CA().Raw); err != nil {
			return err
		}
		return writeJSON(w.Path("cards", "issuer.json"), issuer)
	})
}

// Card opens a person's ID-card, as the state has issued it: PINs that were typed
// wrong on one of them are not wrong on another.
func (w *World) Card(name string) (*card.Card, error) {
	if _, err := Find(name); err != nil { // before the name becomes a path
		return nil, err
	}
	c := new(card.Card)
	if err := readJSON(w.Path("cards", filepath.Base(name)+".json"), c); err != nil {
		return nil, fmt.Errorf("sandbox: the card of %s: %w", name, err)
	}
	return c, nil
}

// RevokeCard ends a person's ID-card.
func (w *World) RevokeCard(name string) error {
	return w.alone(func() error {
		c, err := w.Card(name)
		if err != nil {
			return err
		}
		issuer := new(card.Issuer)
		if err := readJSON(w.Path("cards", "issuer.json"), issuer); err != nil {
			return err
		}
		issuer.Revoke(c, w.clock.Now())
		return writeJSON(w.Path("cards", "issuer.json"), issuer)
	})
}

// CardStatus answers for the cards, as [CardHost]. The issuer is read anew for each
// question, so that what another process has revoked is.
func (w *World) CardStatus() http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		question, err := io.ReadAll(http.MaxBytesReader(out, r.Body, maxQuestion))
		issuer := new(card.Issuer)
		if err == nil {
			err = readJSON(w.Path("cards", "issuer.json"), issuer)
		}
		if err != nil {
			http.Error(out, "no answer", http.StatusInternalServerError)
			return
		}
		out.Header().Set("Content-Type", "application/ocsp-response")
		_, _ = out.Write(issuer.Answer(question, w.clock.Now()))
	})
}

// PortalConfig is the key "portal" of a server's configuration, for this world; its
// paths are taken from the folder named. The status of cards is answered at an
// address of yours, with [World.CardStatus].
func (w *World) PortalConfig(from, status string) (map[string]any, error) {
	ca := w.Path("cards", "ca.der")
	if _, err := os.Stat(ca); err != nil {
		return nil, err
	}
	if rel, err := filepath.Rel(from, ca); err == nil {
		ca = rel
	}
	return map[string]any{
		"cards":      []any{map[string]any{"certificate_file": ca, "countries": []string{"XX"}}},
		"responders": map[string]string{CardHost: status},
	}, nil
}
