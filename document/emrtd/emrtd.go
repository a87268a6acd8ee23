package emrtd

import (
	"maps"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// ChallengeSize is the length of the challenge of active authentication, in bytes
// (Doc 9303-11 §6.1).
const ChallengeSize = 8

// Evidence is what a reader brings from a chip. None of it is trusted.
type Evidence struct {
	SOD        []byte         // EF.SOD, whole file
	Groups     map[int][]byte // data groups by number, whole files
	ActiveAuth []byte         // answer to INTERNAL AUTHENTICATE; nil if there is none
}

// Files are the chip's files: EF.SOD, then the data groups by number. They are the
// same at each reading, unlike the answer to a challenge, which is not among them.
func (e Evidence) Files() [][]byte {
	files := [][]byte{e.SOD}
	for _, n := range slices.Sorted(maps.Keys(e.Groups)) {
		files = append(files, e.Groups[n])
	}
	return files
}

// A Verified is a document of which every check was well. Only [Verify] makes
// one; the zero value is no document.
type Verified struct {
	zone     mrz.Zone
	portrait lds.Portrait
	active   bool
	checks   []Check
}

// Zone is the code line of data group 1.
func (v Verified) Zone() mrz.Zone { return v.zone }

// Portrait is the holder's image of data group 2 as it is stored; see
// [Verified.PortraitFormat]. The caller must not change it.
func (v Verified) Portrait() []byte { return v.portrait.Image }

// PortraitFormat is "image/jpeg" or "image/jp2" (JPEG 2000).
func (v Verified) PortraitFormat() string { return v.portrait.Format }

// Clonable reports that nothing proved the chip to be the original: it answered
// no challenge of ours in this session. Such a document's files can be copied.
func (v Verified) Clonable() bool { return !v.active }

// Expired reports whether the document's last day (in UTC) is over.
func (v Verified) Expired(now time.Time) bool {
	last, err := v.zone.ExpiryDate()
	return err != nil || !now.Before(last.AddDate(0, 0, 1))
}

// Checks lists what was checked, in order, and how it went.
func (v Verified) Checks() []Check { return slices.Clone(v.checks) }

// IsZero reports whether v is no document.
func (v Verified) IsZero() bool { return v.zone.Kind == "" }
