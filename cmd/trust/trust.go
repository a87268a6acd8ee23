// Package trust is `tunnus trust`: it makes and shows the list of country signers
// by which travel documents are judged. What is believed is decided by package
// document/trustlist.
package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
)

// Command looks after the trust list.
type Command struct {
	Import Import `cmd:"" help:"Take master lists, country signers, revocation lists or rules into the next version of the trust list, and show what changes."`
	Show   Show   `cmd:"" help:"Show the trust list: who is on it, until when, and how fresh its revocation lists are."`
	Digest Digest `cmd:"" help:"Print the digests by which pins and rules name a certificate."`
}

// Import makes the next version.
type Import struct {
	Files  []string `arg:"" optional:"" name:"file" help:"Master lists (ICAO's or a state's, CMS), certificates of country signers, links, revocation lists, each in DER or PEM; rules in JSON (doc/trust.md)."`
	List   string   `default:"trust.list" help:"The trust list. The first import makes it."`
	Pin    []string `placeholder:"SHA256" help:"Fingerprint of the root that signed a master list (kept for its later ones), or of a country signer that comes alone: compare it with what its state publishes."`
	Drop   []string `placeholder:"SHA256" help:"Take off a country signer that was pinned, a link that came alone, or the pin of a root; or, by its name such as masterlist:XX, what a publisher's lists have brought."`
	DryRun bool     `help:"Show what would change, and write nothing."`
}

// Show prints the list.
type Show struct {
	List    string `default:"trust.list" help:"The trust list."`
	Country string `placeholder:"XX" help:"Only this country, by the two letters of its certificates."`
}

// Digest prints how pins and rules name a certificate.
type Digest struct {
	File string `arg:"" help:"Certificate, in DER or PEM."`
}

// Run prints.
func (c Digest) Run() error {
	b, err := readFile(c.File, certificate.MaxSize*2) // PEM is longer
	if err != nil {
		return err
	}
	return c.show(os.Stdout, b)
}

func (c Digest) show(w io.Writer, file []byte) error {
	if block, _ := pem.Decode(file); block != nil {
		file = block.Bytes
	}
	cert, err := certificate.Parse(file)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	_, err = fmt.Fprintf(w, "%v\npin     %x\nsigner  %x\nkey     %x\n", cert, cert.Fingerprint(), cert.Signed(), cert.KeyDigest())
	return err
}

// maxFile is more than a file to import may have: the rest is not read.
const maxFile = 16 << 20

// Run imports.
func (c Import) Run() error { return c.run(os.Stdout, time.Now()) }

// run reads, judges and writes while no other import does. Nothing is written
// unless all files are taken.
func (c Import) run(w io.Writer, now time.Time) error {
	pins, err := fingerprints(c.Pin)
	if err != nil {
		return err
	}
	if len(c.Files)+len(c.Drop) == 0 {
		return errors.New("no file to import")
	}
	return secretfile.Alone(filepath.Dir(c.List), func() error {
		base, err := open(c.List)
		if errors.Is(err, os.ErrNotExist) {
			base, err = &trustlist.List{}, nil
		}
		if err != nil {
			return err
		}
		draft := trustlist.NewDraft(base, now, pins...)
		for _, name := range c.Files {
			if err := add(w, draft, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		for _, what := range c.Drop {
			if err := drop(draft, what); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		next, err := draft.Finish()
		if err != nil {
			return err
		}
		return c.write(w, base, next, draft.LeftOut)
	})
}

func add(w io.Writer, draft *trustlist.Draft, name string) error {
	b, err := readFile(name, maxFile)
	if err != nil {
		return err
	}
	kind, err := draft.Add(b)
	if err == nil {
		fmt.Fprintf(w, "%s: %s\n", name, kind)
	}
	return err
}

// drop takes off what is named by its fingerprint, or a source by its name.
func drop(draft *trustlist.Draft, what string) error {
	if strings.HasPrefix(what, "masterlist:") {
		return draft.DropSource(what)
	}
	sums, err := fingerprints([]string{what})
	if err != nil {
		return err
	}
	return draft.Drop(sums[0])
}

// write tells what differs, and puts the next version in the place of the one before.
func (c Import) write(w io.Writer, base, next *trustlist.List, leftOut []trustlist.Left) error {
	for _, l := range leftOut {
		fmt.Fprintf(w, "left out: %s: %v\n", l.What, l.Why)
	}
	diffs := trustlist.Diff(base, next)
	counts := map[byte]int{}
	for _, d := range diffs {
		fmt.Fprintln(w, d)
		counts[d.Sign]++
	}
	if len(diffs) == 0 {
		fmt.Fprintln(w, "nothing changes")
		return nil
	}
	fmt.Fprintf(w, "%d come, %d go, %d change; %d country signers of %d countries\n", counts['+'], counts['-'], counts['~'], len(next.Anchors), countries(next))
	if c.DryRun {
		return nil
	}
	file := next.Format()
	if _, err := trustlist.Parse(file); err != nil {
		return fmt.Errorf("what was made cannot be read: %w", err)
	}
	if err := secretfile.Replace(c.List, file); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: version %d\n", c.List, next.Version)
	return nil
}

func countries(l *trustlist.List) int {
	seen := map[string]bool{}
	for _, a := range l.Anchors {
		seen[a.Subject.Country()] = true
	}
	return len(seen)
}

// fingerprints reads SHA-256 in hexadecimal, with or without colons.
func fingerprints(texts []string) (sums [][sha256.Size]byte, err error) {
	for _, text := range texts {
		b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
		if err != nil || len(b) != sha256.Size {
			return nil, fmt.Errorf("%q is no SHA-256 in hexadecimal", text)
		}
		sums = append(sums, [sha256.Size]byte(b))
	}
	return sums, nil
}

func open(name string) (*trustlist.List, error) {
	b, err := readFile(name, trustlist.MaxSize)
	if err != nil {
		return nil, err
	}
	l, err := trustlist.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return l, nil
}

func readFile(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("longer than %d bytes", most)
	}
	return b, err
}

// Run shows.
func (c Show) Run() error {
	l, err := open(c.List)
	if err != nil {
		return err
	}
	return c.show(os.Stdout, l, time.Now())
}

func (c Show) show(w io.Writer, l *trustlist.List, now time.Time) error {
	fmt.Fprintf(w, "version %d, made %s: %d country signers of %d countries, %d revocation lists, %d exceptions, %d defects\n",
		l.Version, l.Made.Format(time.RFC3339), len(l.Anchors), countries(l), len(l.CRLs), len(l.Exceptions), len(l.Defects))
	for _, s := range l.Sources {
		fmt.Fprintf(w, "%s, signed %s, %d certificates, SHA-256 %x\n", s.Name, s.Signed.Format(time.RFC3339), s.Count, s.Digest)
	}
	for _, p := range l.Pins {
		fmt.Fprintf(w, "pin %x\n", p)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	anchors := l.Anchors
	if c.Country != "" {
		anchors = l.Country(strings.ToUpper(c.Country))
	}
	for _, a := range anchors {
		note := ""
		if now.After(a.NotAfter) {
			note = "ended"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", a.Subject.Country(), a.Describe(), note)
	}
	for _, r := range l.CRLs {
		if c.Country != "" && !strings.EqualFold(c.Country, r.Issuer.Country()) {
			continue
		}
		note := ""
		if now.After(trustlist.GoodUntil(r)) {
			note = "stale"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", r.Issuer.Country(), trustlist.DescribeCRL(r), note)
	}
	for _, e := range l.Exceptions {
		fmt.Fprintf(t, "%s\texception for SHA-1 until %s: %q\t\n", e.Country, e.Until.Format(time.DateOnly), e.Reason)
	}
	for _, d := range l.Defects {
		if len(d.Key) > 0 {
			fmt.Fprintf(t, "--\tkey %x is out of hand: %q\t\n", []byte(d.Key), d.Reason)
			continue
		}
		fmt.Fprintf(t, "--\tdefect of %x, check %q: %q\t\n", []byte(d.Signer), d.Check, d.Reason)
	}
	return t.Flush()
}
