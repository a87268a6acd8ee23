package matrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/e2e/faults/route"
)

// passes is how often a case is tried whose arrow was passed before its trap stood:
// what jobs do has no fixed order.
const passes = 4

// abreast is how many registrations are under way at a time on each database: they wait
// for jobs more than they compute.
const abreast = 2

// Go goes through a plan and prints each case as it ends: on both databases at once,
// some registrations at a time on each. The results are in the order of the routes.
func Go(ctx context.Context, b *faults.Build, plan []Run, w io.Writer) ([]Result, error) {
	if slices.ContainsFunc(plan, func(r Run) bool { return r.Engine == faults.PostgreSQL }) { // before two ask for it
		if _, err := b.Postgres(ctx); err != nil {
			return nil, err
		}
	}
	var mu sync.Mutex
	var all []Result
	var errs []error
	var done sync.WaitGroup
	for _, own := range lanes(plan) {
		s := &street{build: b, engine: own[0].Engine, report: func(some []Result) {
			mu.Lock()
			defer mu.Unlock()
			for _, x := range some {
				tell(w, x)
			}
			all = append(all, some...)
		}}
		done.Go(func() {
			s.walk(ctx, own)
			err := s.close()
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	done.Wait()
	inOrder(all)
	return all, errors.Join(append(errs, ctx.Err())...)
}

// lanes spreads a plan on what is gone at a time.
func lanes(plan []Run) (all [][]Run) {
	for _, engine := range []string{faults.SQLite, faults.PostgreSQL} {
		own := make([][]Run, abreast)
		n := 0
		for _, r := range plan {
			if r.Engine == engine {
				own[n%abreast] = append(own[n%abreast], r)
				n++
			}
		}
		all = append(all, slices.DeleteFunc(own, func(l []Run) bool { return len(l) == 0 })...)
	}
	return all
}

// inOrder sorts results as the routes and their arrows are listed.
func inOrder(all []Result) {
	place := map[string]int{}
	for _, r := range route.All() {
		for _, a := range r.Arrows() {
			place[r.Route.String()+" "+a.String()] = len(place)
		}
	}
	at := func(x Result) int { return place[x.Route+" "+x.Arrow.String()] }
	slices.SortStableFunc(all, func(a, b Result) int { return at(a) - at(b) })
}

// A street is the houses of a run on one engine, one after the other. Registrations
// share a house as long as there are people who have no account.
type street struct {
	build  *faults.Build
	engine string
	report func([]Result)
	house  *faults.House // the newest; nil: none yet
	used   int           // people who have registered there
}

// walk goes through a plan. Arrows that were not met are tried again.
func (s *street) walk(ctx context.Context, plan []Run) {
	for pass := 1; len(plan) > 0 && ctx.Err() == nil; pass++ {
		var again []Run
		for _, r := range plan {
			results, left := s.meet(ctx, r)
			if len(left.Arrows) > 0 && pass < passes {
				again = append(again, left)
				results = slices.DeleteFunc(results, func(x Result) bool { return errors.Is(x.Err, errNotMet) })
			}
			s.report(results)
		}
		plan = again
	}
}

func (s *street) close() error {
	if s.house == nil {
		return nil
	}
	return s.house.Close()
}

// leave makes the next registration find a new house.
func (s *street) leave() { s.used = len(faults.Names()) }

// meet is one registration; left are the arrows that were not met.
func (s *street) meet(ctx context.Context, r Run) (results []Result, left Run) {
	if r.Route.Alone {
		s.leave()
		defer s.leave()
	}
	if err := s.move(ctx); err != nil {
		return missed(r, err), Run{}
	}
	name := faults.Names()[s.used]
	s.used++
	results, err := Meet(ctx, s.house, r, name)
	s.house.Kill()
	if err != nil {
		s.leave() // the house is not what others need
		return missed(r, err), Run{}
	}
	if slices.ContainsFunc(results, func(x Result) bool { return x.Err != nil && !errors.Is(x.Err, errNotMet) }) {
		s.leave()
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

// move sees to a house in which somebody has no account yet.
func (s *street) move(ctx context.Context) error {
	if s.house != nil && s.used < len(faults.Names()) {
		return nil
	}
	if err := s.close(); err != nil {
		return err
	}
	next, err := s.build.Open(ctx, s.engine)
	s.house, s.used = next, 0
	return err
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

// columns of the matrix.
func columns() (all [][2]string) {
	for _, engine := range []string{faults.SQLite, faults.PostgreSQL} {
		for _, moment := range []string{Before, After, Lost} {
			all = append(all, [2]string{engine, moment})
		}
	}
	return all
}

// Table is the matrix in Markdown: a row an arrow, a column a moment on a database. A
// cell is empty where nothing was run, and has a dash where there is nothing to run.
func Table(all []Result) string {
	cells := map[string]string{}
	for _, r := range all {
		word := " held"
		if r.Err != nil {
			word = " **LOST**"
		}
		cells[r.Route+" "+r.Arrow.String()+r.Engine+r.Moment] = word
	}
	var out strings.Builder
	out.WriteString("| route | arrow |")
	for _, c := range columns() {
		out.WriteString(" " + c[0] + " " + c[1] + " |")
	}
	out.WriteString("\n" + strings.Repeat("| --- ", 2+len(columns())) + "|\n")
	for _, r := range route.All() {
		for _, a := range r.Arrows() {
			name := r.Route.String() + " " + a.String()
			var row strings.Builder
			for _, c := range columns() {
				cell := cells[name+c[0]+c[1]]
				if !slices.Contains(moments(a), c[1]) {
					cell = " –"
				}
				row.WriteString(cell + " |")
			}
			if strings.ContainsAny(row.String(), "hL") { // nothing of it was run otherwise
				fmt.Fprintf(&out, "| %s | %s |%s\n", r.Route, a, row.String())
			}
		}
	}
	held, n := Count(all)
	fmt.Fprintf(&out, "\nheld %d of %d (arrows × moments × databases)\n", held, n)
	return out.String()
}

// The lines between which a page has the matrix.
const (
	begins = "<!-- made by go run ./e2e/faults/cmd -table FILE -->"
	ends   = "<!-- end of what was made -->"
)

// Insert returns a page with another matrix between its two lines, or the matrix with
// these lines if there is no page yet. It fails if a page has not both, once.
func Insert(page, table string) (string, error) {
	made := begins + "\n\n" + table + "\n" + ends + "\n"
	if page == "" {
		return made, nil
	}
	before, rest, ok1 := strings.Cut(page, begins+"\n")
	_, after, ok2 := strings.Cut(rest, ends+"\n")
	if !ok1 || !ok2 || strings.Contains(after, begins) {
		return "", fmt.Errorf("the page has not the lines %q and %q, once", begins, ends)
	}
	return before + made + after, nil
}
