package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
)

// crashing names the database on which the test binary, run again as another
// process, charges attempts until it is killed.
const crashing = "TUNNUS_STORE_CRASH"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashing); path != "" {
		fmt.Fprintln(os.Stderr, chargeForEver(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// chargeForEver prints each charge's place once it is acknowledged.
func chargeForEver(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		event := []tunnus.Event{{At: noon, Kind: "lock.charge", Subject: "doc"}}
		if err := s.Ledger().Append(ctx, "doc", n, lock.Entry{Kind: lock.Charged, At: noon}, event); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// After kill -9 each acknowledged charge is there, with its event.
func TestKilledWriterRefundsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tunnus.db")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashing+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for lines := bufio.NewScanner(out); lines.Scan(); acknowledged++ {
		if acknowledged == 20 {
			_ = cmd.Process.Kill() // what it still printed is read, and counts
		}
	}
	_ = cmd.Wait() // it was killed
	if acknowledged < 20 {
		t.Fatalf("only %d charges were acknowledged", acknowledged)
	}
	s := openAt(t, path)
	entries, err := s.Ledger().Entries(t.Context(), "doc")
	if err != nil || len(entries) < acknowledged || len(entries) > acknowledged+1 {
		t.Errorf("%d entries, %v; %d were acknowledged", len(entries), err, acknowledged)
	}
	if events := kinds(t, s, "doc"); len(events) != len(entries) {
		t.Errorf("%d events of %d entries", len(events), len(entries))
	}
}
