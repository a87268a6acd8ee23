package recovery

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/storetest/pgtest"
)

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

var cluster pgtest.Cluster

// postgresql makes a fresh database of PostgreSQL that has the schema already.
func postgresql(t testing.TB) string {
	t.Helper()
	return cluster.Filled(t, func(url string) error {
		s, err := store.Open(t.Context(), url)
		if err != nil {
			return err
		}
		return s.Close()
	})
}

func (w *world) postgres() bool { return strings.HasPrefix(w.where, "postgres") }

// backupPostgreSQL copies all tables into a schema of their own; to put them back
// is to forget all rows, and to copy these.
func (w *world) backupPostgreSQL() (restore func()) {
	w.Helper()
	w.exec(`DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept`)
	tables := w.ask(`SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version'`)
	for _, name := range tables {
		w.exec("CREATE TABLE kept." + name + " AS TABLE public." + name)
	}
	w.Cleanup(func() { w.exec("DROP SCHEMA kept CASCADE") }) // before the database is used again
	return func() {
		w.Helper()
		back := ""
		for _, name := range tables {
			back += "DELETE FROM public." + name + "; INSERT INTO public." + name + " SELECT * FROM kept." + name + ";"
		}
		conn := w.connect()
		w.must(pgtest.PastTriggers(context.Background(), conn, back))
		w.must(conn.Close(context.Background()))
	}
}

func (w *world) exec(statements string) {
	w.Helper()
	conn := w.connect()
	_, err := conn.Exec(context.Background(), statements)
	w.must(err)
	w.must(conn.Close(context.Background()))
}

func (w *world) ask(query string) []string {
	w.Helper()
	conn := w.connect()
	rows, err := conn.Query(context.Background(), query)
	w.must(err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	w.must(err)
	w.must(conn.Close(context.Background()))
	if len(out) == 0 {
		w.Fatal("no tables")
	}
	return out
}

func (w *world) connect() *pgx.Conn {
	w.Helper()
	conn, err := pgx.Connect(context.Background(), w.where)
	w.must(err)
	return conn
}
