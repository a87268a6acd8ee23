package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// people register one after the other; each run needs one who has no account yet.
var people = []string{"hana", "ben", "ada", "cleo", "dov", "eve", "finn", "gus"}

// passes is how often a case is tried whose arrow was passed before its trap stood:
// what jobs do has no fixed order.
const passes = 4

// Run goes through a plan and prints each case as it ends. Registrations on one
// engine share a house, as long as there are people who have no account.
func (b *Build) Run(ctx context.Context, plan []Run, w io.Writer) (all []Result, err error) {
	s := &street{build: b, houses: map[string]*House{}, used: map[string]int{}}
	defer func() { err = errors.Join(err, s.close()) }()
	for pass := 1; len(plan) > 0 && ctx.Err() == nil; pass++ {
		var again []Run
		for _, r := range plan {
			results, left := s.meet(ctx, r)
			if len(left.Arrows) > 0 && pass < passes {
				again = append(again, left)
				results = slices.DeleteFunc(results, func(x Result) bool { return errors.Is(x.Err, errNotMet) })
			}
			for _, x := range results {
				tell(w, x)
			}
			all = append(all, results...)
		}
		plan = again
	}
	return all, errors.Join(err, ctx.Err())
}

// A street is the houses of a run, by engine.
type street struct {
	build  *Build
	houses map[string]*House
	used   map[string]int // people who have registered there
}

func (s *street) close() (err error) {
	for _, h := range s.houses {
		err = errors.Join(err, h.Close())
	}
	return err
}

// meet is one registration; left are the arrows that were not met.
func (s *street) meet(ctx context.Context, r Run) (results []Result, left Run) {
	if r.Route.Alone {
		s.used[r.Engine] = len(people)
	}
	h, err := s.house(ctx, r.Engine)
	if err != nil {
		return missed(r, err), Run{}
	}
	name := people[s.used[r.Engine]]
	s.used[r.Engine]++
	if r.Route.Alone {
		s.used[r.Engine] = len(people)
	}
	results, err = h.Meet(ctx, r, name)
	h.Kill()
	if err != nil {
		s.used[r.Engine] = len(people) // the house is not what others need
		return missed(r, err), Run{}
	}
	if slices.ContainsFunc(results, func(x Result) bool { return x.Err != nil && !errors.Is(x.Err, errNotMet) }) {
		s.used[r.Engine] = len(people)
	}
	left = r
	left.Arrows = nil
	for _, x := range results {
		if errors.Is(x.Err, errNotMet) {
			left.Arrows = append(left.Arrows, x.Arrow)
		}
	}
	return results, left
}

// house returns one on an engine in which somebody has no account yet.
func (s *street) house(ctx context.Context, engine string) (*House, error) {
	h := s.houses[engine]
	if h != nil && s.used[engine] < len(people) {
		return h, nil
	}
	if h != nil {
		if err := h.Close(); err != nil {
			return nil, err
		}
	}
	next, err := s.build.Open(ctx, engine)
	if err != nil {
		return nil, err
	}
	s.houses[engine], s.used[engine] = next, 0
	return next, nil
}

func missed(r Run, err error) (all []Result) {
	for _, c := range r.Cases() {
		all = append(all, Result{Case: c, Err: err})
	}
	return all
}

func tell(w io.Writer, r Result) {
	if r.Err == nil {
		fmt.Fprintf(w, "held  %s  back after %d ms\n", r.Case, r.Back.Milliseconds())
		return
	}
	fmt.Fprintf(w, "LOST  %s  %s\n", r.Case, strings.ReplaceAll(r.Err.Error(), "\n", "; "))
}

// Count tells how many have held, of how many.
func Count(all []Result) (held, n int) {
	for _, r := range all {
		if r.Err == nil {
			held++
		}
	}
	return held, len(all)
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
	if err := h.ready(ctx, r, people[0]); err != nil {
		return nil, err
	}
	before, err := h.before(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.Start(ctx, ""); err != nil {
		return nil, err
	}
	if err := r.Go(ctx, h, people[0]); err != nil {
		return nil, fmt.Errorf("%w; server: %s", err, h.tail())
	}
	if err := h.settled(ctx); err != nil {
		return nil, err
	}
	lines, err := h.lines(ctx)
	return lines[min(before, len(lines)):], err
}

// before is how many audit lines there are.
func (h *House) before(ctx context.Context) (int, error) {
	if begun, err := h.begun(ctx); err != nil || !begun {
		return 0, err
	}
	lines, err := h.lines(ctx)
	return len(lines), err
}

// Table is the matrix in Markdown: a row an arrow, a column a moment on a database.
func Table(all []Result) string {
	type cell struct{ held, n int }
	cells := map[string]*cell{}
	var rows, columns []string
	for _, r := range all {
		row, column := "| "+r.Route+" | "+r.Arrow.String(), r.Engine+" "+r.Moment
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
		if !slices.Contains(columns, column) {
			columns = append(columns, column)
		}
		c := cells[row+column]
		if c == nil {
			c = &cell{}
			cells[row+column] = c
		}
		if c.n++; r.Err == nil {
			c.held++
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "| way | arrow | %s |\n| --- | --- |%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
	for _, row := range rows {
		out.WriteString(row + " |")
		for _, column := range columns {
			switch c := cells[row+column]; {
			case c == nil:
				out.WriteString(" – |")
			case c.held == c.n:
				out.WriteString(" held |")
			default:
				out.WriteString(" **LOST** |")
			}
		}
		out.WriteString("\n")
	}
	held, n := Count(all)
	fmt.Fprintf(&out, "\nheld %d of %d (arrows × moments × databases)\n", held, n)
	return out.String()
}
