package logbook

import "context"

// Adopt brings a database that was restored from a backup back beside its log:
// lines that it has lost become erased ones. It returns how many these were.
func (b *Book) Adopt(ctx context.Context) (int, error) { return b.feeder.Adopt(ctx) }
