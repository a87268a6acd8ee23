package main

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/evidence"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// verifyEvidence checks the evidence of one registration, off line.
type verifyEvidence struct {
	File string   `arg:"" help:"The file, as 'tunnus log evidence' writes it." type:"existingfile"`
	Key  string   `required:"" help:"File with the log's public key, one line. Have it from somewhere else than the file." type:"existingfile"`
	Root []string `required:"" help:"Root certificate that is trusted, PEM; may be given several times." type:"existingfile"`
	JSON bool     `help:"Print one JSON object."`
}

// Run verifies, and ends with 0 if everything holds and with 1 if anything does not.
func (c *verifyEvidence) Run() error {
	text, err := os.ReadFile(c.Key)
	if err != nil {
		return err
	}
	key, err := proof.ParseKey(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", c.Key, err)
	}
	b, roots, err := readSigned(c.File, evidence.MaxSize, c.Root)
	if err != nil {
		return err
	}
	v, r := judgeEvidence(b, key, asic.Trust{Roots: roots, Now: time.Now(), Least: asic.LT})
	return c.tell(v, r)
}

// judgeEvidence verifies the file, and that its application is the one of this registration.
func judgeEvidence(b []byte, key proof.Key, t asic.Trust) (v verdict, r evidence.Report) {
	f, err := evidence.Parse(b)
	if err == nil {
		r, err = evidence.Verify(f, key, tables)
	}
	if err != nil {
		return verdict{Why: err.Error()}, r
	}
	v = judge(f.Container, t)
	if !v.OK {
		v.Why = "the signed application: " + v.Why
		return v, r
	}
	if err := sameApplication(f, r, t); err != nil {
		return verdict{Checked: v.Checked, Why: err.Error()}, r
	}
	if err := sameStatements(f, r); err != nil {
		return verdict{Checked: v.Checked, Why: err.Error()}, r
	}
	v.Checked = append(shown(r), v.Checked...)
	return v, r
}

// tables are those of this program: it knows one revision of each way.
func tables(route, revision string) (evidence.Table, bool) {
	for _, r := range way.Routes() {
		if r.String() != route || r.Way.Revision() != revision {
			continue
		}
		t := evidence.Table{Revision: revision}
		for _, f := range r.Facts() {
			t.Facts = append(t.Facts, evidence.Fact{Name: string(f), Mark: string(f.Mark()), Rest: rest(r.Way, f)})
		}
		return t, true
	}
	return evidence.Table{}, false
}

// rest are the lines of a session that a fact rests on. What an officer's desk and the
// portal wrote down is of a session of their own, and not in the file.
func rest(w way.Way, f way.Fact) []string {
	switch {
	case w == way.Passport && f == way.ChipProved:
		return []string{"enrol.challenge"}
	case w == way.Passport && f == way.FaceMatches:
		return []string{"enrol.capture"}
	case w != way.IDCard && f == way.ContactConfirmed:
		return []string{"otp.sent", "otp.try", "otp.confirmed"}
	}
	return nil
}

// sameApplication compares what was signed with what the lines say: device, level,
// and both certificates by their serial numbers and keys.
func sameApplication(f evidence.File, r evidence.Report, t asic.Trust) error {
	opened, err := asic.Verify(f.Container, t)
	if err != nil {
		return err
	}
	for _, file := range opened.Files {
		if file.Name != application.FileName {
			continue
		}
		body, err := application.Parse(file.Content)
		if err != nil {
			return err
		}
		if body.Device != r.Device || body.Level != r.Level || len(body.Keys) != len(f.Certificates) {
			return errors.New("the signed application is of another device, level or number of keys than the lines say")
		}
		for _, der := range f.Certificates {
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				return errors.New("a certificate cannot be read")
			}
			if body.NamesFor("login", cert) != nil && body.NamesFor("signature", cert) != nil {
				return fmt.Errorf("the signed application does not name certificate %032x and its key", cert.SerialNumber)
			}
		}
		return nil
	}
	return errors.New("there is no application in the container")
}

// shown says in words what the lines show.
func shown(r evidence.Report) []string {
	lines := []string{
		fmt.Sprintf("log: %d lines, %d of them erased, each in the log that %q signed at %d lines", r.Lines, r.Erased, r.Checkpoint.Origin, r.Checkpoint.Size),
		fmt.Sprintf("way: %s, table %s, rules %s", r.Route, r.Revision, strings.Join(r.Rules, ", then ")),
	}
	for _, f := range r.Facts {
		line := fmt.Sprintf("fact: %-12s %-8s %s", f.Name, f.Mark, f.At.UTC().Format(time.DateTime))
		for _, k := range slices.Sorted(maps.Keys(f.Detail)) {
			line += fmt.Sprintf("  %s=%s", k, f.Detail[k])
		}
		lines = append(lines, line)
	}
	lines = append(lines, confirmed(r)...)
	for _, c := range r.Certificates {
		lines = append(lines, fmt.Sprintf("certificate: serial %s, logged when it was issued, %s", c.Serial, c.At.UTC().Format(time.DateTime)))
	}
	return append(lines, fmt.Sprintf("account: level %s, device %s, active since %s", r.Level, r.Device, r.Active.UTC().Format(time.DateTime)))
}

// tell prints the verdict.
func (c *verifyEvidence) tell(v verdict, r evidence.Report) error {
	if !c.JSON {
		return (&verifyFile{File: filepath.Base(c.File)}).tell(v)
	}
	out := struct {
		verdict
		Route    string           `json:"route,omitempty"`
		Revision string           `json:"revision,omitempty"`
		Rules    []string         `json:"rules,omitempty"`
		Facts    []evidence.Stood `json:"facts,omitempty"`
	}{v, r.Route, r.Revision, r.Rules, r.Facts}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return err
	}
	if !v.OK {
		return errSaid
	}
	return nil
}
