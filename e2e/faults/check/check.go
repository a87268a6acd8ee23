package check

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// A House is what is looked at.
type House struct {
	DB       *sql.DB
	Postgres bool // of which engine DB is

	Log    string // folder of the transparency log
	LogKey string // file with its public key

	Client  *http.Client // for the responder
	Issuing *x509.Certificate

	Diary *Diary
	// Now is the service's time; nil: the machine's.
	Now func() time.Time
	// Printed is what the processes have written, and Canaries are words that must
	// never stand in it: names, codes, addresses, PINs.
	Printed  func() string
	Canaries []string
	// Used is what the server's process has of the machine; nil: not known here.
	Used func() Usage
}

// A Usage is what a process has of its machine; zero while there is none.
type Usage struct{ Files, Memory int } // open files; resident bytes

// A Fault is one invariant that does not hold, in a sentence.
type Fault struct {
	Invariant string // "I7"
	What      string
}

func (f Fault) String() string { return f.Invariant + ": " + f.What }

// A Checker looks at one house, again and again.
type Checker struct {
	house House
	past  past
}

// New returns a checker that has seen nothing yet.
func New(h House) *Checker { return &Checker{house: h, past: newPast()} }

// An Invariant is one thing that must hold whatever happened.
type Invariant struct {
	ID, Name string
	Look     func(*Sight) error // tells the sight what is wrong; fails if it cannot look
}

// Invariants lists what is checked, in the order of the catalogue.
func Invariants() []Invariant {
	return []Invariant{
		{"I1", "no certificate without a completed proofing that precedes it", proofedFirst},
		{"I2", "no signed certificate unknown to the database", intendedFirst},
		{"I3", "no attempt lost from the lock ledger", attemptsKept},
		{"I4", "a permanent lock is never undone", permanentKept},
		{"I5", "one PIN try counted once", triesCounted},
		{"I6", "no signature without a charged try before it", chargedFirst},
		{"I7", "an old account not gone before the new one is active", accountsHandedOver},
		{"I8", "a code accepted at most once", codesUsedOnce},
		{"I9", "a session has one end", endsStand},
		{"I10", "what was approved is what was signed", approvedIsSigned},
		{"I11", "OCSP is good only of what is good, and never again of what was revoked", answersTrue},
		{"I12", "the audit log is complete, in order, and only grows", logComplete},
		{"I13", "nothing that was acknowledged is lost", promisesKept},
		{"I14", "no session is stuck behind its time", nothingStuck},
		{"I15", "no personal data in logs", nothingPrinted},
		{"I16", "files, memory and connections are given back", allBack},
	}
}

// Check looks at everything once, in one snapshot of the database, and returns
// what does not hold. The responder is at the URL given; "" while nobody serves.
// The error is for what could not be looked at.
func (c *Checker) Check(ctx context.Context, responder string) (faults []Fault, err error) {
	told := c.house.Diary.All() // before the database is read: what comes later is not in it
	options := &sql.TxOptions{ReadOnly: true}
	if c.house.Postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := c.house.DB.BeginTx(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	s := &Sight{ctx: ctx, tx: tx, house: c.house, past: &c.past, responder: responder, told: told}
	if err := s.readAudit(); err != nil {
		return nil, err
	}
	var errs []error
	for _, i := range Invariants() {
		s.at = i.ID
		if err := i.Look(s); err != nil {
			errs = append(errs, fmt.Errorf("check: %s: %w", i.ID, err))
		}
	}
	return s.faults, errors.Join(errs...)
}
