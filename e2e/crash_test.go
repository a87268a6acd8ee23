package e2e

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/tunnus-id/tunnus/app"
)

// number reads one number from the server's database, beside the server.
func (s *server) number(query string, args ...any) int {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "server", "tunnus.db")+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// until waits for something to become true.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 2000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited in vain: %s", what)
}

const (
	captures = `SELECT count(*) FROM audit_line WHERE instr(CAST(record AS text), '"enrol.capture"') > 0`
	verdicts = `SELECT count(*) FROM audit_line WHERE instr(CAST(record AS text), '"enrol.face"') > 0`
	charged  = "SELECT count(*) FROM lock_entry WHERE kind = 'charged'"

	faceCharged = charged + " AND attempt LIKE '%/face/%'"
)

// Kill -9 between charge and verdict: the charge stands in the ledger, and the
// same journey ends well after the restart, in the attempt that was charged.
func TestKillBetweenChargeAndVerdict(t *testing.T) {
	s := start(t)
	h := s.newHolder("hana")
	done := make(chan error, 1)
	phone := s.phone(h, "hana.phone")
	go func() { _, err := phone.Register(t.Context()); done <- err }()
	// The capture is noted first and charged next; nothing is judged before both.
	until(t, "the face attempt is charged", func() bool { return s.number(faceCharged) == 1 })
	s.kill()
	before := s.number(charged)
	if n := s.number(verdicts); n != 0 {
		t.Fatalf("%d verdicts before the kill: this run proves nothing", n)
	}
	if before != 3 {
		t.Fatalf("%d charges stand; want those of the device's proof, of the chip and of the face", before)
	}
	s.run()
	if err := <-done; err != nil {
		t.Fatalf("after the restart: %s; server: %s", app.Explain(err), s.log)
	}
	if n := s.number(captures); n != 2 {
		t.Errorf("%d captures are counted; want the lost one and the good one", n)
	}
	if n := s.number(charged); n != before {
		t.Errorf("%d charges, %d before the kill: the attempt was refunded or charged anew", n, before)
	}
	if n := s.number("SELECT count(*) FROM lock_entry WHERE kind = 'voided'"); n != 0 {
		t.Errorf("%d charges were voided", n)
	}
}
