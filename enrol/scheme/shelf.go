package scheme

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Kept is a scheme file under which a service has run.
type Kept struct {
	Name, Version string
	Meant         string // SHA-256 of the canonical file, in hex; a revision has its beginning
	Spelt         string // of the file as it was written, but for spaces and the order of keys
	File          []byte // the canonical one
	At            time.Time
}

// A Shelf keeps scheme files for ever: evidence points to them. Every
// implementation must pass storetest.Shelf.
type Shelf interface {
	// Kept returns the files of a name and version, the oldest first.
	Kept(ctx context.Context, name, version string) ([]Kept, error)

	// Keep adds a file behind so many of its name and version, with the events. It
	// fails with [tunnus.CodeStateConflict] if there are more.
	Keep(ctx context.Context, behind int, k Kept, events []tunnus.Event) error
}

// ErrChanged is the refusal of a file that was changed and has its old version.
var ErrChanged = errors.New("the file was changed: give it another version, for evidence names the one that it has (doc/scheme.md)")

// Shelve keeps the rules' file before anything is done by it, and writes an audit
// line of each that is new. It fails with [ErrChanged] if another file has had this
// name and version. Neither is a change: another spelling of the same meaning, nor
// the same file where a later release of the program knows keys more.
func (r Rules) Shelve(ctx context.Context, shelf Shelf, now time.Time) error {
	known, err := shelf.Kept(ctx, r.Name, r.Version)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(k Kept) bool { return k.Meant == r.meant && k.Spelt == r.spelt }) {
		return nil
	}
	if len(known) > 0 && !slices.ContainsFunc(known, func(k Kept) bool { return k.Meant == r.meant || k.Spelt == r.spelt }) {
		return fmt.Errorf("%s/%s: %w", r.Name, r.Version, ErrChanged)
	}
	file, err := r.Canonical()
	if err != nil {
		return err
	}
	err = shelf.Keep(ctx, len(known), Kept{r.Name, r.Version, r.meant, r.spelt, file, now}, []tunnus.Event{{
		At: now, Kind: "scheme.used", Subject: "scheme", Detail: map[string]string{"revision": r.revision},
	}})
	if tunnus.CodeOf(err) == tunnus.CodeStateConflict {
		return r.Shelve(ctx, shelf, now) // another node was faster
	}
	return err
}
