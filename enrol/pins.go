package enrol

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// A Recall names the transactions in which both new PINs are proved once more.
type Recall struct{ Login, Sign string }

// Recall puts them up. Nothing is signed in them (K8); asked again, they are the same.
func (f *Flow) Recall(ctx context.Context, ref Ref) (Recall, error) {
	s, _, err := f.step(ctx, ref, way.PINsRecalled)
	if err != nil {
		return Recall{}, err
	}
	return f.recall(ctx, s)
}

func (f *Flow) recall(ctx context.Context, s sitting.Session) (r Recall, err error) {
	record, err := statement.Statement{
		Format: statement.Version, About: statement.Recall, Session: s.ID, Device: s.Device,
		Time: s.Facts[way.KeysMade].At.UTC().Truncate(time.Second),
	}.Canonical()
	if err != nil {
		return Recall{}, err
	}
	for key, to := range map[string]*string{s.LoginKey: &r.Login, s.SignKey: &r.Sign} {
		*to, err = f.cfg.Keys.Offer(ctx, binding.Offer{
			ID: "recall/" + s.ID, KeyID: key, Kind: statement.Kind, Record: record, Hash: statement.Hash, Padding: splitkey.Internal, Expires: s.Due,
		})
		if err != nil {
			return Recall{}, fmt.Errorf("enrol: asking for the PINs: %w", err)
		}
	}
	return r, nil
}

// Recalled looks whether both PINs were proved. Until they are, it fails with
// [tunnus.CodeStateConflict]; wrong ones are counted where they are typed.
func (f *Flow) Recalled(ctx context.Context, ref Ref) error {
	if f.book.Stands(ctx, ref, way.PINsRecalled) {
		return nil
	}
	s, p, err := f.step(ctx, ref, way.PINsRecalled)
	if err != nil {
		return err
	}
	r, err := f.recall(ctx, s)
	if err != nil {
		return err
	}
	for _, t := range []string{r.Login, r.Sign} {
		_, ok, err := f.cfg.Keys.Outcome(ctx, t)
		if err != nil {
			return fmt.Errorf("enrol: asking for the PINs: %w", err)
		}
		if !ok {
			return tunnus.Conflict(errors.New("enrol: a PIN was not entered yet"))
		}
	}
	return f.behindKeys(ctx, s, p, way.PINsRecalled)
}

// Replace notes that the older account may be closed once the new one is active,
// or ends the session with consent-no.
func (f *Flow) Replace(ctx context.Context, ref Ref, accepted bool) error {
	if accepted && f.book.Stands(ctx, ref, way.ReplacementAgreed) {
		return nil
	}
	s, p, err := f.step(ctx, ref, way.ReplacementAgreed)
	if err != nil {
		return err
	}
	if !accepted {
		return f.end(ctx, s, noConsent())
	}
	return f.behindKeys(ctx, s, p, way.ReplacementAgreed)
}

// noConsent is the end of who does not agree.
func noConsent() error {
	return tunnus.Fail(tunnus.CodeConsentNo, errors.New("enrol: no consent"))
}
