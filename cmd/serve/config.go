package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/login"
)

// Config is the file that `tunnus serve --config FILE` reads. Unknown keys are
// errors, and all faults are reported at once. Paths are taken from the folder
// of the file. Secrets are always named by file, never written here.
type Config struct {
	// Listen is the address to serve on, such as "127.0.0.1:8443".
	Listen string `json:"listen"`
	// Data is the folder of the database and of what the server makes at its first start.
	Data string `json:"data"`
	// Scheme is the name that enters what a log-in signs: "tunnus", or "tunnus-demo" for a sandbox.
	Scheme string `json:"scheme"`
	// Sandbox opens what no real service may have: approval of faces without a
	// person, software devices at full level, invented people. It needs the scheme "tunnus-demo".
	Sandbox bool `json:"sandbox"`
	// PlainHTTP serves without TLS. Only on a loopback address.
	PlainHTTP bool `json:"plain_http"`
	// TLS names certificate chain and key, PEM. Not with PlainHTTP.
	TLS TLSConfig `json:"tls"`
	// Authority is the folder of the issuing CA: root.pem, issuing.pem, issuing.key.
	Authority string `json:"authority"`
	// Keys is the folder of the server's own keys: sealing keys and keyed hashes. Made at the first start if empty.
	Keys string `json:"keys"`
	// TrustList is a folder of country signer certificates, DER (*.der) or PEM (*.pem).
	TrustList string `json:"trust_list"`
	// RegisterFile holds the population register as JSON.
	RegisterFile string `json:"register_file"`
	// Models is the folder of the face engine's model files. Optional; "models" beside the program.
	Models string `json:"models"`
	// SMTP is where one-time codes and notices go out.
	SMTP SMTPConfig `json:"smtp"`
	// RelyingParties may use the RP API.
	RelyingParties []PartyConfig `json:"relying_parties"`
	// KeyPool is how many server halves of keys are kept ready. Optional; 8.
	KeyPool int `json:"key_pool"`
}

// TLSConfig names the server's certificate and key.
type TLSConfig struct {
	CertificateFile string `json:"certificate_file"`
	KeyFile         string `json:"key_file"`
}

// SMTPConfig is a mail server.
type SMTPConfig struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	From string `json:"from"`
	// TLS is "mandatory" (the default), "opportunistic", or "none" (loopback only).
	TLS string `json:"tls"`
	// User and PasswordFile are for servers that ask who sends. Optional.
	User         string `json:"user"`
	PasswordFile string `json:"password_file"`
}

// PartyConfig is one relying party.
type PartyConfig struct {
	UUID  string   `json:"uuid"`
	Names []string `json:"names"`
	// Networks are the addresses it calls from, such as "192.0.2.0/24".
	Networks []string `json:"networks"`
	// CertificateSHA256 pins its client certificate (hex). Demanded outside the sandbox.
	CertificateSHA256 string `json:"certificate_sha256"`
	// Advanced lets it use accounts of level ADVANCED.
	Advanced bool `json:"advanced"`
}

const maxConfig = 1 << 20

// Load reads and validates a configuration.
func Load(path string) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxConfig {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxConfig)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c Config
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one value", path)
	}
	c.complete(filepath.Dir(path))
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%s:\n%w", path, err)
	}
	return &c, nil
}

// complete takes relative paths from the folder of the configuration, and puts in
// what is optional and not there.
func (c *Config) complete(dir string) {
	for _, p := range []*string{
		&c.Data, &c.Authority, &c.Keys, &c.TrustList, &c.RegisterFile, &c.Models,
		&c.TLS.CertificateFile, &c.TLS.KeyFile, &c.SMTP.PasswordFile,
	} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	if c.SMTP.TLS == "" {
		c.SMTP.TLS = "mandatory"
	}
	if c.KeyPool == 0 {
		c.KeyPool = 8
	}
}

// Validate reports every fault at once.
func (c *Config) Validate() error {
	_, _, badListen := net.SplitHostPort(c.Listen)
	var errs []error
	for _, v := range []struct {
		bad bool
		why string
	}{
		{badListen != nil, `listen: an address with a port, such as "127.0.0.1:8443"`},
		{c.Data == "", "data: missing"},
		{c.Authority == "", "authority: missing"},
		{c.Keys == "", "keys: missing"},
		{c.TrustList == "", "trust_list: missing"},
		{c.RegisterFile == "", "register_file: missing"},
		{c.Scheme != "tunnus" && c.Scheme != "tunnus-demo", `scheme: "tunnus" or "tunnus-demo"`},
		{c.Sandbox && c.Scheme != "tunnus-demo", `sandbox: only with the scheme "tunnus-demo"`},
		{c.PlainHTTP && !Loopback(c.Listen), "plain_http: only on a loopback address"},
		{c.PlainHTTP && c.TLS != TLSConfig{}, "tls: not together with plain_http"},
		{!c.PlainHTTP && (c.TLS.CertificateFile == "" || c.TLS.KeyFile == ""), "tls: certificate_file and key_file are needed"},
		{c.SMTP.Host == "" || c.SMTP.From == "", "smtp: host and from are needed"},
		{c.SMTP.Port < 1 || c.SMTP.Port > 65535, "smtp.port: 1 to 65535"},
		{!slices.Contains([]string{"mandatory", "opportunistic", "none"}, c.SMTP.TLS), `smtp.tls: "mandatory", "opportunistic" or "none"`},
		{c.SMTP.TLS == "none" && !Loopback(net.JoinHostPort(c.SMTP.Host, "25")), "smtp.tls: none only on a loopback address"},
		{(c.SMTP.User == "") != (c.SMTP.PasswordFile == ""), "smtp: user and password_file go together"},
		{c.KeyPool < 1 || c.KeyPool > 10_000, "key_pool: 1 to 10000"},
	} {
		if v.bad {
			errs = append(errs, errors.New(v.why))
		}
	}
	_, err := c.parties()
	return errors.Join(append(errs, err)...)
}

// parties are the relying parties of the configuration, or all that is wrong with
// them. Outside the sandbox each needs a pinned certificate (ruling P1).
func (c *Config) parties() (*login.Parties, error) {
	var list []login.Party
	var errs []error
	for i, p := range c.RelyingParties {
		party := login.Party{UUID: p.UUID, Names: p.Names, Advanced: p.Advanced}
		for _, n := range p.Networks {
			prefix, err := netip.ParsePrefix(n)
			if err != nil {
				errs = append(errs, fmt.Errorf("relying_parties[%d].networks: %w", i, err))
			}
			party.Sources = append(party.Sources, prefix)
		}
		if p.CertificateSHA256 != "" {
			pin, err := login.ParseFingerprint(p.CertificateSHA256)
			if err != nil {
				errs = append(errs, fmt.Errorf("relying_parties[%d].certificate_sha256: %w", i, err))
			}
			party.Pins = []login.Fingerprint{pin}
		}
		list = append(list, party)
	}
	parties, err := login.NewParties(!c.Sandbox, list...)
	return parties, errors.Join(append(errs, err)...)
}

// Loopback reports whether an address with port is one of this machine only.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
