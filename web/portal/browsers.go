package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
)

// Browsers keeps the sessions of browsers under the hash of their token
// (store/visits).
type Browsers interface {
	Find(ctx context.Context, hash string, now time.Time) (sealed []byte, found bool, err error)
	Put(ctx context.Context, hash string, sealed []byte, expires time.Time) error
	Drop(ctx context.Context, hash string) error
}

// A Sealer encrypts what stands in rows; see otp.Sealer.
type Sealer interface {
	Seal(plain, aad []byte) ([]byte, error)
	Open(sealed, aad []byte) ([]byte, error)
}

// browserStore is the store of package scs over ours. What belongs to a token is
// sealed for its hash: rows cannot be swapped.
type browserStore struct {
	rows   Browsers
	sealer Sealer
	clock  tunnus.Clock
}

func aad(hash string) []byte { return []byte("portal/browser/" + hash) }

// FindCtx implements scs.CtxStore.
func (s *browserStore) FindCtx(ctx context.Context, hash string) ([]byte, bool, error) {
	sealed, found, err := s.rows.Find(ctx, hash, s.clock.Now())
	if err != nil || !found {
		return nil, false, err
	}
	plain, err := s.sealer.Open(sealed, aad(hash))
	if err != nil {
		return nil, false, nil // sealed for another token: as if there were none
	}
	return plain, true, nil
}

// CommitCtx implements scs.CtxStore.
func (s *browserStore) CommitCtx(ctx context.Context, hash string, b []byte, expiry time.Time) error {
	sealed, err := s.sealer.Seal(b, aad(hash))
	if err != nil {
		return fmt.Errorf("portal: sealing a session: %w", err)
	}
	return s.rows.Put(ctx, hash, sealed, expiry)
}

// DeleteCtx implements scs.CtxStore.
func (s *browserStore) DeleteCtx(ctx context.Context, hash string) error {
	return s.rows.Drop(ctx, hash)
}

// errContext is what the methods without a context fail with: package scs does not
// call them where there are those with one.
var errContext = errors.New("portal: a session without a context")

// Find, Commit and Delete complete scs.Store.
func (s *browserStore) Find(string) ([]byte, bool, error) { return nil, false, errContext }

// Commit implements scs.Store.
func (s *browserStore) Commit(string, []byte, time.Time) error { return errContext }

// Delete implements scs.Store.
func (s *browserStore) Delete(string) error { return errContext }

// codec writes sessions as JSON: they hold words and flags only.
type codec struct{}

// saved is a session as it is written.
type saved struct {
	Deadline time.Time      `json:"deadline"`
	Values   map[string]any `json:"values"`
}

// Encode implements scs.Codec.
func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return json.Marshal(saved{deadline, values})
}

// Decode implements scs.Codec.
func (codec) Decode(b []byte) (time.Time, map[string]any, error) {
	var s saved
	err := json.Unmarshal(b, &s)
	if s.Values == nil {
		s.Values = map[string]any{}
	}
	return s.Deadline, s.Values, err
}
