// Command cmd runs the fault harness: see package faults. Run it at the root of
// the module, as `make faults` does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/e2e/faults/matrix"
	"github.com/tunnus-id/tunnus/e2e/faults/route"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	list := flag.Bool("list", false, "print each case, and do nothing")
	quick := flag.Bool("quick", os.Getenv("FAULTS") == "quick", "a sample")
	engine := flag.String("engine", "", "only on sqlite or postgres")
	way := flag.String("way", "", "only this route, such as passport/renew")
	only := flag.String("only", "", "only arrows whose name has this in it")
	moment := flag.String("moment", "", "only before, after or lost")
	trace := flag.Bool("trace", false, "print the arrows of an undisturbed registration")
	table := flag.String("table", "", "write the matrix into a page, such as doc/faults.md")
	flag.Parse()
	plan := pick(matrix.Plan(*quick), *way, *engine, *moment, *only)
	if *list {
		show(os.Stdout, plan)
		return
	}
	if err := run(ctx, plan, *table, *trace, *way); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// pick leaves out what is not asked for.
func pick(all []matrix.Run, way, engine, moment, only string) (out []matrix.Run) {
	for _, r := range all {
		if engine != "" && r.Engine != engine || moment != "" && r.Moment != moment || way != "" && r.Route.String() != way {
			continue
		}
		var arrows []route.Arrow
		for _, a := range r.Arrows {
			if strings.Contains(a.String(), only) {
				arrows = append(arrows, a)
			}
		}
		if r.Arrows = arrows; len(arrows) > 0 {
			out = append(out, r)
		}
	}
	return out
}

func show(w io.Writer, plan []matrix.Run) {
	n := 0
	for _, r := range plan {
		for _, c := range r.Cases() {
			n++
			fmt.Fprintln(w, c)
		}
	}
	fmt.Fprintf(w, "%d cases (arrows × moments × databases)\n", n)
}

func run(ctx context.Context, plan []matrix.Run, table string, trace bool, way string) error {
	root, err := root()
	if err != nil {
		return err
	}
	b, err := faults.NewBuild(ctx, root)
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	if trace {
		return route.Trace(ctx, b, os.Stdout, way)
	}
	results, err := matrix.Go(ctx, b, plan, os.Stdout)
	if table != "" {
		err = errors.Join(err, write(table, matrix.Table(results)))
	}
	if err != nil {
		fmt.Println(err)
	}
	held, n := matrix.Count(results)
	fmt.Printf("held %d of %d (arrows × moments × databases)\n", held, n)
	if held != n || n == 0 || err != nil {
		return errors.New("not everything held")
	}
	return nil
}

// write puts the matrix into a page, between its two lines, or makes the page.
func write(path, table string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	page, err := matrix.Insert(string(old), table)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

// root is the folder of the module.
func root() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
