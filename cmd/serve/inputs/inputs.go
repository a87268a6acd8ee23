// Package inputs reads the files and folders that a configuration names, before
// the server makes anything of its own.
package inputs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/engine"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/notify"
	"github.com/tunnus-id/tunnus/notify/sms"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// Inputs are what a configuration names. A process has those of its roles.
type Inputs struct {
	// Role front.
	Trust    *trustlist.List
	Register people.Source // nil if it is the table of our own database
	Faces    engine.Choice // what compares faces
	Parties  *login.Parties
	Mail     *notify.Mailer
	SMS      sms.Gateway       // nil if codes go by e-mail only
	TLS      []tls.Certificate // none with plain_http
	Portal   *Portal           // nil if there is none
	// Roles front and issue.
	Root, Issuing *x509.Certificate
	// Role issue.
	Issuer    issue.Issuer
	Stamper   *issue.Issuer // nil if there are no time-stamps
	Responder *issue.Issuer // nil if the responder makes its own key
	RootList  []byte        // revocation list of the root, DER; nil if there is none
	// Rules are those of the scheme; other roles than front may have none.
	Rules scheme.Rules
	// Remote is what other processes are called with, and call with.
	Remote Remote
}

// Read reads all of them, and reports every fault at once.
func Read(cfg *config.Config, clock tunnus.Clock) (Inputs, error) {
	var in Inputs
	var errs []error
	for _, r := range []struct {
		name string
		role config.Role // "" for all
		read func() error
	}{
		{"trust_list", config.Front, func() (err error) { in.Trust, err = TrustList(cfg.TrustList); return err }},
		{"scheme_file", "", func() (err error) { in.Rules, err = readRules(cfg); return err }},
		{"register_file", config.Front, func() (err error) { in.Register, err = readRegister(cfg, clock); return err }},
		{"models", config.Front, func() (err error) { in.Faces, err = readFaces(cfg, in.Rules); return err }},
		{"tls", config.Front, func() (err error) { in.TLS, err = readTLS(cfg); return err }},
		{"smtp", config.Front, func() (err error) { in.Mail, err = newMailer(cfg, clock); return err }},
		{"sms", config.Front, func() (err error) { in.SMS, err = newGateway(cfg.SMS); return err }},
		{"portal", config.Front, func() (err error) { in.Portal, err = readPortal(cfg); return err }},
		{"parties", config.Front, func() (err error) { in.Parties, err = cfg.Parties(); return err }},
		{"secrets", config.Front, func() error { return ownSecrets(cfg) }},
		{"authority", config.Issue, func() (err error) { in.Issuer, err = Issuer(cfg.Authority); return err }},
		{"authority", config.Issue, func() (err error) { in.Stamper, err = Stamper(cfg.Authority); return err }},
		{"authority", config.Issue, func() (err error) { in.Responder, err = Responder(cfg.Authority); return err }},
		{"authority", "", func() error { return in.readAuthority(cfg) }},
		{"remote", "", func() (err error) { in.Remote, err = readRemote(cfg, clock); return err }},
	} {
		if r.role != "" && !cfg.Roles.Has(r.role) {
			continue
		}
		if err := r.read(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.name, err))
		}
	}
	return in, errors.Join(errs...)
}

// ownSecrets refuses secrets that belong to a process with another role.
func ownSecrets(cfg *config.Config) error {
	var errs []error
	if !cfg.Roles.Has(config.Issue) {
		for _, name := range []string{config.IssuingKeyFile, config.StampKeyFile, config.ResponderKeyFile} {
			errs = append(errs, absent(cfg.Authority.Folder, name, config.Issue))
		}
	}
	if !cfg.Roles.Has(config.Keyshare) {
		for _, name := range []string{hsm.VOPRF, hsm.Modulus} {
			errs = append(errs, absent(cfg.Keys.Folder, name+".key", config.Keyshare))
		}
	}
	return errors.Join(errs...)
}

func absent(folder, name string, of config.Role) error {
	if _, err := os.Stat(filepath.Join(folder, name)); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s lies in a folder of a process that has not the role %s", name, of), err)
	}
	return nil
}

// readRules reads the scheme file. The rules of a sandbox, which give away what
// has to be earned, are refused outside of one.
func readRules(cfg *config.Config) (scheme.Rules, error) {
	if cfg.SchemeFile == "" {
		return scheme.Rules{}, nil // the configuration says whether it may be
	}
	b, err := os.ReadFile(cfg.SchemeFile)
	if err != nil {
		return scheme.Rules{}, err
	}
	rules, err := scheme.Parse(filepath.Base(cfg.SchemeFile), b)
	if err == nil && rules.Sandbox && !cfg.Sandbox {
		err = errors.New("these are the rules of a sandbox, and this service is none")
	}
	if err != nil || !cfg.Roles.Has(config.Front) {
		return rules, err // who judges no faces approves none
	}
	return rules.CalibratedIn(os.DirFS(filepath.Dir(cfg.SchemeFile)), engine.Of(rules, "", "").Meta())
}

// readFaces looks for the engine that the scheme names, as far as that was read.
func readFaces(cfg *config.Config, rules scheme.Rules) (engine.Choice, error) {
	dir, err := modelFolder(cfg.Models)
	if err != nil {
		return engine.Choice{}, err
	}
	chosen := engine.Of(rules, dir, cfg.ONNXRuntime)
	return chosen, chosen.Check()
}

func readTLS(cfg *config.Config) ([]tls.Certificate, error) {
	if cfg.PlainHTTP {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(cfg.TLS.CertificateFile, cfg.TLS.KeyFile)
	return []tls.Certificate{cert}, err
}

func newMailer(cfg *config.Config, clock tunnus.Clock) (*notify.Mailer, error) {
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

// rootKeyFile is where a ceremony leaves the root's key on its medium.
const rootKeyFile = "root.key"

// readAuthority reads the certificates of both tiers.
func (in *Inputs) readAuthority(cfg *config.Config) (err error) {
	if !cfg.Roles.Has(config.Front) && !cfg.Roles.Has(config.Issue) {
		return nil
	}
	if cfg.Authority.Has(rootKeyFile) {
		return fmt.Errorf("%s lies in the folder; it belongs on a medium that no server sees", rootKeyFile)
	}
	if in.Root, err = Root(cfg.Authority); err != nil {
		return err
	}
	if in.Issuing, err = Issuing(cfg.Authority); err != nil {
		return err
	}
	if cfg.Sandbox && !slices.Equal(in.Issuing.Subject.Country, []string{nowhere}) {
		return fmt.Errorf("a sandbox has a CA of the invented state %s; this one is of %q", nowhere, in.Issuing.Subject.Country)
	}
	if cfg.Roles.Has(config.Issue) {
		in.RootList, err = RootList(cfg.Authority, in.Root)
	}
	return err
}

// nowhere is the state of which the CAs of sandboxes are: what a sandbox lets
// through without a person must not be certified as worth anything.
const nowhere = "XX"
