package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/store/engine"
)

// SecondPlace returns the name of the second place of this database; "" if it never
// had one.
func (s *Store) SecondPlace(ctx context.Context) (string, error) {
	name, err := s.d.Read().SecondPlace(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("store: name of the second place: %w", err)
	}
	return name, nil
}

// SetSecondPlace writes it: every copy of the database knows its second place from
// then on.
func (s *Store) SetSecondPlace(ctx context.Context, name string) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		if err := t.SetSecondPlace(ctx, name); err != nil {
			return fmt.Errorf("store: name of the second place: %w", err)
		}
		return nil
	})
}
