package keys

import (
	"context"
	"fmt"

	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/engine"
)

// Copied leaves a copy of a key as it stands in its row now, within the
// transaction that has written it other than through [Keys].
func Copied(ctx context.Context, t *engine.Tx, id string) error {
	r, err := t.Key(ctx, id)
	if err != nil {
		return fmt.Errorf("store: key: %w", err)
	}
	return copies.Key(t, toKey(r))
}
