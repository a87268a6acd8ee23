package check

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// A Sight is one look at a house.
type Sight struct {
	ctx       context.Context
	tx        *sql.Tx
	house     House
	past      *past
	told      []Entry // of the diary
	responder string
	at        string // the invariant that is being looked at
	faults    []Fault

	audit []event // in the order of the table
}

// past is what earlier looks have seen.
type past struct {
	ledger     map[string][]string // by key: each entry as text
	ends       map[string]string   // by session: how it ended
	active     map[string]string   // by person: an account that was active
	revoked    map[string]bool     // by serial
	checkpoint [][]byte
	lines      int
}

func newPast() past {
	return past{ledger: map[string][]string{}, ends: map[string]string{}, active: map[string]string{}, revoked: map[string]bool{}}
}

// An event is one audit line as it was written down.
type event struct {
	ID      string            `json:"-"`
	At      time.Time         `json:"at"`
	Kind    string            `json:"kind"`
	Subject string            `json:"subject"`
	Code    string            `json:"code"`
	Detail  map[string]string `json:"detail"`
}

func (s *Sight) now() time.Time {
	if s.house.Now != nil {
		return s.house.Now()
	}
	return time.Now()
}

// fault tells that the invariant does not hold.
func (s *Sight) fault(format string, args ...any) {
	s.faults = append(s.faults, Fault{s.at, fmt.Sprintf(format, args...)})
}

// rows runs a query and hands each row over.
func (s *Sight) rows(query string, each func(scan func(...any) error) error) error {
	r, err := s.tx.QueryContext(s.ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	defer func() { _ = r.Close() }() // Err tells
	for r.Next() {
		if err := each(r.Scan); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	return r.Err()
}

// count returns the one number that a query asks for.
func (s *Sight) count(query string) (n int64, err error) {
	err = s.tx.QueryRowContext(s.ctx, query).Scan(&n)
	return n, err
}

func (s *Sight) readAudit() error {
	return s.rows("SELECT id, record FROM audit_line WHERE record IS NOT NULL ORDER BY id", func(scan func(...any) error) error {
		var e event
		var record []byte
		if err := scan(&e.ID, &record); err != nil {
			return err
		}
		if err := json.Unmarshal(record, &e); err != nil {
			return err
		}
		s.audit = append(s.audit, e)
		return nil
	})
}

// find returns the first audit line that fits, with its place; -1 if there is none.
func (s *Sight) find(kind, subject string, detail ...string) int {
	return slices.IndexFunc(s.audit, func(e event) bool { return e.is(kind, subject, detail...) })
}

// tally counts the audit lines that fit.
func (s *Sight) tally(kind, subject string, detail ...string) (n int) {
	for _, e := range s.audit {
		if e.is(kind, subject, detail...) {
			n++
		}
	}
	return n
}

func (e event) is(kind, subject string, detail ...string) bool {
	if e.Kind != kind || subject != "" && e.Subject != subject {
		return false
	}
	for i := 0; i+1 < len(detail); i += 2 {
		if e.Detail[detail[i]] != detail[i+1] {
			return false
		}
	}
	return true
}

// A session is a registration as it stands in its row.
type session struct {
	id, way, purpose, state, why, account, login, sign string
	minor                                              bool
	due                                                int64
	facts                                              map[string]struct {
		At   time.Time `json:"at"`
		Mark string    `json:"mark"`
	}
}

func (s *Sight) sessions() (all []session, err error) {
	err = s.rows("SELECT id, way, purpose, minor, state, why, account, login_key, sign_key, due, facts FROM enrol_session ORDER BY id", func(scan func(...any) error) error {
		var v session
		var facts []byte
		if err := scan(&v.id, &v.way, &v.purpose, &v.minor, &v.state, &v.why, &v.account, &v.login, &v.sign, &v.due, &facts); err != nil {
			return err
		}
		all = append(all, v)
		if len(facts) == 0 {
			return nil
		}
		return json.Unmarshal(facts, &all[len(all)-1].facts)
	})
	return all, err
}

// An account is one as it stands in its row.
type account struct{ id, person, document, state, device string }

func (s *Sight) accounts() (all []account, err error) {
	err = s.rows("SELECT id, person, document, state, device FROM account ORDER BY id", func(scan func(...any) error) error {
		var v account
		all = append(all, account{})
		if err := scan(&v.id, &v.person, &v.document, &v.state, &v.device); err != nil {
			return err
		}
		all[len(all)-1] = v
		return nil
	})
	return all, err
}

// A certificate is one as it stands in its row.
type certificate struct {
	serial, account, purpose      string
	intent, issued, revoked, held int64
	der                           []byte
}

func (s *Sight) certificates() (all []certificate, err error) {
	const query = "SELECT serial, account, purpose, intent, issued, revoked, held, certificate FROM certificate ORDER BY serial"
	err = s.rows(query, func(scan func(...any) error) error {
		var v certificate
		err := scan(&v.serial, &v.account, &v.purpose, &v.intent, &v.issued, &v.revoked, &v.held, &v.der)
		all = append(all, v)
		return err
	})
	return all, err
}
