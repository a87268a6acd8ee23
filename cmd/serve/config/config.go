// Package config is the file that tells how one process of the service runs: one
// documented struct, of which every fault is reported at once.
package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/login"
)

// Config is the file that `tunnus serve --config FILE` reads. Unknown keys are
// errors, and all faults are reported at once. Paths are taken from the folder
// of the file. Secrets are always named by file, never written here.
//
// A process that has not all roles has a file of its own, with the keys of its
// roles only: a process must not even know where the secrets of another are.
type Config struct {
	// Roles are those of this process. They stand on the command line.
	Roles Roles `json:"-"`
	// Listen is the address to serve apps and relying parties on, such as
	// "127.0.0.1:8443". Role front.
	Listen string `json:"listen"`
	// Data is the folder of the database and of what the server makes at its first start.
	Data string `json:"data"`
	// DatabaseFile holds the URL of a PostgreSQL database, "postgres://…": it may
	// have a password in it. On another machine it needs sslmode=verify-full.
	// Optional; tunnus.db in Data, SQLite.
	DatabaseFile string `json:"database_file"`
	// Second is the second place: the path of an SQLite file on another disk, which
	// has a copy of locks, PIN tries and revocations, so that a restored backup
	// forgets none. SecondFile holds the URL of a PostgreSQL database instead.
	// Demanded outside the sandbox.
	Second     string `json:"second"`
	SecondFile string `json:"second_file"`
	// Log is the transparency log of this process.
	Log LogConfig `json:"log"`
	// PublicURL is where the world finds what the role issue publishes, such as
	// "http://pki.id.example": it stands in certificates. Optional; certificates
	// point nowhere. A front alone has its time-stamps and proofs from there.
	PublicURL string `json:"public_url"`
	// PublicListen is an address to serve just that on, without TLS, for what is
	// published is signed. Optional; it is served on Listen.
	PublicListen string `json:"public_listen"`
	// Origin is where people reach the role front with a browser, such as
	// "https://id.example": links in letters lead there. Optional; letters have no
	// links then. Role front.
	Origin string `json:"origin"`
	// Scheme is the name that enters what a log-in signs: "tunnus", or "tunnus-demo" for a sandbox.
	Scheme string `json:"scheme"`
	// Sandbox opens what no real service may have: approval of faces without a
	// person, software devices at full level, invented people. It needs the scheme "tunnus-demo".
	Sandbox bool `json:"sandbox"`
	// SandboxClockOffset is added to the machine's clock, such as "-96h": in a
	// sandbox, what takes days can be seen at once. Optional.
	SandboxClockOffset string `json:"sandbox_clock_offset"`
	// PlainHTTP serves without TLS. Only on a loopback address.
	PlainHTTP bool `json:"plain_http"`
	// TLS names certificate chain and key, PEM. Not with PlainHTTP.
	TLS TLSConfig `json:"tls"`
	// Authority is the folder of the issuing CA: root.pem, issuing.pem, issuing.key.
	// A process with the role front but not issue has no issuing.key in it.
	Authority AuthorityConfig `json:"authority"`
	// Keys says where the process's own keys are: of the role keyshare those that
	// seal its rows, of the role front those of sessions and ledgers. They are
	// made at the first start.
	Keys KeysConfig `json:"keys"`
	// TrustList is what `tunnus trust import` wrote, or a folder of country signer
	// certificates, DER (*.der) or PEM (*.pem), which has no revocation lists.
	TrustList string `json:"trust_list"`
	// SchemeFile holds the rules of the scheme: doc/scheme.md. The role issue takes
	// from it what certificates say, the role keyshare what wrong PINs lead to; a
	// process with these alone may leave it out and has the usual ones.
	SchemeFile string `json:"scheme_file"`
	// RegisterFile holds the population register as JSON (doc/population.md). Register
	// is in its place where a service or our own table is asked.
	RegisterFile string          `json:"register_file"`
	Register     *RegisterConfig `json:"register"`
	// Models is the folder of the face engine's model files. Optional; "models" beside the program.
	Models string `json:"models"`
	// ONNXRuntime is the library that runs the face network of the scheme, if that has
	// one of its own: libonnxruntime.so.1, as models/runtime fetches it. The network's
	// file lies in the folder of models. In builds with the tag onnx only.
	ONNXRuntime string `json:"onnx_runtime"`
	// SMTP is where one-time codes and notices go out.
	SMTP SMTPConfig `json:"smtp"`
	// SMS is the gateway for codes to phones. Optional; without it they go by e-mail only.
	SMS *SMSConfig `json:"sms"`
	// RelyingParties may use the RP API.
	RelyingParties []PartyConfig `json:"relying_parties"`
	// Offices have desks where people register face to face. Optional. Role front.
	Offices []OfficeConfig `json:"offices"`
	// Portal serves people at a computer. Optional. Role front.
	Portal *PortalConfig `json:"portal"`
	// KeyPool is how many server halves of keys are kept ready. Optional; 8. Role keyshare.
	KeyPool int `json:"key_pool"`
	// Remote is for a service whose roles run in several processes.
	Remote RemoteConfig `json:"remote"`
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

// Load reads and validates the configuration of a process with these roles.
func Load(path string, roles Roles) (*Config, error) {
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
	c.Roles = roles
	c.complete(filepath.Dir(path))
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%s:\n%w", path, err)
	}
	return &c, nil
}

// complete takes relative paths from the folder of the configuration, and puts in
// what is optional and not there.
func (c *Config) complete(dir string) {
	for _, p := range append(slices.Concat(c.Remote.paths(), c.SMS.paths(), c.Register.paths(), c.Portal.paths()),
		&c.Data, &c.DatabaseFile, &c.Second, &c.SecondFile, &c.TrustList, &c.SchemeFile, &c.RegisterFile, &c.Models, &c.ONNXRuntime,
		&c.TLS.CertificateFile, &c.TLS.KeyFile, &c.SMTP.PasswordFile,
	) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	c.SMS.complete()
	c.Keys.Complete(dir)
	c.Log.complete(dir, c.Data)
	c.Authority.complete(dir, c.Roles.Has(Issue))
	if c.SMTP.TLS == "" && c.Roles.Has(Front) {
		c.SMTP.TLS = "mandatory"
	}
	if c.KeyPool == 0 && c.Roles.Has(Keyshare) {
		c.KeyPool = 8
	}
}

// Database says what store.Open opens: a path, or a URL with what is secret in it.
func (c *Config) Database() (string, error) {
	if c.DatabaseFile == "" {
		return filepath.Join(c.Data, "tunnus.db"), nil
	}
	return readURL(c.DatabaseFile)
}

// SecondPlace says what second.Open opens, as Database; "" if there is no second place.
func (c *Config) SecondPlace() (string, error) {
	if c.SecondFile == "" {
		return c.Second, nil
	}
	return readURL(c.SecondFile)
}

// readURL reads the file with the URL of a PostgreSQL database.
func readURL(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	where := strings.TrimSpace(string(b))
	if !strings.HasPrefix(where, "postgres://") && !strings.HasPrefix(where, "postgresql://") {
		return "", fmt.Errorf("%s: not the URL of a PostgreSQL database", file)
	}
	return where, nil
}

// Validate reports every fault at once.
func (c *Config) Validate() error {
	errs := c.foreign()
	for _, v := range append(c.faults(), c.faultsOfFront()...) {
		if v.bad {
			errs = append(errs, errors.New(v.why))
		}
	}
	errs = append(errs, c.Remote.validate(c.Roles)...)
	errs = append(errs, under("log.key", c.Log.Key.Validate(c.Sandbox)))
	if c.Keys.Folder != "" {
		errs = append(errs, under("keys", c.Keys.Validate()))
	}
	if c.Authority.Folder != "" && c.Roles.Has(Issue) {
		errs = append(errs, under("authority.issuing_key", c.Authority.IssuingKey.Validate(c.Sandbox)))
		if c.Authority.Has(StampFile) {
			errs = append(errs, under("authority.stamp_key", c.Authority.StampKey.Validate(c.Sandbox)))
		}
		if c.Authority.Has(ResponderFile) {
			errs = append(errs, under("authority.responder_key", c.Authority.ResponderKey.Validate(c.Sandbox)))
		}
	}
	if c.Roles.Has(Front) {
		_, err := c.Parties()
		_, places := c.Places()
		errs = append(errs, err, places)
	}
	return errors.Join(errs...)
}

// under names the part of the configuration that a fault is in.
func under(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", part, err)
}

// A fault is one thing that may be wrong.
type fault struct {
	bad bool
	why string
}

// faults are those of every process.
func (c *Config) faults() []fault {
	keyshare := c.Roles.Has(Keyshare)
	return []fault{
		{len(c.Roles) == 0, "roles: missing"},
		{c.Data == "", "data: missing"},
		{!c.Sandbox && c.Second == "" && c.SecondFile == "", "second: missing; a restored backup would forget locks and PIN tries"},
		{c.Second != "" && c.SecondFile != "", "second: not together with second_file"},
		{c.Keys.Folder == "" && c.Roles.some(Front, Keyshare), "keys: missing"},
		{c.Authority.Folder == "" && c.Roles.some(Front, Issue), "authority: missing"},
		{c.PublicListen != "" && !port(c.PublicListen), `public_listen: an address with a port, such as "0.0.0.0:80"`},
		{c.PublicListen != "" && c.PublicURL == "", "public_listen: without public_url nobody finds it"},
		{c.PublicURL != "" && !address(c.PublicURL), `public_url: such as "http://pki.id.example", without a query`},
		{c.PublicURL != "" && c.PublicListen == "" && !c.Roles.Has(Front), "public_listen: missing; nothing would be served at public_url"},
		{c.Scheme != "tunnus" && c.Scheme != "tunnus-demo", `scheme: "tunnus" or "tunnus-demo"`},
		{c.Sandbox && c.Scheme != "tunnus-demo", `sandbox: only with the scheme "tunnus-demo"`},
		{c.SandboxClockOffset != "" && !c.Sandbox, "sandbox_clock_offset: only in a sandbox"},
		{c.SandboxClockOffset != "" && c.ClockOffset() == 0, `sandbox_clock_offset: such as "-96h", at most 30 days`},
		{c.Authority.Compatible && !c.Sandbox, "authority.compatible: identifiers of others, only in a sandbox"},
		{keyshare && (c.KeyPool < 1 || c.KeyPool > 10_000), "key_pool: 1 to 10000"},
	}
}

// faultsOfFront are those of a process that apps and relying parties call.
func (c *Config) faultsOfFront() []fault {
	if !c.Roles.Has(Front) {
		return nil
	}
	return append(append(c.SMS.faults(), c.faultsOfPortal()...), []fault{
		{!port(c.Listen), `listen: an address with a port, such as "127.0.0.1:8443"`},
		{c.TrustList == "", "trust_list: missing"},
		{c.SchemeFile == "", "scheme_file: missing; start from a file of the folder scheme"},
		{c.RegisterFile == "" && c.Register == nil, "register_file: missing; or register for a service or a table"},
		{c.RegisterFile != "" && c.Register != nil, "register: not together with register_file"},
		{c.Register != nil && !c.Register.valid(), "register: database, or url with a client certificate or a token"},
		{c.Origin != "" && (!address(c.Origin) || !c.PlainHTTP && !strings.HasPrefix(c.Origin, "https://")), `origin: such as "https://id.example"`},
		{c.PlainHTTP && !Loopback(c.Listen), "plain_http: only on a loopback address"},
		{c.PlainHTTP && c.TLS != TLSConfig{}, "tls: not together with plain_http"},
		{!c.PlainHTTP && (c.TLS.CertificateFile == "" || c.TLS.KeyFile == ""), "tls: certificate_file and key_file are needed"},
		{c.SMTP.Host == "" || c.SMTP.From == "", "smtp: host and from are needed"},
		{c.SMTP.Port < 1 || c.SMTP.Port > 65535, "smtp.port: 1 to 65535"},
		{!slices.Contains([]string{"mandatory", "opportunistic", "none"}, c.SMTP.TLS), `smtp.tls: "mandatory", "opportunistic" or "none"`},
		{c.SMTP.TLS == "none" && !Loopback(net.JoinHostPort(c.SMTP.Host, "25")), "smtp.tls: none only on a loopback address"},
		{(c.SMTP.User == "") != (c.SMTP.PasswordFile == ""), "smtp: user and password_file go together"},
	}...)
}

// maxOffset bounds what is added to the clock of a sandbox.
const maxOffset = 30 * 24 * time.Hour

// ClockOffset is what is added to the machine's clock: nothing outside a sandbox.
func (c *Config) ClockOffset() time.Duration {
	d, err := time.ParseDuration(c.SandboxClockOffset)
	if err != nil || !c.Sandbox || d.Abs() > maxOffset {
		return 0
	}
	return d
}

// foreign refuses keys of roles that this process has not.
func (c *Config) foreign() (errs []error) {
	for _, k := range []struct {
		key string
		set bool
		of  []Role
	}{
		{"listen", c.Listen != "", []Role{Front}},
		{"origin", c.Origin != "", []Role{Front}},
		{"plain_http", c.PlainHTTP, []Role{Front}},
		{"tls", c.TLS != TLSConfig{}, []Role{Front}},
		{"trust_list", c.TrustList != "", []Role{Front}},
		{"register_file", c.RegisterFile != "", []Role{Front}},
		{"register", c.Register != nil, []Role{Front}},
		{"models", c.Models != "", []Role{Front}},
		{"onnx_runtime", c.ONNXRuntime != "", []Role{Front}},
		{"smtp", c.SMTP != SMTPConfig{}, []Role{Front}},
		{"sms", c.SMS != nil, []Role{Front}},
		{"portal", c.Portal != nil, []Role{Front}},
		{"relying_parties", len(c.RelyingParties) > 0, []Role{Front}},
		{"authority", c.Authority.Folder != "", []Role{Front, Issue}},
		{"keys", c.Keys.Folder != "", []Role{Front, Keyshare}},
		{"authority.compatible", c.Authority.Compatible, []Role{Issue}},
		{"authority.issuing_key", c.Authority.IssuingKey != hsm.SignerRef{}, []Role{Issue}},
		{"authority.stamp_key", c.Authority.StampKey != hsm.SignerRef{}, []Role{Issue}},
		{"authority.responder_key", c.Authority.ResponderKey != hsm.SignerRef{}, []Role{Issue}},
		{"public_url", c.PublicURL != "", []Role{Issue, Front}},
		{"public_listen", c.PublicListen != "", []Role{Issue}},
		{"key_pool", c.KeyPool != 0, []Role{Keyshare}},
	} {
		if k.set && len(c.Roles) > 0 && !c.Roles.some(k.of...) {
			errs = append(errs, fmt.Errorf("%s: belongs to the role %s, which this process has not", k.key, k.of[0]))
		}
	}
	return errs
}

// Parties are the relying parties of the configuration, or all that is wrong with
// them. Outside the sandbox each needs a pinned certificate (ruling P1).
func (c *Config) Parties() (*login.Parties, error) {
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

// port reports whether s is an address with a port.
func port(s string) bool {
	_, _, err := net.SplitHostPort(s)
	return err == nil
}

// address reports whether s can stand before a path.
func address(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
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
