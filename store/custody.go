package store

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// Marks returns what [Store.SetMarks] wrote; none means that the database is new.
func (s *Store) Marks(ctx context.Context) (map[string][]byte, error) {
	rows, err := s.d.Read().CustodyMarks(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: custody marks: %w", err)
	}
	marks := map[string][]byte{}
	for _, r := range rows {
		marks[r.Name] = r.Sealed
	}
	return marks, nil
}

// SetMarks writes what the server's own keys are known by, once: it fails with a
// conflict if there are marks of these names already.
func (s *Store) SetMarks(ctx context.Context, marks map[string][]byte) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		for name, sealed := range marks {
			err := engine.Added("custody mark", t.AddCustodyMark(ctx, db.AddCustodyMarkParams{Name: name, Sealed: engine.Full(sealed)}))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
