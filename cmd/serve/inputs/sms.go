package inputs

import (
	"crypto/x509"
	"os"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/notify/sms"
)

// newGateway makes the gateway for text messages; nil without one. It does not connect.
func newGateway(c *config.SMSConfig) (sms.Gateway, error) {
	switch {
	case c == nil:
		return nil, nil
	case c.SMPP != nil:
		password, err := secret(c.SMPP.PasswordFile)
		if err != nil {
			return nil, err
		}
		roots, err := pool(c.SMPP.CAFile)
		if err != nil {
			return nil, err
		}
		return some(sms.NewSMPP(sms.SMPPConfig{
			Addr: c.SMPP.Addr, SystemID: c.SMPP.SystemID, Password: password, From: c.From,
			Plain: c.SMPP.TLS == "none", Roots: roots, Window: c.SMPP.Window,
		}))
	}
	key, err := secret(c.HTTP.SecretFile)
	if err != nil {
		return nil, err
	}
	roots, err := pool(c.HTTP.CAFile)
	if err != nil {
		return nil, err
	}
	return some(sms.NewHTTP(sms.HTTPConfig{
		URL: c.HTTP.URL, From: c.From, Body: c.HTTP.Body, Headers: c.HTTP.Headers, SecretHeader: c.HTTP.SecretHeader,
		SecretPrefix: c.HTTP.SecretPrefix, Secret: key, IDHeader: c.HTTP.IDHeader, Retry: c.HTTP.Retry, GiveUp: c.HTTP.GiveUp, Roots: roots,
	}))
}

// some is a gateway, or none if it could not be made.
func some[G sms.Gateway](g G, err error) (sms.Gateway, error) {
	if err != nil {
		return nil, err
	}
	return g, nil
}

// secret reads a file that holds one; none for no file.
func secret(path string) (tunnus.Secret, error) {
	if path == "" {
		return tunnus.Secret{}, nil
	}
	b, err := os.ReadFile(path)
	return tunnus.NewSecret(trimmed(b)), err
}

// pool reads CAs to trust; nil, which means those of the system, for no file.
func pool(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	certs, err := Certificates(path)
	if err != nil {
		return nil, err
	}
	out := x509.NewCertPool()
	for _, c := range certs {
		out.AddCert(c)
	}
	return out, nil
}
