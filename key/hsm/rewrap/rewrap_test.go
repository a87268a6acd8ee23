package rewrap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
)

// names is a [Sealer] whose records begin with the name of their key.
type names struct{ newest string }

func (names) KeyOf(sealed []byte) (string, error) {
	id, _, ok := strings.Cut(string(sealed), ":")
	if !ok {
		return "", errors.New("damaged")
	}
	return id, nil
}

func (n names) Rewrap(sealed []byte) ([]byte, bool, error) {
	id, err := n.KeyOf(sealed)
	if err != nil || id == n.newest {
		return sealed, false, err
	}
	return []byte(n.newest + strings.TrimPrefix(string(sealed), id)), true, nil
}

// memory is a [Rows] of one place; every other row of hot is written by somebody
// else between reading and writing.
type memory struct {
	rows []Row
	hot  map[string]bool
}

func (m *memory) SealedRows(_ context.Context, place, after string, limit int) ([]Row, error) {
	if place != places["modulus"][1] {
		return nil, nil
	}
	var out []Row
	for _, r := range m.rows {
		if r.ID > after && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) ReplaceSealed(_ context.Context, _ string, r Row, fresh []byte) error {
	i := slices.IndexFunc(m.rows, func(x Row) bool { return x.ID == r.ID })
	if m.hot[r.ID] {
		delete(m.hot, r.ID)
		m.rows[i].Rev++
	}
	if m.rows[i].Rev != r.Rev || !bytes.Equal(m.rows[i].Sealed, r.Sealed) {
		return tunnus.Conflict(errors.New("moved"))
	}
	m.rows[i].Rev, m.rows[i].Sealed = r.Rev+1, fresh
	return nil
}

func filled(n int) *memory {
	m := &memory{hot: map[string]bool{}}
	for i := range n {
		m.rows = append(m.rows, Row{ID: fmt.Sprintf("%05d", i), Sealed: fmt.Appendf(nil, "old:%d", i)})
	}
	return m
}

func TestRunGoesThroughAllPages(t *testing.T) {
	for _, n := range []int{0, 1, page - 1, page, page + 1, 3 * page} {
		m := filled(n)
		done, err := Run(t.Context(), m, names{"new"}, "modulus")
		if err != nil || done != (Result{Rewrapped: n}) {
			t.Errorf("%d rows: %+v, %v", n, done, err)
		}
		counts, err := Count(t.Context(), m, names{"new"}, "modulus")
		if err != nil || counts["new"] != n || counts["old"] != 0 {
			t.Errorf("%d rows: %v, %v", n, counts, err)
		}
		if n > 0 && string(m.rows[n-1].Sealed) != fmt.Sprintf("new:%d", n-1) {
			t.Errorf("the last row is %q", m.rows[n-1].Sealed)
		}
	}
}

// What somebody else wrote meanwhile is left to the next run.
func TestRunLeavesWhatMoved(t *testing.T) {
	m := filled(10)
	m.hot["00003"] = true
	if done, err := Run(t.Context(), m, names{"new"}, "modulus"); err != nil || done != (Result{Rewrapped: 9, Moved: 1}) {
		t.Errorf("first run: %+v, %v", done, err)
	}
	if counts, err := Count(t.Context(), m, names{"new"}, "modulus"); err != nil || counts["old"] != 1 {
		t.Errorf("%v, %v; want one under the old key", counts, err)
	}
	if done, err := Run(t.Context(), m, names{"new"}, "modulus"); err != nil || done != (Result{Rewrapped: 1}) {
		t.Errorf("second run: %+v, %v", done, err)
	}
}

// A record that cannot be read stops the job: nobody may take it for rewrapped.
func TestDamageIsTold(t *testing.T) {
	m := filled(3)
	m.rows[1].Sealed = []byte("damaged")
	if _, err := Run(t.Context(), m, names{"new"}, "modulus"); err == nil {
		t.Error("Run went on")
	}
	if _, err := Count(t.Context(), m, names{"new"}, "modulus"); err == nil {
		t.Error("Count went on")
	}
}

func TestUnknownKeyset(t *testing.T) {
	if _, err := Count(t.Context(), filled(0), names{"new"}, "another"); err == nil {
		t.Error("counted")
	}
}

// Each record belongs to one keyset: k and n2 are never under one (K12).
func TestEachPlaceHasOneKeyset(t *testing.T) {
	seen := map[string]string{}
	for _, keyset := range []string{"voprf", "modulus", "session", "ledger"} {
		for _, p := range Places(keyset) {
			if other, twice := seen[p]; twice {
				t.Errorf("%s is of %s and of %s", p, other, keyset)
			}
			seen[p] = keyset
		}
	}
	for place, keyset := range map[string]string{"keyshare_key.sealed_voprf": "voprf", "keyshare_key.sealed_half": "modulus", "keyshare_pool.sealed_half": "modulus"} {
		if seen[place] != keyset {
			t.Errorf("%s is of %q; want %s", place, seen[place], keyset)
		}
	}
}
