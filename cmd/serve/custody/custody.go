// Package custody opens the server's own keys together with the database that
// they belong to. They are made with it and stay with it for ever: with other
// keys every lock would be forgotten, for the names of ledgers are keyed hashes.
package custody

import (
	"context"
	"errors"
	"io/fs"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/hsm"
)

// Marks are what a database keeps to know its keys by.
type Marks interface {
	// Marks returns what SetMarks wrote; nothing if the database is new.
	Marks(ctx context.Context) (map[string][]byte, error)
	// SetMarks writes them, once.
	SetMarks(ctx context.Context, marks map[string][]byte) error
}

// Open opens the keysets named, of a database that has them, or makes them if it
// is new. It fails with [hsm.ErrOtherKeys] if they are lost or another database's.
func Open(ctx context.Context, cfg hsm.Config, db Marks, clock tunnus.Clock, names ...string) (*hsm.Custody, error) {
	marks, err := db.Marks(ctx)
	if err != nil {
		return nil, err
	}
	if len(marks) == 0 {
		if err := hsm.Create(cfg, clock.Now(), names...); err != nil {
			return nil, err
		}
	}
	c, err := hsm.Open(cfg, names...)
	if errors.Is(err, fs.ErrNotExist) && len(marks) > 0 {
		return nil, errors.Join(err, hsm.ErrOtherKeys)
	}
	if err != nil {
		return nil, err
	}
	if len(marks) > 0 {
		err = c.Recognise(marks)
	} else if marks, err = c.Marks(); err == nil {
		err = db.SetMarks(ctx, marks)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}
