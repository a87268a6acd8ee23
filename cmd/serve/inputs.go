package serve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/enrol/population"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/notify"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// inputs are what a configuration names: files and folders that have to be
// there before the server makes anything of its own.
type inputs struct {
	trust    *emrtd.TrustList
	register *population.Register
	models   string
	issuer   issue.Issuer
	parties  *login.Parties
	mail     *notify.Mailer
	tls      []tls.Certificate // none with plain_http
}

// readInputs reads all of them, and reports every fault at once.
func readInputs(cfg *Config, clock tunnus.Clock) (inputs, error) {
	var in inputs
	var errs []error
	for name, read := range map[string]func() error{
		"trust_list":    func() (err error) { in.trust, err = readTrustList(cfg.TrustList); return err },
		"register_file": func() (err error) { in.register, err = readRegister(cfg.RegisterFile); return err },
		"models":        func() (err error) { in.models, err = readModels(cfg.Models); return err },
		"authority":     func() (err error) { in.issuer, err = openIssuer(cfg.Authority); return err },
		"tls":           func() (err error) { in.tls, err = readTLS(cfg); return err },
		"smtp":          func() (err error) { in.mail, err = newMailer(cfg, clock); return err },
		"parties":       func() (err error) { in.parties, err = cfg.parties(); return err },
	} {
		if err := read(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return in, errors.Join(errs...)
}

func readRegister(path string) (*population.Register, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return population.Parse(b)
}

func readModels(told string) (string, error) {
	dir, err := modelFolder(told)
	if err != nil {
		return "", err
	}
	if _, err := face.Check(os.DirFS(dir)); err != nil {
		return "", fmt.Errorf("%w (make models fetches them)", err)
	}
	return dir, nil
}

func readTLS(cfg *Config) ([]tls.Certificate, error) {
	if cfg.PlainHTTP {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(cfg.TLS.CertificateFile, cfg.TLS.KeyFile)
	return []tls.Certificate{cert}, err
}

func newMailer(cfg *Config, clock tunnus.Clock) (*notify.Mailer, error) {
	m := notify.Config{
		Host: cfg.SMTP.Host, Port: cfg.SMTP.Port, TLS: notify.TLS(cfg.SMTP.TLS), From: cfg.SMTP.From, Username: cfg.SMTP.User, Clock: clock,
	}
	if cfg.SMTP.PasswordFile != "" {
		b, err := os.ReadFile(cfg.SMTP.PasswordFile)
		if err != nil {
			return nil, err
		}
		m.Password = tunnus.NewSecret(trimmed(b))
	}
	return notify.New(m)
}
