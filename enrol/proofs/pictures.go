package proofs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Anew returns what the chip must answer, as [Proofs.Challenge] does, while a parked
// sitting needs new pictures, because a day has passed and those that its case had are
// deleted (product.md §7); nil if it does not.
func (f *Proofs) Anew(ctx context.Context, ref sitting.Ref) ([]byte, time.Time, error) {
	s, p, err := f.anew(ctx, ref)
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	return f.challenge(ctx, s, p)
}

// anew returns a parked sitting that needs new pictures, else it fails with
// [tunnus.CodeStateConflict].
func (f *Proofs) anew(ctx context.Context, ref sitting.Ref) (s sitting.Session, p sitting.Payload, err error) {
	if s, err = f.Book.Load(ctx, ref); err != nil {
		return s, p, err
	}
	if s.State != way.Parked || s.Why != tunnus.CodeRevPending || f.Reviews == nil || f.Book.Over(s) {
		return s, p, tunnus.Conflict(errors.New("proofs: the sitting waits for no people"))
	}
	wanted, err := f.Reviews.Wants(ctx, s.ID)
	if err != nil {
		return s, p, fmt.Errorf("proofs: asking for a case: %w", err)
	}
	if !wanted {
		return s, p, tunnus.Conflict(errors.New("proofs: no pictures are asked for"))
	}
	p, err = f.Book.Unseal(s)
	return s, p, err
}

// Pictures takes new pictures for the case of a parked sitting: the portrait of the
// same document, whose chip proves itself again at the device's cost, and live frames.
// Nobody but people judge them, so no attempt of the document is opened. Frames are not
// filmed, and may show anybody who has been photographed: what machines found in those
// before goes from the folder, which says that instead. It fails as
// the proof phase of [Proofs.Chip] does, with bad-request for another document or
// frames that do not fit, and with [tunnus.CodeStateConflict] if none are asked for.
func (f *Proofs) Pictures(ctx context.Context, ref sitting.Ref, ev emrtd.Evidence, frames [][]byte) error {
	s, p, err := f.anew(ctx, ref)
	if err != nil {
		return err
	}
	if err := f.Rules.Fit(frames); err != nil {
		return err
	}
	v, _, err := f.prove(ctx, &s, &p, ref.Address, ev)
	if err != nil {
		return err
	}
	z := v.Zone()
	if f.Tab.Documents.Of(f.Rules.Issuers[z.Issuer], z) != s.Document || v.Clonable() != s.Copyable {
		return tunnus.BadRequest("document", errors.New("proofs: another document than the one that was judged"))
	}
	results := map[string]string{"pictures": "given later: no machine has compared them"}
	if f.Filmed() {
		results["liveness"] = "pictures given later were not filmed"
	}
	err = f.Reviews.Renew(context.WithoutCancel(ctx), s.ID, review.Pictures{Portrait: v.Portrait(), Frames: frames}, results)
	if err != nil {
		return fmt.Errorf("proofs: new pictures of a case: %w", err)
	}
	return nil
}
