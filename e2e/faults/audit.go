package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Arrows counts the audit lines, by arrow. A database that is not there yet has none.
func (h *House) Arrows(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	if begun, err := h.begun(ctx); err != nil || !begun {
		return out, err
	}
	lines, err := h.Lines(ctx)
	for _, l := range lines {
		out[l]++
	}
	return out, err
}

// begun reports whether the database has its tables.
func (h *House) begun(ctx context.Context) (ok bool, err error) {
	if h.engine == SQLite {
		_, err := os.Stat(h.path("server", "tunnus.db"))
		return err == nil, nil
	}
	err = h.db.QueryRowContext(ctx, "SELECT to_regclass('audit_line') IS NOT NULL").Scan(&ok)
	return ok, err
}

// Lines are the arrows of the audit log, in its order.
func (h *House) Lines(ctx context.Context) (all []string, err error) {
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

// Ready makes what a route needs, and waits until nothing more comes of that.
func (h *House) Ready(ctx context.Context, r Route, name string) error {
	if r.Ready == nil {
		return nil
	}
	if err := h.Start(ctx, ""); err != nil {
		return err
	}
	defer h.Kill()
	if err := r.Ready(ctx, h, name); err != nil {
		return fmt.Errorf("before: %w; server: %s", err, h.Tail())
	}
	return h.Settled(ctx)
}

// patienceForJobs is how long jobs may take that nobody disturbs. Half a minute is what
// some of them wait until they are told again.
const patienceForJobs = 3 * time.Minute

// Settled waits until the jobs of every account are done: nothing is written for a
// while. It fails if they are not done in time.
func (h *House) Settled(ctx context.Context) error {
	ctx, stop := context.WithTimeoutCause(ctx, patienceForJobs, errors.New("the jobs of an account are not done"))
	defer stop()
	for quiet, last := 0, -1; quiet < 15; {
		lines, err := h.Lines(ctx)
		if err != nil {
			return err
		}
		todo := count(lines, "container.level") < 2*count(lines, "account.activate") || count(lines, "key.seen") < count(lines, "key.end")
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

// Trace registers somebody with nothing disturbed, by each way or one, and prints the
// audit log's arrows in their order.
func (b *Build) Trace(ctx context.Context, w io.Writer, only string) error {
	for _, r := range Routes() {
		if only != "" && r.Route.String() != only {
			continue
		}
		lines, err := b.Undisturbed(ctx, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Route, err)
		}
		fmt.Fprintf(w, "%s: %s\n", r.Route, strings.Join(lines, " "))
	}
	return nil
}

// Undisturbed goes a route in a new house and returns the arrows of its audit log.
func (b *Build) Undisturbed(ctx context.Context, r Route) ([]string, error) {
	h, err := b.Open(ctx, SQLite)
	if err != nil {
		return nil, err
	}
	defer func() { _ = h.Close() }()
	if err := h.Ready(ctx, r, Names()[0]); err != nil {
		return nil, err
	}
	before, err := h.before(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.Start(ctx, ""); err != nil {
		return nil, err
	}
	if err := r.Go(ctx, h, Names()[0]); err != nil {
		return nil, fmt.Errorf("%w; server: %s", err, h.Tail())
	}
	if err := h.Settled(ctx); err != nil {
		return nil, err
	}
	lines, err := h.Lines(ctx)
	return lines[min(before, len(lines)):], err
}

// before is how many audit lines there are.
func (h *House) before(ctx context.Context) (int, error) {
	if begun, err := h.begun(ctx); err != nil || !begun {
		return 0, err
	}
	lines, err := h.Lines(ctx)
	return len(lines), err
}
