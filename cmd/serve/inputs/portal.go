package inputs

import (
	"crypto/x509"
	"fmt"
	"os"

	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/enrol/place"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// Portal is what the pages of people at a computer need.
type Portal struct {
	Issuers []idcard.Issuer
	Places  place.Table
}

// readPortal reads what the portal needs; nil if there is none.
func readPortal(cfg *config.Config) (*Portal, error) {
	c := cfg.Portal
	if c == nil {
		return nil, nil
	}
	out := new(Portal)
	for i, issuer := range c.Cards {
		cert, err := certificate(issuer.CertificateFile)
		if err != nil {
			return nil, fmt.Errorf("cards[%d]: %w", i, err)
		}
		out.Issuers = append(out.Issuers, idcard.Issuer{Certificate: cert, Countries: issuer.Countries})
	}
	if c.PlacesFile != "" {
		text, err := os.ReadFile(c.PlacesFile)
		if err != nil {
			return nil, err
		}
		if out.Places, err = place.Parse(string(text)); err != nil {
			return nil, fmt.Errorf("places_file: %w", err)
		}
	}
	if cfg.Sandbox {
		out.Places = out.Places.WithLocal()
	}
	return out, nil
}

// certificate reads one certificate, PEM or DER.
func certificate(file string) (*x509.Certificate, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if list, err := pki.DecodeCertificates(b); err == nil && len(list) == 1 {
		return list[0], nil
	}
	return x509.ParseCertificate(b)
}
