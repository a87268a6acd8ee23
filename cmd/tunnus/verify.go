package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/cmd/serve/inputs"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/pades"
)

// verifyCommand checks off line what was signed.
type verifyCommand struct {
	File     verifyFile     `cmd:"" default:"withargs" help:"Check a signed container (.asice) or PDF document and say what was checked. This is what 'tunnus verify FILE' does."`
	Evidence verifyEvidence `cmd:"" help:"Check the evidence of one registration: its lines in the log, the order of what was proved, its certificates and its signed application."`
	Log      verifyLog      `cmd:"" help:"Check a transparency log: each hash, the signature, that nothing was changed since an earlier check."`
}

type verifyFile struct {
	File  string   `arg:"" help:"The file." type:"existingfile"`
	Root  []string `required:"" help:"Root certificate that is trusted, PEM; may be given several times. Have it from somewhere else than the file." type:"existingfile"`
	Least string   `help:"Lowest level that is accepted: B (signature), T (with time-stamp), LT (with all that is needed off line)." default:"LT" enum:"B,T,LT"`
	At    string   `help:"Judge as of this time instead of now (2026-11-22T12:00:00Z)."`
	JSON  bool     `help:"Print one JSON object."`
}

// A verdict is what JSON prints.
type verdict struct {
	OK      bool     `json:"ok"`
	Unknown bool     `json:"indeterminate,omitempty"` // nothing is wrong, but it cannot be known any more
	Checked []string `json:"checked"`
	Why     string   `json:"why,omitempty"` // what failed
}

// Run verifies, and ends with 0 if everything holds and with 1 if anything does not.
func (c *verifyFile) Run() error {
	now, err := c.now()
	if err != nil {
		return err
	}
	b, roots, err := readSigned(c.File, asic.MaxSize, c.Root)
	if err != nil {
		return err
	}
	return c.tell(judge(b, asic.Trust{Roots: roots, Now: now, Least: asic.Level(c.Least)}))
}

func (c *verifyFile) now() (time.Time, error) {
	if c.At == "" {
		return tunnus.SystemClock{}.Now(), nil
	}
	return time.Parse(time.RFC3339, c.At)
}

// judge verifies a file by its first bytes.
func judge(b []byte, t asic.Trust) verdict {
	if bytes.HasPrefix(b, []byte("%PDF-")) {
		return judgePDF(b, t)
	}
	if !bytes.HasPrefix(b, []byte("PK")) {
		return verdict{Why: "this is neither a signed container (ASiC-E, .asice) nor a PDF document; nothing else is understood here"}
	}
	r, err := asic.Verify(b, t)
	if refusal, ok := errors.AsType[*asic.Refusal](err); ok {
		return verdict{Unknown: errors.Is(err, asic.ErrIndeterminate), Checked: refusal.Checked, Why: refusal.Error()}
	}
	if err != nil {
		return verdict{Why: err.Error()}
	}
	v := verdict{OK: true, Checked: r.Checked}
	for _, f := range r.Files {
		if f.Name == application.FileName {
			v.application(r, f.Content)
		}
	}
	return v
}

// judgePDF verifies a signed PDF document, of which levels B and T are understood.
func judgePDF(b []byte, t asic.Trust) verdict {
	if t.Least == asic.LT {
		return verdict{Why: "whether a certificate was revoked is not looked for in a PDF document; --least T accepts that"}
	}
	r, err := pades.Verify(b, pades.Trust{Roots: t.Roots, Now: t.Now})
	switch {
	case err != nil:
		return verdict{Unknown: errors.Is(err, pades.ErrIndeterminate), Checked: r.Checked, Why: err.Error()}
	case t.Least == asic.T && r.Stamped.IsZero():
		return verdict{Checked: r.Checked, Why: "there is no time-stamp; --least B accepts that"}
	}
	return verdict{OK: true, Checked: r.Checked}
}

// application checks what a registration's container says besides: that the
// application is one, and that it is about the keys that signed it.
func (v *verdict) application(r asic.Report, content []byte) {
	fail := func(why error) { v.OK, v.Why = false, why.Error() }
	body, err := application.Parse(content)
	if err != nil {
		fail(err)
		return
	}
	for _, s := range r.Signatures {
		if err := body.Names(s.Signer); err != nil {
			fail(err)
			return
		}
	}
	for _, f := range r.Files {
		if f.Name == application.TextName && string(f.Content) != body.Text() {
			fail(errors.New("the text in the container is not the text of the application"))
			return
		}
	}
	v.Checked = append(v.Checked, fmt.Sprintf("application: of %s %s (%s) for account %s, level %s; the key that signed is the one that it names",
		body.GivenNames, body.Surname, body.Person, body.Document, body.Level))
}

// printable replaces what is not seen as itself. Names in a file are its maker's:
// they must not begin a line of their own, nor tell the screen to hide one.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, line)
}

// tell prints the verdict.
func (c *verifyFile) tell(v verdict) error {
	if c.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(v); err != nil {
			return err
		}
	} else {
		for _, line := range v.Checked {
			fmt.Println("ok   ", printable(line))
		}
		if why := printable(strings.TrimPrefix(strings.TrimPrefix(v.Why, "asic: "), "pades: ")); v.Unknown {
			fmt.Println("INDETERMINATE ", why)
		} else if !v.OK {
			fmt.Println("FAIL ", why)
		} else {
			fmt.Println("GOOD ", printable(filepath.Base(c.File)))
		}
	}
	if !v.OK {
		return errSaid
	}
	return nil
}

// readSigned reads what is to be judged, of at most so many bytes, and the roots.
func readSigned(path string, most int64, rootFiles []string) (b []byte, roots []*x509.Certificate, err error) {
	for _, file := range rootFiles {
		certs, err := inputs.Certificates(file)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		roots = append(roots, certs...)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > most {
		return nil, nil, errors.Join(err, fmt.Errorf("%s is larger than %d bytes", path, most))
	}
	b, err = os.ReadFile(path)
	return b, roots, err
}
