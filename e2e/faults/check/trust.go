package check

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tiles"
)

// proofing lists, by way, the facts that must stand before keys are certified.
// It repeats the table on purpose: it is not taken from the code.
var proofing = map[string][]string{
	"passport": {"versions", "terms", "consent", "form", "chip", "contact", "register", "face"},
	"idcard":   {"versions", "terms", "pins", "code", "card-login", "questions", "contact", "code-matched", "card-signed", "register", "is-me"},
	"account":  {"versions", "terms", "vouched", "contact"},
	"desk":     {"versions", "terms", "chip", "officer", "register", "activation", "contact"},
}

// proofs are the facts that must stand before the keys of a session are certified.
func (v session) proofs() []string {
	all := slices.Clone(proofing[v.way])
	if v.minor {
		all = append(all, "guardian")
	}
	if v.purpose != "new" {
		all = append(all, "old-device")
	}
	return all
}

// I1: the account of each certificate belongs to a registration whose proofing was
// complete when the certificate was intended.
func proofedFirst(s *Sight) error {
	sessions, err := s.sessions()
	if err != nil {
		return err
	}
	of := map[string]session{}
	for _, v := range sessions {
		if v.account != "" {
			of[v.account] = v
		}
	}
	all, err := s.certificates()
	for _, c := range all {
		v, ok := of[c.account]
		if !ok {
			s.fault("certificate %s of account %s belongs to no registration", c.serial, c.account)
			continue
		}
		for _, f := range v.proofs() {
			if _, ok := v.facts[f]; !ok {
				s.fault("certificate %s was made though the fact %q does not stand in session %s", c.serial, f, v.id)
			} else if s.find("enrol.fact", v.id, "fact", f) > s.find("cert.intent", "", "serial", c.serial) { // by the log's order: clocks step
				s.fault("certificate %s was intended before the fact %q of session %s", c.serial, f, v.id)
			}
		}
	}
	return err
}

// I2: each certificate that anybody has seen has a row that was written before it.
func intendedFirst(s *Sight) error {
	all, err := s.certificates()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, c := range all {
		known[string(c.der)] = true
		intent, issued := s.find("cert.intent", "", "serial", c.serial), s.find("cert.issued", "", "serial", c.serial)
		if intent < 0 {
			s.fault("certificate %s has no intent in the audit log", c.serial)
		}
		if c.issued != 0 && (issued < 0 || issued < intent) {
			s.fault("certificate %s was issued without a line behind its intent", c.serial)
		}
	}
	for _, der := range certificates(s.told) {
		if !known[string(der)] {
			s.fault("the app holds a certificate that the database does not know")
		}
	}
	return nil
}

// I11: the responder's word is the row's, and a revocation is for ever.
func answersTrue(s *Sight) error {
	states := map[string]string{}
	accounts, err := s.accounts()
	if err != nil {
		return err
	}
	for _, a := range accounts {
		states[a.id] = a.state
	}
	all, err := s.certificates()
	if err != nil {
		return err
	}
	for _, c := range all {
		if s.past.revoked[c.serial] && c.revoked == 0 {
			s.fault("certificate %s was revoked, and is not any more", c.serial)
		}
		s.past.revoked[c.serial] = s.past.revoked[c.serial] || c.revoked != 0
		if state := states[c.account]; (state == "active" || state == "issued") && (c.revoked != 0 || c.held != 0) {
			s.fault("certificate %s is not good, and account %s is %s", c.serial, c.account, state)
		}
		if c.issued == 0 || s.responder == "" {
			continue
		}
		got, err := s.ask(c.der)
		if err != nil {
			return err
		}
		if s.past.revoked[c.serial] && got == ocsp.Good {
			s.fault("certificate %s was revoked, and OCSP says that it is good", c.serial)
		}
		if good := c.revoked == 0 && c.held == 0; (got == ocsp.Good) == good {
			continue
		}
		now, err := s.again(c.serial) // it may have changed before the responder was asked
		if err != nil {
			return err
		}
		if good := now.revoked == 0 && now.held == 0; (got == ocsp.Good) != good {
			s.fault("OCSP says %d of certificate %s; revoked %d, held %d before, and %d, %d behind it", got, c.serial, c.revoked, c.held, now.revoked, now.held)
		}
	}
	return nil
}

// again reads a certificate as it stands now, outside of the snapshot.
func (s *Sight) again(serial string) (c certificate, err error) {
	err = s.house.DB.QueryRowContext(s.ctx, "SELECT revoked, held FROM certificate WHERE serial = $1", serial).Scan(&c.revoked, &c.held)
	return c, err
}

// ask asks the responder about a certificate.
func (s *Sight) ask(der []byte) (status int, err error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return 0, err
	}
	question, err := ocsp.CreateRequest(cert, s.house.Issuing, nil)
	if err != nil {
		return 0, err
	}
	ctx, stop := context.WithTimeout(s.ctx, 10*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.responder, bytes.NewReader(question))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/ocsp-request")
	resp, err := s.house.Client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, err
	}
	answer, err := ocsp.ParseResponseForCert(body, cert, s.house.Issuing)
	if err != nil {
		return 0, err
	}
	return answer.Status, nil
}

// I12: what changed has its line; the transparency log holds the lines in their
// order, grows only, and its signature is right.
func logComplete(s *Sight) error {
	if len(s.audit) < s.past.lines {
		s.fault("%d audit lines are left of %d", len(s.audit), s.past.lines)
	}
	s.past.lines = len(s.audit)
	if err := s.linesOfChanges(); err != nil {
		return err
	}
	key, err := os.ReadFile(s.house.LogKey)
	if errors.Is(err, fs.ErrNotExist) || s.house.Log == "" {
		return nil // nothing was logged yet
	}
	if err != nil {
		return err
	}
	public, err := proof.ParseKey(string(bytes.TrimSpace(key)))
	if err != nil {
		return err
	}
	newest, err := os.ReadFile(s.house.Log + "/checkpoint")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	options := tiles.Options{Key: public, Since: s.past.checkpoint}
	if s.responder == "" { // else the log has gone on since the database was read
		export, err := s.export(newest)
		if err != nil {
			return err
		}
		options.Lines = tiles.NewLines(export)
	}
	report, err := tiles.Check(os.DirFS(s.house.Log), options)
	if err != nil {
		return err
	}
	for _, f := range report.Faults {
		s.fault("the log: %s", f)
	}
	s.past.checkpoint = append(s.past.checkpoint, newest)
	if n := len(s.past.checkpoint); n > 8 {
		s.past.checkpoint = s.past.checkpoint[n-8:]
	}
	return nil
}

// linesOfChanges looks for the line of each fact, account, certificate and entry.
func (s *Sight) linesOfChanges() error {
	sessions, err := s.sessions()
	if err != nil {
		return err
	}
	for _, v := range sessions {
		for f := range v.facts {
			if s.find("enrol.fact", v.id, "fact", f) < 0 {
				s.fault("the fact %q of session %s has no audit line", f, v.id)
			}
		}
	}
	for _, e := range s.audit {
		if i := index(sessions, e.Subject); e.Kind == "enrol.fact" && i >= 0 {
			if _, ok := sessions[i].facts[e.Detail["fact"]]; !ok && e.Code == "" {
				s.fault("the audit log has the fact %q of session %s, and the session has not", e.Detail["fact"], e.Subject)
			}
		}
	}
	accounts, err := s.accounts()
	for _, a := range accounts {
		if s.find("account.create", a.id) < 0 {
			s.fault("account %s has no audit line of its making", a.id)
		}
		if a.state == "active" && s.find("account.activate", a.id) < 0 {
			s.fault("account %s is active without an audit line", a.id)
		}
	}
	return err
}

func index(all []session, id string) int {
	for i := range all {
		if all[i].id == id {
			return i
		}
	}
	return -1
}

// export writes the audit lines as `tunnus log export` would. Whoever is killed
// between log and database leaves lines in the log whose rows do not know it yet;
// the next one tells them. They must be the oldest that wait, in their order.
func (s *Sight) export(checkpoint []byte) (io.Reader, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	place := uint64(0)
	write := func(l tiles.Line) error {
		at := place
		l.Index = &at
		place++
		return enc.Encode(l)
	}
	err := s.rows("SELECT log_index, leaf, salt, record FROM audit_line WHERE log_index IS NOT NULL ORDER BY log_index", func(scan func(...any) error) error {
		var index int64
		var l tiles.Line
		if err := scan(&index, &l.Leaf, &l.Salt, &l.Record); err != nil {
			return err
		}
		if uint64(index) != place {
			s.fault("no audit line has the place %d of the log", place)
			place = uint64(index)
		}
		return write(l)
	})
	if err != nil {
		return nil, err
	}
	text := strings.Split(string(checkpoint), "\n")
	if len(text) < 3 {
		return nil, errors.New("the checkpoint cannot be read")
	}
	size, err := strconv.ParseUint(text[1], 10, 64)
	if err != nil {
		return nil, err
	}
	err = s.rows("SELECT leaf, salt, record FROM audit_line WHERE log_index IS NULL ORDER BY id", func(scan func(...any) error) error {
		var l tiles.Line
		if err := scan(&l.Leaf, &l.Salt, &l.Record); err != nil || place >= size {
			return err
		}
		return write(l)
	})
	return &out, err
}
