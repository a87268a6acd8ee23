package review

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// A Case is a sitting that waits for people, as it is stored.
type Case struct {
	ID      string // reference number, such as "7K3QZ-M2XWA"
	Session string // of the sitting
	Kind    Kind
	State   State
	Mark    string // of the applicant: staff.Marker

	Claimant  string // member who looks at it now, "" if nobody does
	ClaimedAt time.Time
	First     string // who approved first
	Second    string // who decided: the second approval, or the decline
	Reason    Reason // of the decision; "" while there is none

	Folder   []byte // sealed; nil after the decision
	Pictures []byte // sealed; nil after the decision, and after Until
	Contact  []byte // sealed; nil after the decision
	Until    time.Time
	ParkedAt time.Time
	Expires  time.Time // when the case lapses
	EndedAt  time.Time
	Rev      int64 // 0 until first saved; every save raises it by one
}

// A Brief is what a list shows of a case.
type Brief struct {
	ID       string    `json:"id"`
	Kind     Kind      `json:"kind"`
	State    State     `json:"state"`
	Claimed  bool      `json:"claimed"`
	Pictures bool      `json:"pictures"`
	ParkedAt time.Time `json:"parked_at"`
	Expires  time.Time `json:"expires"`
}

// Which cases a [Store] is asked for.
type Which string

// The lists.
const (
	Waiting Which = "waiting" // not ended
	Stale   Which = "stale"   // pictures are over, or the case is, or a claim
)

// A Store keeps cases. Every implementation must pass storetest.Review.
type Store interface {
	// Case returns a case, or fails with [tunnus.CodeNotFound].
	Case(ctx context.Context, id string) (Case, error)

	// Of returns the newest case of a sitting, or fails with [tunnus.CodeNotFound].
	Of(ctx context.Context, session string) (Case, error)

	// List returns at most limit IDs of cases, those that were parked first
	// first, behind the one given. For Stale, now is compared with Until (where
	// there are pictures), Expires, and ClaimedAt of claimed cases with claimed.
	List(ctx context.Context, which Which, now, claimed time.Time, after string, limit int) ([]string, error)

	// Save writes c if its stored revision is c.Rev (0: none is stored, and the
	// sitting has no other that is not ended), as c.Rev+1, with the letters and
	// the events, in one transaction; else it fails with
	// [tunnus.CodeStateConflict], having written nothing.
	Save(ctx context.Context, c Case, letters []otp.Letter, events []tunnus.Event) error
}

// A Verdict is what a sitting takes from its case.
type Verdict struct {
	Session string
	Case    string // reference number
	Kind    Kind
	State   State // Approved, Declined or Lapsed
	Reason  Reason
	First   string // members who decided, for the evidence
	Second  string
	At      time.Time
}
