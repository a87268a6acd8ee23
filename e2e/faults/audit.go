package faults

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"
)

// Arrows counts the audit lines, by arrow.
func (h *House) Arrows(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	lines, err := h.Lines(ctx)
	for _, l := range lines {
		out[l]++
	}
	return out, err
}

// begun reports whether the database has its tables.
func (h *House) begun(ctx context.Context) (ok bool, err error) {
	if h.engine == SQLite {
		_, err := os.Stat(h.Path("server", "tunnus.db"))
		return err == nil, nil
	}
	err = h.db.QueryRowContext(ctx, "SELECT to_regclass('audit_line') IS NOT NULL").Scan(&ok)
	return ok, err
}

// Lines are the arrows of the audit log, in its order. A database that is not there yet
// has none.
func (h *House) Lines(ctx context.Context) (all []string, err error) {
	if begun, err := h.begun(ctx); err != nil || !begun {
		return nil, err
	}
	rows, err := h.db.QueryContext(ctx, "SELECT record FROM audit_line WHERE record IS NOT NULL ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err tells
	for rows.Next() {
		var record []byte
		var e struct {
			Kind    string            `json:"kind"`
			Subject string            `json:"subject"`
			Detail  map[string]string `json:"detail"`
		}
		if err := errors.Join(rows.Scan(&record), json.Unmarshal(record, &e)); err != nil {
			return nil, err
		}
		name := e.Kind
		if e.Subject == "service" { // see store/fault
			name = "service/" + name
		}
		if f := e.Detail["fact"]; f != "" {
			name += "/" + f
		}
		all = append(all, name)
	}
	return all, rows.Err()
}

// patienceForJobs is how long jobs may take that nobody disturbs. Half a minute is what
// some of them wait until they are told again.
const patienceForJobs = 3 * time.Minute

// Settled waits until the jobs of every account are done, and of every sitting that is
// undone: nothing is written for a while. It fails if they are not done in time.
func (h *House) Settled(ctx context.Context) error {
	ctx, stop := context.WithTimeoutCause(ctx, patienceForJobs, errors.New("the jobs of an account are not done"))
	defer stop()
	for quiet, last := 0, -1; quiet < 15; {
		lines, err := h.Lines(ctx)
		if err != nil {
			return err
		}
		todo, err := h.underway(ctx)
		if err != nil {
			return err
		}
		todo = todo || count(lines, "container.level") < 2*count(lines, "account.activate") || count(lines, "key.seen") < count(lines, "key.end")
		if quiet++; len(lines) != last || todo {
			quiet, last = 0, len(lines)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

func count(lines []string, name string) (n int) {
	for _, l := range lines {
		if l == name {
			n++
		}
	}
	return n
}
