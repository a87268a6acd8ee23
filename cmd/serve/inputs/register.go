package inputs

import (
	"crypto/tls"
	"os"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/population"
)

// readRegister makes the population register that the configuration names: a file,
// or a client of a service, which is not asked yet; nil for our own table.
func readRegister(cfg *config.Config, clock tunnus.Clock) (people.Source, error) {
	c := cfg.Register
	switch {
	case c == nil:
		b, err := os.ReadFile(cfg.RegisterFile)
		if err != nil {
			return nil, err
		}
		return population.Parse(b)
	case c.Database:
		return nil, nil
	}
	token, err := secret(c.TokenFile)
	if err != nil {
		return nil, err
	}
	roots, err := pool(c.CAFile)
	if err != nil {
		return nil, err
	}
	service := population.Service{URL: c.URL, Token: token, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, Clock: clock}
	if c.CertificateFile != "" {
		own, err := tls.LoadX509KeyPair(c.CertificateFile, c.KeyFile)
		if err != nil {
			return nil, err
		}
		service.TLS.Certificates = []tls.Certificate{own}
	}
	return population.Dial(service)
}
