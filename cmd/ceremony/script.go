// Package ceremony makes the keys and certificates of a scheme from one file
// that has been reviewed before: root, issuing CA, OCSP responder, time-stamp
// authority, and the key of the log.
//
// [Load] reads the file and reports all faults at once. [Script.Run] makes what
// it says, never over something that is there, and leaves a transcript for the
// witnesses to sign. Root and daily keys may be made in two sittings, so that
// the root's key need never come near the machine that serves (doc/ceremony.md).
package ceremony

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
	"github.com/tunnus-id/tunnus/key/hsm/token"
	"github.com/tunnus-id/tunnus/trust/pki"
	"github.com/tunnus-id/tunnus/trust/publish"
)

// What a ceremony can make.
const (
	Root      = "root"      // the root CA
	Issuing   = "issuing"   // the CA that signs holders' certificates, and the rest
	Responder = "responder" // signs OCSP answers
	Stamp     = "stamp"     // signs time-stamps
	Log       = "log"       // signs checkpoints of the log; a key only
	List      = "list"      // the root's revocation list, with nobody in it; no key of its own
)

// order is that of making; algorithms are those of the keys.
var (
	order      = []string{Root, List, Issuing, Responder, Stamp, Log}
	algorithms = map[string]token.Algorithm{
		Root: token.RSA4096, Issuing: token.RSA4096, Responder: token.RSA2048, Stamp: token.RSA3072, Log: token.Ed25519,
	}
)

// A Script is the file of a ceremony. Unknown keys are errors. Paths are taken
// from the folder of the file.
type Script struct {
	// Title, Place and Witnesses stand in the transcript; each witness gets a line to sign.
	Title     string   `json:"title"`
	Place     string   `json:"place"`
	Witnesses []string `json:"witnesses"`
	// Scheme is what stands in the certificates.
	Scheme Scheme `json:"scheme"`
	// Make lists what is made: "root", "list", "issuing", "responder", "stamp", "log".
	// What is not made but signs (the root for the issuing CA, that for the
	// others) has to be there already.
	Make []string `json:"make"`
	// Daily is the folder of all certificates, and of all keys but the root's.
	Daily string `json:"daily"`
	// Offline is the folder of the root's key: a medium of its own, which leaves
	// the machine with its keeper. Only if the root is made or signs.
	Offline string `json:"offline"`
	// Where the keys are. They lie in the folders above as NAME.key.
	Root      Keeping `json:"root"`
	Issuing   Keeping `json:"issuing"`
	Responder Keeping `json:"responder"`
	Stamp     Keeping `json:"stamp"`
	Log       Keeping `json:"log"`
	// LogOrigin names the log in its checkpoints, such as "id.example/log".
	LogOrigin string `json:"log_origin"`

	sum [sha256.Size]byte // of the file
}

// A Keeping says how a key is kept: in a file that is encrypted under a
// passphrase, or in a key module under a label. With a request the key is made
// and kept elsewhere, and only certified here.
type Keeping struct {
	// PassphraseFile holds the passphrase, at least 16 characters.
	PassphraseFile string `json:"passphrase_file"`
	// Label is the label of the key in Token, if it is in a key module.
	Label string       `json:"label"`
	Token token.Config `json:"token"`
	// Request is a certificate request (PKCS #10, PEM or DER). Only its key is
	// taken from it. Not for the root, nor for the log.
	Request string `json:"request"`
}

// Scheme is pki.Scheme as it stands in the file.
type Scheme struct {
	Name         string `json:"name"`
	Country      string `json:"country"`
	Organisation string `json:"organisation"`
	IssuerURL    string `json:"issuer_url"`
	OCSPURL      string `json:"ocsp_url"`
	CRLURL       string `json:"crl_url"`
	RootURL      string `json:"root_url"`
	RootCRLURL   string `json:"root_crl_url"`
	// PublicURL is that of the server (its key public_url), instead of the five
	// above: what it serves has addresses that follow from the keys.
	PublicURL string `json:"public_url"`
}

func (s Scheme) pki() pki.Scheme {
	return pki.Scheme{
		Name: s.Name, Country: s.Country, Organisation: s.Organisation,
		IssuerURL: s.IssuerURL, OCSPURL: s.OCSPURL, CRLURL: s.CRLURL, RootURL: s.RootURL, RootCRLURL: s.RootCRLURL,
	}
}

// naming is the scheme with the addresses of what certificates issued below
// root and issuing CA point to; either may be missing.
func (s Scheme) naming(root, issuing *x509.Certificate) pki.Scheme {
	out := s.pki()
	if s.PublicURL == "" {
		return out
	}
	if root != nil {
		at := publish.URLs(s.PublicURL, root)
		out.RootURL, out.RootCRLURL = at.Issuer, at.CRL
	}
	if issuing != nil {
		at := publish.URLs(s.PublicURL, issuing)
		out.IssuerURL, out.OCSPURL, out.CRLURL = at.Issuer, at.OCSP, at.CRL
	}
	return out
}

// faults lists what is wrong with the scheme.
func (s Scheme) faults() (errs []error) {
	if err := s.pki().Validate(); err != nil {
		errs = append(errs, fmt.Errorf("scheme: %w", err))
	}
	at, err := url.Parse(s.PublicURL)
	if s.PublicURL != "" && (err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.RawQuery != "") {
		errs = append(errs, errors.New(`scheme.public_url: such as "http://pki.id.example", without a query`))
	}
	if s.PublicURL != "" && s.IssuerURL+s.OCSPURL+s.CRLURL+s.RootURL+s.RootCRLURL != "" {
		errs = append(errs, errors.New("scheme.public_url: not together with other addresses"))
	}
	return errs
}

const maxScript = 1 << 20

// Load reads and validates a script. It also looks whether what is needed is
// there, and what is made is not.
func Load(path string) (*Script, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxScript+1))
	if err != nil {
		return nil, err
	}
	s, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.complete(filepath.Dir(path))
	if err := errors.Join(slices.Concat(s.faults(), s.rootFaults(), s.onDisk())...); err != nil {
		return nil, fmt.Errorf("%s:\n%w", path, err)
	}
	return s, nil
}

func parse(b []byte) (*Script, error) {
	if len(b) > maxScript {
		return nil, fmt.Errorf("larger than %d bytes", maxScript)
	}
	s := &Script{sum: sha256.Sum256(b)}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return s, nil
}

func (s *Script) keeping(what string) *Keeping {
	return map[string]*Keeping{
		Root: &s.Root, List: {}, Issuing: &s.Issuing, Responder: &s.Responder, Stamp: &s.Stamp, Log: &s.Log,
	}[what]
}

func (s *Script) complete(dir string) {
	for _, p := range []*string{&s.Daily, &s.Offline} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	for _, what := range order {
		k := s.keeping(what)
		r := hsm.SignerRef{PassphraseFile: k.PassphraseFile, File: k.Request, Token: k.Token}
		r.Complete(dir)
		k.PassphraseFile, k.Request, k.Token = r.PassphraseFile, r.File, r.Token
	}
}

// makes reports whether something is made; signs, whether it signs something that is.
func (s *Script) makes(what string) bool { return slices.Contains(s.Make, what) }

func (s *Script) signs(what string) bool {
	switch what {
	case Root:
		return s.makes(Issuing) || s.makes(List)
	case Issuing:
		return s.makes(Responder) || s.makes(Stamp)
	}
	return false
}

// ref is where a key is.
func (s *Script) ref(what string) hsm.SignerRef {
	k := s.keeping(what)
	if k.Label != "" {
		return hsm.SignerRef{Label: k.Label, Token: k.Token}
	}
	folder := s.Daily
	if what == Root {
		folder = s.Offline
	}
	return hsm.SignerRef{File: filepath.Join(folder, what+".key"), PassphraseFile: k.PassphraseFile}
}

func (s *Script) certificate(what string) string { return filepath.Join(s.Daily, what+".pem") }

func (s *Script) rootList() string { return filepath.Join(s.Daily, "root.crl") }

func (s *Script) logPublic() string { return filepath.Join(s.Daily, "log.pub") }

// faults lists all that is wrong with the script itself.
func (s *Script) faults() (errs []error) {
	inFile := func(what string) bool { return s.keeping(what).Label == "" }
	root := (s.makes(Root) || s.signs(Root)) && inFile(Root)
	for _, v := range []struct {
		bad bool
		why string
	}{
		{s.Title == "", "title: missing"},
		{s.Place == "", "place: missing"},
		{len(s.Witnesses) < 2, "witnesses: at least two"},
		{len(s.Make) == 0, "make: nothing is made"},
		{s.Daily == "", "daily: missing"},
		{root && s.Offline == "", "offline: missing; the root's key has a folder of its own"},
		{!root && s.Offline != "", "offline: only if a root key in a file is made, or signs"},
		{s.Offline != "" && within(s.Offline, s.Daily), "offline: not the daily folder, nor inside it, nor around it"},
		{s.makes(Log) == (s.LogOrigin == ""), "log_origin: needed with the log, and only then"},
		{strings.ContainsAny(s.LogOrigin, "+ \t\r\n"), "log_origin: neither plus sign nor space"},
	} {
		if v.bad {
			errs = append(errs, errors.New(v.why))
		}
	}
	for i, what := range s.Make {
		if !slices.Contains(order, what) || slices.Index(s.Make, what) != i {
			errs = append(errs, fmt.Errorf("make: %q is unknown, or stands twice", what))
		}
	}
	errs = append(errs, s.Scheme.faults()...)
	for _, what := range order {
		if what != List {
			errs = append(errs, s.keepingFaults(what)...)
		}
	}
	return errs
}

// keepingFaults lists what is wrong with how one key is kept.
func (s *Script) keepingFaults(what string) (errs []error) {
	k := s.keeping(what)
	if !s.makes(what) && !s.signs(what) {
		if *k != (Keeping{}) {
			return []error{fmt.Errorf("%s: neither made, nor does it sign", what)}
		}
		return nil
	}
	if k.Request != "" {
		switch {
		case what == Root || what == Log:
			errs = append(errs, fmt.Errorf("%s.request: its key is made here", what))
		case !s.makes(what) || s.signs(what):
			errs = append(errs, fmt.Errorf("%s.request: a key that is kept elsewhere signs nothing here", what))
		case k.PassphraseFile != "" || k.Label != "":
			errs = append(errs, fmt.Errorf("%s.request: the key is kept elsewhere", what))
		}
		return errs
	}
	if err := s.ref(what).Validate(false); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", what, err))
	}
	if k.Label != "" && k.PassphraseFile != "" {
		errs = append(errs, fmt.Errorf("%s: passphrase_file or label, not both", what))
	}
	for _, other := range order {
		o := s.keeping(other)
		switch {
		case other == what || k.Label == "" || o.Label == "" || !oneToken(k.Token, o.Token):
		case k.Label == o.Label:
			errs = append(errs, fmt.Errorf("%s: has the same key as %s", what, other))
		case what == Root:
			errs = append(errs, fmt.Errorf("root: not in the token of %s, which stays with the daily machine", other))
		}
	}
	return errs
}

// oneToken reports whether two keys are in one token, whatever its PIN is read
// from, and wherever the module is found.
func oneToken(a, b token.Config) bool {
	return a.Label == b.Label && filepath.Base(real(a.Module)) == filepath.Base(real(b.Module))
}

// rootFaults lists what the root's passphrase has to do with the daily machine:
// there it must neither lie nor open anything, by whatever name. A file that
// cannot be read is told by whoever needs what is in it.
func (s *Script) rootFaults() (errs []error) {
	file := s.Root.PassphraseFile
	if file == "" {
		return nil
	}
	if within(file, s.Daily) {
		errs = append(errs, errors.New("root.passphrase_file: not in the daily folder"))
	}
	phrase, err := secretfile.Passphrase(file)
	if err != nil {
		return errs
	}
	defer clear(phrase)
	for _, what := range order {
		other := s.keeping(what).PassphraseFile
		if what == Root || other == "" {
			continue
		}
		same, err := secretfile.Passphrase(other)
		if err == nil && bytes.Equal(phrase, same) {
			errs = append(errs, fmt.Errorf("root: has the passphrase of %s, which stays with the daily machine", what))
		}
		clear(same)
	}
	return errs
}

// onDisk lists what is there and must not be, and what is not and must be.
func (s *Script) onDisk() (errs []error) {
	var outputs, inputs []string
	for _, what := range order {
		ref := s.ref(what)
		key, cert := ref.File, s.certificate(what)
		if s.keeping(what).Request != "" {
			inputs = append(inputs, s.keeping(what).Request)
			key = ""
		}
		switch what {
		case Log:
			cert = s.logPublic()
		case List:
			key, cert = "", s.rootList()
		}
		switch {
		case s.makes(what):
			outputs = append(outputs, key, cert)
		case s.signs(what):
			inputs = append(inputs, key, cert)
		}
	}
	for _, p := range outputs {
		if _, err := os.Lstat(p); p != "" && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("%s: is there already, and nothing is written over", p))
		}
	}
	for _, p := range inputs {
		if _, err := os.Stat(p); p != "" && err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// within reports whether one of two folders is the other, or inside it.
func within(a, b string) bool {
	a, b = real(a), real(b)
	inside := func(x, y string) bool {
		rel, err := filepath.Rel(y, x)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	}
	return inside(a, b) || inside(b, a)
}

// real resolves links, as far as a path is there.
func real(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if r, err := filepath.EvalSymlinks(abs); err == nil {
		return r
	}
	if dir := filepath.Dir(abs); dir != abs {
		return filepath.Join(real(dir), filepath.Base(abs))
	}
	return abs
}
