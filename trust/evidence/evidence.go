package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// Format is the first thing that a file says.
const Format = "tunnus/evidence/v1"

// MaxSize bounds a file in bytes, and MaxLines its audit lines.
const (
	MaxSize  = 16 << 20
	MaxLines = 2000
)

// A File is the evidence of one registration. JSON is its form.
type File struct {
	Format  string `json:"format"`
	Session string `json:"session"` // of the registration; names no person
	Account string `json:"account"` // id of the account; names no person

	// Lines are the audit lines of both, in the order of the log.
	Lines []proof.Inclusion `json:"lines"`
	// Certificates are those of the account, DER.
	Certificates [][]byte `json:"certificates"`
	// Confirmations are the statements that others have signed on the way. They name persons.
	Confirmations []Confirmation `json:"confirmations,omitempty"`
	// Container is the signed application (ASiC-E). It holds the name of the person.
	Container []byte `json:"container"`
}

// Parse reads a file. Fields that it does not know are an error.
func Parse(b []byte) (File, error) {
	if len(b) > MaxSize {
		return File{}, fmt.Errorf("evidence: larger than %d bytes", MaxSize)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var f File
	if err := d.Decode(&f); err != nil {
		return File{}, errors.New("evidence: this is no evidence of a registration")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return File{}, errors.New("evidence: something stands behind it")
	}
	if f.Format != Format || f.Session == "" || f.Account == "" || len(f.Lines) > MaxLines {
		return File{}, errors.New("evidence: another format, of no registration, or with too many lines")
	}
	return f, nil
}

// A Table is the row of a way: what it needs, in order.
type Table struct {
	Revision string
	Facts    []Fact
}

// A Fact is one row of a table.
type Fact struct {
	Name string
	Mark string   // the most that it can be worth
	Rest []string // kinds of lines of the session, on one of which each it rests
}

// Tables returns the table of a route such as "passport/renew/child", in a
// revision such as "passport/2"; ok is false for one that is not known.
type Tables func(route, revision string) (t Table, ok bool)

// marks are what facts can be worth, weakest first.
var marks = []string{"claimed", "attested", "proved"}

// A Stood is a fact that stood.
type Stood struct {
	Name   string            `json:"fact"`
	Mark   string            `json:"mark"`
	At     time.Time         `json:"at"`
	Detail map[string]string `json:"detail,omitempty"` // words of the system; nothing of a person

	route string // as it was when the fact was found
}

// A Report is what the evidence shows.
type Report struct {
	Route, Revision string
	Rules           []string // names and revisions of the rules, in the order in which they came
	Facts           []Stood
	Device          string // thumbprint of the device key that registered
	Level           string // of the account
	Active          time.Time
	Certificates    []proof.Logged
	Signed          []Signed // by ID-cards and other accounts, in the order of their facts
	Lines, Erased   int
	Checkpoint      proof.Checkpoint // the largest one; keep it
}

// Verify checks a file against the key of the log. It returns no report unless all
// of it holds; the error says what does not.
func Verify(f File, key proof.Key, tables Tables) (Report, error) {
	r := Report{Lines: len(f.Lines)}
	events, err := r.open(f, key)
	if err != nil {
		return Report{}, err
	}
	if err := r.tell(f, events); err != nil {
		return Report{}, err
	}
	if err := r.compare(tables, events); err != nil {
		return Report{}, err
	}
	if err := inTurn(f, events); err != nil {
		return Report{}, err
	}
	if err := r.certified(f, key); err != nil {
		return Report{}, err
	}
	if err := whole(f, events); err != nil {
		return Report{}, err
	}
	if err := r.confirmed(f, key); err != nil {
		return Report{}, err
	}
	return r, nil
}

// open proves each line, and returns what they say. An erased one says nothing.
func (r *Report) open(f File, key proof.Key) ([]tunnus.Event, error) {
	var events []tunnus.Event
	var last uint64
	for i, line := range f.Lines {
		if i > 0 && line.Index <= last {
			return nil, fmt.Errorf("evidence: line %d does not stand behind the one before it", line.Index)
		}
		last = line.Index
		checkpoint, err := line.Verify(key)
		if err != nil {
			return nil, fmt.Errorf("evidence: line %d: %w", line.Index, err)
		}
		if checkpoint.Size > r.Checkpoint.Size {
			r.Checkpoint = checkpoint
		}
		if line.Erased() {
			r.Erased++
			continue
		}
		e, _, err := line.Event(key)
		if err != nil {
			return nil, fmt.Errorf("evidence: line %d: %w", line.Index, err)
		}
		if e.Subject != f.Session && e.Subject != f.Account {
			return nil, fmt.Errorf("evidence: line %d is about another registration", line.Index)
		}
		events = append(events, e)
	}
	return events, nil
}

// tell reads the lines as one story.
func (r *Report) tell(f File, events []tunnus.Event) error {
	planned := false
	for _, e := range events {
		d := e.Detail
		switch {
		case e.Subject == f.Session && e.Kind == "enrol.fact":
			if err := r.fact(e); err != nil {
				return err
			}
			if id, ok := d["account"]; ok && id != f.Account {
				return errors.New("evidence: the keys were made for another account")
			}
		case e.Subject == f.Session && e.Kind == "enrol.plan":
			planned = d["account"] == f.Account
		case e.Subject == f.Session && e.Kind == "enrol.end" && e.Code != "":
			return fmt.Errorf("evidence: the registration ended without an account: %s", e.Code)
		case e.Subject == f.Account && e.Kind == "account.create":
			r.Device, r.Level = d["device"], d["level"]
		case e.Subject == f.Account && e.Kind == "account.activate":
			r.Active = e.At
		}
	}
	switch {
	case !planned:
		return errors.New("evidence: no line says that this account came of this session")
	case r.Device == "" || r.Level == "":
		return errors.New("evidence: no line says how the account was made")
	case r.Active.IsZero():
		return errors.New("evidence: no line says that the account became active")
	}
	return nil
}

// fact takes a line of a fact. The route of the last one counts: that the applicant
// is a child, or has nothing to replace, is found out on the way.
func (r *Report) fact(e tunnus.Event) error {
	d := e.Detail
	if n := len(r.Facts); n > 0 && e.At.Before(r.Facts[n-1].At) {
		return fmt.Errorf("evidence: the fact %q is older than the one before it", d["fact"])
	}
	if r.Revision != "" && d["revision"] != r.Revision {
		return errors.New("evidence: facts of one session under two tables")
	}
	r.Route, r.Revision = d["route"], d["revision"]
	if !slices.Contains(r.Rules, d["rules"]) {
		r.Rules = append(r.Rules, d["rules"])
	}
	detail := map[string]string{}
	for k, v := range d {
		if !slices.Contains([]string{"fact", "mark", "revision", "rules", "route"}, k) {
			detail[k] = v
		}
	}
	r.Facts = append(r.Facts, Stood{d["fact"], d["mark"], e.At, detail, r.Route})
	return nil
}

// compare holds the facts against the table of their way.
func (r *Report) compare(tables Tables, events []tunnus.Event) error {
	t, ok := tables(r.Route, r.Revision)
	if !ok || t.Revision != r.Revision {
		return fmt.Errorf("evidence: the way %q has no table %q here", r.Route, r.Revision)
	}
	facts := r.asked(t, tables)
	for i, want := range t.Facts {
		if i >= len(facts) {
			return fmt.Errorf("evidence: the fact %q is missing", want.Name)
		}
		got := facts[i]
		if got.Name != want.Name {
			return fmt.Errorf("evidence: the fact %q stands where %q has to", got.Name, want.Name)
		}
		worth := slices.Index(marks, got.Mark)
		if worth < 0 || worth > slices.Index(marks, want.Mark) {
			return fmt.Errorf("evidence: the fact %q is called %s; it can be %s", got.Name, got.Mark, want.Mark)
		}
		if missing := unsupported(want, events); missing != "" {
			return fmt.Errorf("evidence: the fact %q rests on no line %s", got.Name, missing)
		}
	}
	if more := len(facts) - len(t.Facts); more > 0 {
		return fmt.Errorf("evidence: %d facts more than the way has", more)
	}
	if last := facts[len(facts)-1]; r.Active.Before(last.At) {
		return fmt.Errorf("evidence: the account was active before the fact %q stood", last.Name)
	}
	return nil
}

// unsupported is the kind of line that a fact rests on and that does not stand before
// it; "" if all do.
func unsupported(f Fact, events []tunnus.Event) string {
	at := slices.IndexFunc(events, func(e tunnus.Event) bool { return e.Kind == "enrol.fact" && e.Detail["fact"] == f.Name })
	for _, kind := range f.Rest {
		if !slices.ContainsFunc(events[:max(0, at)], func(e tunnus.Event) bool { return e.Kind == kind }) {
			return kind
		}
	}
	return ""
}

// inTurn sees to it that nothing was certified that was not proved yet: the account was
// planned when all facts stood but the one that it was made with, and no certificate was
// asked for, or issued, before that.
func inTurn(f File, events []tunnus.Event) error {
	planned, meant, facts := false, map[string]bool{}, 0
	for _, e := range events {
		switch {
		case e.Kind == "enrol.plan":
			planned = true
		case e.Subject == f.Session && e.Kind == "enrol.fact" && planned:
			facts++
		case e.Kind == "account.create" && facts != 1:
			return fmt.Errorf("evidence: %d facts came between the plan of the account and the account", facts)
		case e.Kind == "cert.intent":
			meant[e.Detail["serial"]] = planned
		case e.Subject == f.Account && e.Kind == proof.CertificateIssued && !planned:
			return fmt.Errorf("evidence: certificate %s was issued before everything was proved", e.Detail["serial"])
		case e.Subject == f.Account && e.Kind == proof.CertificateIssued && !meant[e.Detail["serial"]]:
			return fmt.Errorf("evidence: no line says that certificate %s was going to be issued", e.Detail["serial"])
		}
	}
	return nil
}

// asked are the facts without those that were asked for only while the route was
// another one: who said that the device of an older account is gone, before it was
// known that there is none, has said nothing that counts.
func (r *Report) asked(t Table, tables Tables) []Stood {
	has := func(t Table, name string) bool {
		return slices.ContainsFunc(t.Facts, func(f Fact) bool { return f.Name == name })
	}
	return slices.DeleteFunc(slices.Clone(r.Facts), func(s Stood) bool {
		before, ok := tables(s.route, r.Revision)
		return s.route != r.Route && ok && has(before, s.Name) && !has(t, s.Name)
	})
}

// certified finds for each certificate the line in which the authority wrote down
// that it was issued, for this account, and before that was active.
func (r *Report) certified(f File, key proof.Key) error {
	if len(f.Certificates) == 0 {
		return errors.New("evidence: no certificate is in it")
	}
	for _, der := range f.Certificates {
		logged, err := r.issued(f, key, der)
		if err != nil {
			return err
		}
		if logged.At.After(r.Active) {
			return fmt.Errorf("evidence: certificate %s is younger than the account", logged.Serial)
		}
		r.Certificates = append(r.Certificates, logged)
	}
	return nil
}

// whole sees to it that no certificate of the account was left out.
func whole(f File, events []tunnus.Event) error {
	for _, e := range events {
		if e.Subject != f.Account || e.Kind != proof.CertificateIssued {
			continue
		}
		if !slices.ContainsFunc(f.Certificates, func(der []byte) bool { return fmt.Sprintf("%x", sha256.Sum256(der)) == e.Detail["sha256"] }) {
			return fmt.Errorf("evidence: certificate %s was issued for the account and is not in it", e.Detail["serial"])
		}
	}
	return nil
}

func (r *Report) issued(f File, key proof.Key, der []byte) (proof.Logged, error) {
	sum := sha256.Sum256(der)
	for _, line := range f.Lines {
		// Cheap first: only the line that names this certificate is worth a proof.
		if !strings.Contains(string(line.Record), hex.EncodeToString(sum[:])) {
			continue
		}
		if e, _, err := line.Event(key); err != nil || e.Subject != f.Account || e.Kind != proof.CertificateIssued {
			continue
		}
		return proof.Certificate(der, line, key)
	}
	return proof.Logged{}, fmt.Errorf("evidence: no line says that the certificate with sha256 %x was issued", sum)
}
