package scheme

import (
	"errors"
	"time"
	_ "time/tzdata" // zones mean the same on each machine that has no table of its own
)

// zone is where the days of a file begin. "Local" is no place: it is that of
// whatever machine reads it.
func (f File) zone() (*time.Location, error) {
	if f.Zone == "Local" {
		return nil, errors.New("scheme: the zone of a machine")
	}
	return time.LoadLocation(f.Zone)
}
