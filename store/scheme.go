package store

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var _ scheme.Shelf = (*Shelf)(nil)

// Shelf implements [scheme.Shelf].
type Shelf struct{ d *engine.Database }

// Shelf returns the scheme files under which the service has run.
func (s *Store) Shelf() *Shelf { return &Shelf{s.d} }

// Kept implements [scheme.Shelf].
func (s *Shelf) Kept(ctx context.Context, name, version string) ([]scheme.Kept, error) {
	rows, err := s.d.Read().SchemeFiles(ctx, db.SchemeFilesParams{Name: name, Version: version})
	return engine.Each("scheme files", rows, err, func(r db.SchemeFile) scheme.Kept {
		return scheme.Kept{Name: r.Name, Version: r.Version, Meant: r.Meant, Spelt: r.Spelt, File: r.File, At: engine.Moment(r.At)}
	})
}

// Keep implements [scheme.Shelf].
func (s *Shelf) Keep(ctx context.Context, behind int, k scheme.Kept, events []tunnus.Event) error {
	return s.d.Write(ctx, func(t *engine.Tx) error {
		err := t.AddSchemeFile(ctx, db.AddSchemeFileParams{
			Name: k.Name, Version: k.Version, Place: int64(behind), Meant: k.Meant, Spelt: k.Spelt, File: k.File, At: engine.Millis(k.At),
		})
		if err := engine.Added("scheme file", err); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}
