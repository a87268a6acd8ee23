package trust_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/trust/issue"
)

// Each change of a certificate has a newer copy, also if two come within one
// millisecond or a clock was set back meanwhile: else the second place would keep
// an older state, and take the database for an older one.
func TestCopiesOfACertificateGoForward(t *testing.T) {
	var revs []int64
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tunnus.db"), engine.CopyTo(func(_ context.Context, list []engine.Copy) error {
		for _, c := range list {
			v, err := copies.Unpack(c)
			if err != nil {
				return err
			}
			revs = append(revs, v.Rev)
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	c, ctx := s.Certificates(), t.Context()
	if _, err := c.Intend(ctx, issue.Row{Serial: "01", Request: "r", Digest: []byte{1}, Account: "a", Intent: at, From: at, To: at.Add(time.Hour)}, nil); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func() error{
		func() error { return c.Issued(ctx, "01", []byte{7}, at, nil) },
		func() error { return c.Hold(ctx, "01", at.Add(-time.Minute), nil) },
		func() error { return c.Lift(ctx, "01", at.Add(-time.Minute), nil) },
		func() error { return c.Hold(ctx, "01", at.Add(-time.Hour), nil) },
		func() error { return c.Revoke(ctx, "01", at.Add(-2*time.Hour), issue.KeyCompromise, nil) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if len(revs) != 5 {
		t.Fatalf("%d copies; want 5", len(revs))
	}
	for i := range revs[1:] {
		if revs[i+1] <= revs[i] {
			t.Errorf("copy %d has the revision %d, the one before %d", i+1, revs[i+1], revs[i])
		}
	}
}
