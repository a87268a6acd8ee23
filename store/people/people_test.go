package people_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/people"
	"github.com/tunnus-id/tunnus/store/storetest/check"
	"github.com/tunnus-id/tunnus/store/storetest/peopletest"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

func openAt(t testing.TB, where string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// everywhere runs a test on a fresh database of both engines.
func everywhere(t *testing.T, test func(t *testing.T, where func(testing.TB) string)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, func(t testing.TB) string { return filepath.Join(t.TempDir(), "tunnus.db") })
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, func(t testing.TB) string {
			return cluster.Filled(t, func(url string) error {
				s, err := store.Open(t.Context(), url)
				if err != nil {
					return err
				}
				return s.Close()
			})
		})
	})
}

func both[P any](t *testing.T, suite func(*testing.T, func(*testing.T) check.Fixture[P]), port func(s *store.Store) P) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		suite(t, func(t *testing.T) check.Fixture[P] {
			at := where(t)
			s := openAt(t, at)
			return check.Fixture[P]{
				Port:   func() P { return port(s) },
				Reopen: func() { check.Must(t, "Close", s.Close()); s = openAt(t, at) },
				Events: func(subject string) []string { return kinds(t, s, subject) },
				Exec: func(statement string) error {
					writer, _ := s.Database().Raw()
					_, err := writer.ExecContext(t.Context(), statement)
					return err
				},
			}
		})
	})
}

// kinds reads the kinds of a subject's audit events.
func kinds(t *testing.T, s *store.Store, subject string) (kinds []string) {
	t.Helper()
	events, err := s.Audit().Events(t.Context(), subject)
	check.Must(t, "Events", err)
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestPopulation(t *testing.T) {
	both(t, peopletest.Population, func(s *store.Store) peopletest.PopulationPorts {
		r := people.NewRegister(s.Database())
		return peopletest.PopulationPorts{Source: r, Shelf: r}
	})
}

func TestReconcileStore(t *testing.T) {
	both(t, peopletest.Reconcile, func(s *store.Store) peopletest.ReconcilePorts {
		return peopletest.ReconcilePorts{Store: people.NewWalk(s.Database()), Accounts: s.Accounts()}
	})
}
