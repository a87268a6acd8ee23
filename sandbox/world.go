// Package sandbox is a world to try tunnus in: an invented state with its
// country signer, invented people with passports and faces, a register, a
// certificate authority, and a TLS authority of its own.
//
// Everything lives in one folder, made at the first use and kept; several
// processes may open it at a time. The keys of
// virtual passports lie in it in clear: they are toys, and nothing that they
// sign is worth anything outside.
package sandbox

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/match"
	register "github.com/tunnus-id/tunnus/enrol/people"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A World is the sandbox's folder.
type World struct {
	dir   string
	clock tunnus.Clock
}

// Open makes what is missing in the folder: the country, the trust list with its
// signer, the register, both authorities. It takes some seconds the first time.
func Open(dir string, clock tunnus.Clock) (*World, error) {
	w := &World{dir, clock}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	err := w.alone(func() error {
		var g errgroup.Group
		g.Go(w.ensureCountry)
		g.Go(w.ensureCards)
		g.Go(func() error {
			if err := w.ensureAuthority(); err != nil {
				return err
			}
			return w.ensureTrust()
		})
		g.Go(w.ensureTLS)
		g.Go(w.ensureRules)
		g.Go(w.ensureRegister)
		return g.Wait()
	})
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return w, nil
}

// alone does what no other process may do at the same time in this folder.
func (w *World) alone(do func() error) error {
	f, err := os.OpenFile(w.Path(".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	return do()
}

// Path returns the path of a file in the world.
func (w *World) Path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

func (w *World) ensureCountry() error {
	return ensure(w.Path("country.json"), func() error {
		c, err := virtual.NewCountry(w.clock.Now())
		if err != nil {
			return err
		}
		if err := write(w.Path("trust", "utopia.der"), c.CSCA()); err != nil {
			return err
		}
		return writeJSON(w.Path("country.json"), c)
	})
}

func (w *World) ensureAuthority() error {
	return ensure(w.Path("authority", "issuing.pem"), func() error {
		a, err := pki.NewAuthority(pki.Sandbox(), w.clock.Now())
		if err != nil {
			return err
		}
		issuing, err := pki.EncodeKey(a.IssuingKey)
		if err != nil {
			return err
		}
		root, err := pki.EncodeKey(a.RootKey)
		if err != nil {
			return err
		}
		return writeAll(
			file{w.Path("offline", "root.key"), root.Reveal()},
			file{w.Path("authority", "issuing.key"), issuing.Reveal()},
			file{w.Path("authority", "root.pem"), pki.EncodeCertificates(a.Root)},
			file{w.Path("authority", "issuing.pem"), pki.EncodeCertificates(a.Issuing)},
		)
	})
}

func (w *World) ensureTLS() error {
	return ensure(w.Path("tls", "server.key"), func() error {
		s, err := pki.NewServer(pki.Sandbox(), []string{"localhost", "127.0.0.1", "::1"}, w.clock.Now())
		if err != nil {
			return err
		}
		key, err := x509.MarshalPKCS8PrivateKey(s.Key)
		if err != nil {
			return err
		}
		return writeAll(
			file{w.Path("tls", "ca.pem"), pki.EncodeCertificates(s.CA)},
			file{w.Path("tls", "server.pem"), pki.EncodeCertificates(s.Certificate, s.CA)},
			file{w.Path("tls", "server.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})},
		)
	})
}

// ensureRules writes the rules of the scheme: those of a first account by
// passport, with the switches of a sandbox. They may be changed there.
func (w *World) ensureRules() error {
	return ensure(w.Path("scheme.json"), func() error {
		file, err := scheme.Nordic().AsSandbox().Canonical()
		if err != nil {
			return err
		}
		return write(w.Path("scheme.json"), file)
	})
}

// Film has faces filmed from now on, which takes its time. It changes the rules of the
// scheme back to what they are otherwise.
func (w *World) Film() error {
	file, err := scheme.Nordic().AsSandbox().Filmed(true).Canonical()
	if err != nil {
		return err
	}
	return write(w.Path("scheme.json"), file)
}

func (w *World) ensureRegister() error {
	return ensure(w.Path("register.json"), func() error {
		all, err := People()
		if err != nil {
			return err
		}
		var entries []register.Entry
		for _, p := range all {
			entry := register.Entry{Person: match.Person{
				Code: p.Code, Surname: p.Surname, GivenNames: p.GivenNames, Birth: p.Birth,
				Documents: []match.Document{{Number: p.Number, State: match.Valid}},
			}}
			for _, name := range guardians[p.Name] {
				parent, err := Find(name)
				if err != nil {
					return err
				}
				entry.Guardians = append(entry.Guardians, match.Relation{
					Child: p.Code, Guardian: parent.Code, Kind: match.Parent, Comprehensive: true, From: p.Birth,
				})
			}
			entries = append(entries, entry)
		}
		b, err := register.EncodeFile(entries)
		if err != nil {
			return err
		}
		return write(w.Path("register.json"), b)
	})
}

// Country opens the invented state with its signers.
func (w *World) Country() (*virtual.Country, error) {
	c := new(virtual.Country)
	return c, readJSON(w.Path("country.json"), c)
}

// Passport opens a person's passport; the first time, the state issues it.
func (w *World) Passport(name string) (*virtual.Passport, error) {
	who, err := Find(name) // before the name becomes a path
	if err != nil {
		return nil, err
	}
	path := w.Path("passports", name+".json")
	issue := func() error {
		c, err := w.Country()
		if err != nil {
			return err
		}
		looks, err := who.Looks()
		if err != nil {
			return err
		}
		p, err := c.Issue(who.Holder(w.clock.Now(), looks.Portrait()))
		if err != nil {
			return err
		}
		return writeJSON(path, p)
	}
	if err := w.alone(func() error { return ensure(path, issue) }); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	p := new(virtual.Passport)
	return p, readJSON(path, p)
}

// Holder is what the state prints on this person's passport, issued a year ago.
func (p Person) Holder(now time.Time, portrait []byte) virtual.Holder {
	h := virtual.Holder{
		Surname: p.Surname, GivenNames: p.GivenNames, Sex: p.Sex, Birth: p.Birth, Expiry: now.AddDate(9, 0, 0),
		Number: p.Number, PersonCode: p.Code.Value(), Portrait: portrait,
	}
	const brainpool256 = 13 // number of the domain parameters (Doc 9303-11 §9.5.1)
	if p.Proof != Active {
		h.PACE = []security.PACE{security.NewPACE(security.Generic, true, apdu.AES128, brainpool256)}
		h.ChipAuth, h.AuthGroup = []security.Auth{security.NewAuth(true, apdu.AES128)}, brainpool256
	}
	switch p.Proof {
	case Chip:
		h.Chip, h.NoBAC = virtual.ChipPlain, true
	case Both:
		h.Chip = virtual.ChipECDSA
	}
	return h
}

// ensure calls do, which writes several files and this one last, if there is no
// such file yet.
func ensure(path string, do func() error) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return do()
}

type file struct {
	path    string
	content []byte
}

// writeAll writes files in their order, and none after one that failed.
func writeAll(files ...file) error {
	for _, f := range files {
		if err := write(f.path, f.content); err != nil {
			return err
		}
	}
	return nil
}

// write writes a file whole or not at all.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return write(path, b)
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
