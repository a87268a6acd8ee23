package store

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store/storetest"
	"github.com/tunnus-id/tunnus/store/storetest/check"
	"github.com/tunnus-id/tunnus/store/storetest/keytest"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// both runs a port's suite on both engines.
func both[P any](t *testing.T, suite func(*testing.T, func(*testing.T) check.Fixture[P]), port func(s *Store) P) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		suite(t, func(t *testing.T) check.Fixture[P] { return fixture(t, where(t), port) })
	})
}

// everywhere runs a test on both engines; where makes a fresh database and says
// how to open it.
func everywhere(t *testing.T, test func(t *testing.T, where func(testing.TB) string)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, func(t testing.TB) string { return filepath.Join(t.TempDir(), "tunnus.db") })
	})
	t.Run("postgres", func(t *testing.T) { test(t, postgresql) })
}

// empty runs a test on a database of both engines that has no schema yet.
func empty(t *testing.T, test func(t *testing.T, where string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "tunnus.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, cluster.Database(t)) })
}

func fixture[P any](t *testing.T, where string, port func(s *Store) P) check.Fixture[P] {
	s := openAt(t, where)
	return check.Fixture[P]{
		Port: func() P { return port(s) },
		Reopen: func() {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openAt(t, where)
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
			writer, _ := s.d.Raw()
			_, err := writer.ExecContext(t.Context(), statement)
			return err
		},
	}
}

var cluster pgtest.Cluster

// postgresql makes a fresh database of PostgreSQL that has the schema already.
func postgresql(t testing.TB) string {
	t.Helper()
	return cluster.Filled(t, func(url string) error {
		s, err := Open(t.Context(), url)
		if err != nil {
			return err
		}
		return s.Close()
	})
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
	both(t, storetest.Ledger, func(s *Store) lock.Store { return s.Ledger() })
}

func TestShelf(t *testing.T) {
	both(t, storetest.Shelf, func(s *Store) scheme.Shelf { return s.Shelf() })
}

func TestCodes(t *testing.T) {
	both(t, storetest.Codes, func(s *Store) otp.Store { return s.Codes() })
}

func TestAccounts(t *testing.T) {
	both(t, storetest.Accounts, func(s *Store) storetest.AccountPorts {
		return storetest.AccountPorts{Store: s.Accounts(), Years: s.Accounts()}
	})
}

func TestLife(t *testing.T) {
	both(t, storetest.Life, func(s *Store) storetest.LifePorts {
		return storetest.LifePorts{
			Store: s.Life(), Accounts: s.Accounts(), Contacts: s.Contacts(), History: s.History(),
			Cases: func() ([]life.Case, error) { return s.Life().Cases(context.Background(), 10) },
		}
	})
}

func TestEnrolments(t *testing.T) {
	both(t, storetest.Enrolments, func(s *Store) storetest.EnrolPorts {
		return storetest.EnrolPorts{Store: s.Enrolments(), Accounts: s.Accounts(), Containers: s.Containers()}
	})
}

func TestQuestions(t *testing.T) {
	both(t, storetest.Questions, func(s *Store) confirm.Store { return s.Questions() })
}

func TestKeyshare(t *testing.T) {
	both(t, keytest.Keyshare, func(s *Store) keyshare.Store { return s.Keyshare() })
}

func TestContainers(t *testing.T) {
	both(t, storetest.Containers, func(s *Store) container.Store { return s.Containers() })
}

func TestCertificates(t *testing.T) {
	both(t, storetest.Certificates, func(s *Store) issue.Store { return s.Certificates() })
}

func TestHolds(t *testing.T) {
	both(t, storetest.Holds, func(s *Store) storetest.StatusPorts {
		return storetest.StatusPorts{Certificates: s.Certificates(), Holds: s.Certificates(), Source: s.Statuses(), Shelf: s.Statuses()}
	})
}

func TestLogins(t *testing.T) {
	both(t, storetest.Logins, func(s *Store) login.Store { return s.Logins() })
}

// Two nodes share a database; the ladder of the PIN holds for both together.
func TestTriesAtTwoNodes(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) string) {
		keytest.Tries(t, func(t *testing.T) keytest.Nodes {
			where := fresh(t)
			a, b := openAt(t, where), openAt(t, where)
			return keytest.Nodes{
				Stores: [2]keyshare.Store{a.Keyshare(), b.Keyshare()},
				Events: func(subject string) []string { return kinds(t, a, subject) },
			}
		})
	})
}

func TestLog(t *testing.T) {
	both(t, storetest.Log, func(s *Store) storetest.LogPorts {
		return storetest.LogPorts{
			Store: s.Log(), Lines: s.Log(),
			Write: func(events []tunnus.Event) error { return s.Certificates().Record(context.Background(), events) },
			Erase: func(subject string) error { return s.Audit().Erase(context.Background(), subject) },
		}
	})
}
