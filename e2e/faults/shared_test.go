package faults

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/e2e/faults/cluster"
	"github.com/tunnus-id/tunnus/e2e/program"
	"github.com/tunnus-id/tunnus/need"
)

// shared is what the tests of this package share; only who asks for it waits.
var shared struct {
	sync.Mutex
	build *Build
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.build != nil {
		_ = shared.build.Close()
	}
	os.Exit(code)
}

// built returns it. The first who asks builds the program.
func built(t *testing.T) *Build {
	t.Helper()
	if _, err := program.Models("../.."); err != nil {
		need.Missing(t, err.Error())
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.build == nil && shared.err == nil {
		shared.build, shared.err = NewBuild(context.Background(), "../..")
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.build
}

// alone is the same with a database server of its own, for those who do harm to it.
func (b *Build) alone(p *cluster.Postgres) *Build {
	return &Build{Dir: b.Dir, Program: b.Program, Models: b.Models, postgres: p}
}

// opened is a house whose server does not run yet.
func (b *Build) opened(t *testing.T, engine string, change ...func(config map[string]any)) *House {
	t.Helper()
	if engine == PostgreSQL {
		needPostgreSQL(t)
	}
	h, err := b.Open(t.Context(), engine, change...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func needPostgreSQL(t *testing.T) {
	t.Helper()
	if _, err := cluster.Program("postgres"); err != nil {
		need.Missing(t, "PostgreSQL is not installed")
	}
}

// running is a house whose server runs.
func (b *Build) running(t *testing.T, engine string, change ...func(config map[string]any)) *House {
	t.Helper()
	h := b.opened(t, engine, change...)
	h.start(t)
	return h
}

func (h *House) start(t *testing.T) {
	t.Helper()
	if err := h.Start(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
}

// outlives waits for a registration that ends well, in a server that has not ended.
func (h *House) outlives(t *testing.T, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%v; %s", err, h.Tail())
		}
	case <-h.ended:
		t.Fatalf("the server ended: %s", h.Tail())
	}
	if err := h.Check(t.Context(), true); err != nil {
		t.Error(err)
	}
}
