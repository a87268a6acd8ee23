package proofs

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// A Reviews is the queue of sittings that no machine may decide (R13).
type Reviews interface {
	// Park puts a sitting into the queue; repeating it returns the case that it has.
	Park(ctx context.Context, p review.Parcel) (review.Case, error)

	// Outcome tells how a case was decided; ok is false while it waits.
	Outcome(ctx context.Context, session string) (v review.Verdict, ok bool, err error)

	// Wants reports whether the case of a sitting waits for new pictures.
	Wants(ctx context.Context, session string) (bool, error)

	// Renew takes new pictures for a case that wants some, with results in place of those
	// of the pictures before, else it fails with [tunnus.CodeStateConflict].
	Renew(ctx context.Context, session string, p review.Pictures, results map[string]string) error
}

// park hands a face to people, and lets the sitting wait for them with its keys
// dormant. The pictures go over to the case, which keeps them at most a day. The
// attempt stays charged: what is not closed by a success is a failure (L4), or a
// doubtful face could be tried without end.
func (f *Proofs) park(ctx context.Context, s sitting.Session, p sitting.Payload, kind review.Kind, frames [][]byte, results map[string]string, why error) error {
	line := tunnus.Event{At: f.Book.Now(), Kind: "enrol.face", Subject: s.ID, Code: tunnus.CodeRevPending, Detail: results}
	if f.Reviews == nil {
		return f.Book.Refuse(ctx, &s, why, line)
	}
	person, err := p.Person()
	if err != nil {
		return err
	}
	_, err = f.Reviews.Park(ctx, review.Parcel{
		Session: s.ID, Kind: kind, Mark: f.Marker.Mark(person), Contact: p.Contact, Language: s.Claim.Language, Device: sitting.Clip(s.Claim.Model),
		Pictures: review.Pictures{Portrait: p.Portrait, Frames: frames}, Folder: review.Folder{Zone: p.Zone, Results: results},
	})
	if err != nil {
		return fmt.Errorf("proofs: putting a case into the queue: %w", err)
	}
	p.Zone, p.Portrait = "", nil
	if err := f.Book.Park(ctx, &s, p, tunnus.CodeRevPending, f.Book.Now().Add(f.Rules.Review.Parked.Duration), line); err != nil {
		return err
	}
	return why
}

// Reviewed takes the decision of a case: two people say that the face matches, or
// the sitting ends, as it does if what stood before has changed while it waited
// ([Proofs].Again). lapsed says that nobody decided in time: then it is to lapse.
func (f *Proofs) Reviewed(ctx context.Context, s sitting.Session) (lapsed bool, err error) {
	v, ok, err := f.Reviews.Outcome(ctx, s.ID)
	switch {
	case err != nil:
		return false, fmt.Errorf("proofs: asking for a case: %w", err)
	case !ok:
		return false, nil
	case v.State == review.Declined:
		return false, f.Book.Refuse(ctx, &s, v.Refusal())
	case v.State != review.Approved:
		return true, nil
	}
	p, err := f.Book.Unseal(s)
	if err != nil {
		return false, err
	}
	if err := f.Again(ctx, &s, p); err != nil {
		return false, err
	}
	if err := f.succeeded(ctx, s); err != nil {
		return false, err
	}
	s.Attempt = ""
	line := f.Book.AddAs(&s, way.FaceMatches, way.Attested, v.Detail())
	return false, f.Book.Resume(ctx, &s, p, f.Rules.SessionLife, line)
}

// succeeded ends the document's count, as a match does: who is approved has not failed.
// His attempt has lapsed by now if people took long, and an entry cannot be turned; so
// the success gets one of its own. Where another attempt is open, or a lock stands,
// that is left as it is.
func (f *Proofs) succeeded(ctx context.Context, s sitting.Session) error {
	st, err := f.Tab.Documents.State(ctx, s.Document)
	if err != nil {
		return err
	}
	attempt := s.ID + "/review"
	switch {
	case s.Attempt != "" && st.Attempt == s.Attempt:
		_, err = f.Tab.Close(ctx, f.Debtor(s), s.Attempt, lock.Succeeded, "")
		return err
	case st.Locked(), st.Attempt != "" && st.Attempt != attempt:
		return nil
	}
	_, err = f.Tab.Documents.Charge(ctx, s.Document, attempt, s.Copyable)
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return nil // said again: it is written, or was cut short too long ago
	}
	if err != nil {
		return err
	}
	_, err = f.Tab.Documents.Close(ctx, s.Document, attempt, lock.Succeeded, "")
	return err
}
