package hsm

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tunnus-id/tunnus/key/hsm/token"
)

// The keysets of a server.
const (
	VOPRF   = "voprf"   // seals the VOPRF keys and those of one-time values
	Modulus = "modulus" // seals the server's halves, n2
	Session = "session" // seals what sessions, letters and replies leave in rows
	Ledger  = "ledger"  // seals the secret that names lock ledgers and codes
)

// A Kind says where the keys of a keyset are.
type Kind string

// The kinds.
const (
	InFile       Kind = "file"       // in clear, in a file that only its owner may read
	ByPassphrase Kind = "passphrase" // in a file that is encrypted under a passphrase
	InToken      Kind = "pkcs11"     // in a key module; they never leave it
)

// A Source says of which kind a keyset is, and what opens it.
type Source struct {
	// Kind is "file" (the default), "passphrase" or "pkcs11".
	Kind Kind `json:"kind"`
	// PassphraseFile holds the passphrase, at least 16 characters, and perhaps a
	// line's end. Only with the kind "passphrase".
	PassphraseFile string `json:"passphrase_file"`
	// Token is the key module. Only with the kind "pkcs11".
	Token token.Config `json:"token"`
}

// Config says where a server's own keys are. It is made to stand inside the
// configuration of a server.
type Config struct {
	// Folder holds one file a keyset: voprf.key, modulus.key, session.key,
	// ledger.key; and ledger.secret, the secret that the last of them seals.
	Folder string `json:"folder"`
	Source
	// Modulus is where the keyset of the moduli is, if not where the others are.
	Modulus *Source `json:"modulus"`
	// HalvesInToken lets the server's halves be made and used inside the key
	// module, which must be the source of the moduli's keyset and know raw RSA
	// (CKM_RSA_X_509) and CKM_AES_KEY_WRAP_PAD. Halves made before stay usable.
	HalvesInToken bool `json:"halves_in_token"`
}

// Complete takes relative paths from a folder, and puts in what is optional and
// not there. Call it once, before [Config.Validate].
func (c *Config) Complete(dir string) {
	paths := []*string{&c.Folder}
	sources := []*Source{&c.Source}
	if c.Modulus != nil {
		sources = append(sources, c.Modulus)
	}
	for _, s := range sources {
		if s.Kind == "" {
			s.Kind = InFile
		}
		paths = append(paths, &s.PassphraseFile, &s.Token.PINFile)
		if strings.ContainsRune(s.Token.Module, filepath.Separator) { // else the system looks for it
			paths = append(paths, &s.Token.Module)
		}
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}

// Validate reports every fault at once.
func (c *Config) Validate() error {
	var errs []error
	if c.Folder == "" {
		errs = append(errs, errors.New("folder: missing"))
	}
	errs = append(errs, c.validate("")...)
	if c.Modulus != nil {
		errs = append(errs, c.Modulus.validate("modulus.")...)
	}
	if c.HalvesInToken && c.of(Modulus).Kind != InToken {
		errs = append(errs, errors.New(`halves_in_token: only if the moduli's keyset is of kind "pkcs11"`))
	}
	return errors.Join(errs...)
}

// validate reports what is wrong with a source; at is where it stands.
func (s *Source) validate(at string) (errs []error) {
	none := s.Token == token.Config{}
	for _, v := range []struct {
		bad bool
		why string
	}{
		{s.Kind != InFile && s.Kind != ByPassphrase && s.Kind != InToken, `kind: "file", "passphrase" or "pkcs11"`},
		{s.Kind == ByPassphrase && s.PassphraseFile == "", "passphrase_file: missing"},
		{s.Kind != ByPassphrase && s.PassphraseFile != "", `passphrase_file: only with the kind "passphrase"`},
		{s.Kind != InToken && !none, `token: only with the kind "pkcs11"`},
	} {
		if v.bad {
			errs = append(errs, errors.New(at+v.why))
		}
	}
	if s.Kind == InToken {
		for _, err := range s.Token.Faults() {
			errs = append(errs, fmt.Errorf("%stoken: %w", at, err))
		}
	}
	return errs
}

// of is where a keyset is.
func (c *Config) of(name string) Source {
	if name == Modulus && c.Modulus != nil {
		return *c.Modulus
	}
	return c.Source
}
