// Command cmd measures registrations on a small and on a big database: see package
// load. Run it within the module, on a machine that does nothing else.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tunnus-id/tunnus/e2e/load"
	"github.com/tunnus-id/tunnus/e2e/program"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var plan load.Plan
	flag.IntVar(&plan.Rounds, "rounds", 4, "blocks on each of the two databases, in turns")
	flag.DurationVar(&plan.Block, "block", 20*time.Second, "length of one")
	flag.IntVar(&plan.Accounts, "accounts", 1_000_000, "in the big database, with five ledger rows for each")
	flag.Parse()
	root, err := program.Root()
	if err == nil {
		err = load.Run(ctx, root, plan, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
