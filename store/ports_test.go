package store

import (
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store/storetest"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// on makes fixtures on SQLite for one port.
func on[P any](port func(s *Store) P) func(t *testing.T) storetest.Fixture[P] {
	return func(t *testing.T) storetest.Fixture[P] {
		path := filepath.Join(t.TempDir(), "tunnus.db")
		s := openAt(t, path)
		return storetest.Fixture[P]{
			Port: func() P { return port(s) },
			Reopen: func() {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = openAt(t, path)
			},
			Events: func(subject string) []string { return kinds(t, s, subject) },
			Letters: func() int {
				n, err := s.Outbox().Waiting(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return n
			},
			Exec: func(statement string) error {
				_, err := s.writer.ExecContext(t.Context(), statement)
				return err
			},
		}
	}
}

// kinds reads the kinds of a subject's audit events.
func kinds(t *testing.T, s *Store, subject string) (kinds []string) {
	t.Helper()
	events, err := s.Audit().Events(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestLedger(t *testing.T) {
	storetest.Ledger(t, on(func(s *Store) lock.Store { return s.Ledger() }))
}

func TestCodes(t *testing.T) {
	storetest.Codes(t, on(func(s *Store) otp.Store { return s.Codes() }))
}

func TestAccounts(t *testing.T) {
	storetest.Accounts(t, on(func(s *Store) storetest.AccountPorts {
		return storetest.AccountPorts{Store: s.Accounts(), Years: s.Accounts()}
	}))
}

func TestEnrolments(t *testing.T) {
	storetest.Enrolments(t, on(func(s *Store) storetest.EnrolPorts {
		return storetest.EnrolPorts{Store: s.Enrolments(), Accounts: s.Accounts()}
	}))
}

func TestKeyshare(t *testing.T) {
	storetest.Keyshare(t, on(func(s *Store) keyshare.Store { return s.Keyshare() }))
}

func TestCertificates(t *testing.T) {
	storetest.Certificates(t, on(func(s *Store) issue.Store { return s.Certificates() }))
}

func TestLogins(t *testing.T) {
	storetest.Logins(t, on(func(s *Store) login.Store { return s.Logins() }))
}
