package emrtd

import (
	"maps"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// ChallengeSize is the length of the challenge of active authentication, in bytes
// (Doc 9303-11 §6.1).
const ChallengeSize = 8

// Evidence is what a reader brings from a chip, and what the server found itself.
// None of it is trusted but ChipAuth, which nobody else can make.
type Evidence struct {
	SOD          []byte         // EF.SOD, whole file
	Groups       map[int][]byte // data groups by number, whole files
	COM          []byte         // EF.COM, whole file; nil if it was not read
	CardSecurity []byte         // EF.CardSecurity, whole file; nil if it was not read
	ActiveAuth   []byte         // answer to INTERNAL AUTHENTICATE; nil if there is none
	ChipAuth     auth.Proved    // of the server's own run of chip authentication; zero if there was none
	Access       chip.Access    // how the chip was opened; the zero value if the reader does not tell
	Printed      string         // the code line as seen on the document, lines parted by "\n"; "" if it was not
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
	issued   time.Time
	proved   bool
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
func (v Verified) Clonable() bool { return !v.proved }

// Expired reports whether the document's last day (in UTC) is over.
func (v Verified) Expired(now time.Time) bool { return expired(v.zone, now) }

// Issued is the day on which the document was issued, by data group 12, or else when
// it was signed; zero if neither is told. A document whose data group 12 was left out
// gets no younger by that: without a time of signing, it is of the first day on which
// its signer could sign it.
func (v Verified) Issued() time.Time { return v.issued }

// Downgraded reports that chip and reader may have been made to speak a weaker
// protocol than they could: see [CheckAccess], [CheckDowngrade] and [CheckCardSecurity].
func (v Verified) Downgraded() bool {
	return v.Result(CheckAccess) == Failed || v.Result(CheckDowngrade) == Failed || v.Result(CheckCardSecurity) == Failed
}

// Result tells how the named check went; see [Verified.Checks].
func (v Verified) Result(check string) Result { return result(v.checks, check) }

// Checks lists what was checked, in order, and how it went. Those that only mark
// may have failed: [CheckExpiry], [CheckCOM], [CheckAccess], [CheckDowngrade],
// [CheckCardSecurity].
func (v Verified) Checks() []Check { return slices.Clone(v.checks) }

// Record is what evidence keeps of the checks: how each went, by its name, and where
// there is something to know of it the reason, by its name with "_reason" behind.
func (v Verified) Record() map[string]string {
	all := map[string]string{}
	for _, c := range v.checks {
		all[c.Name] = string(c.Result)
		if c.Reason != "" {
			all[c.Name+"_reason"] = string(c.Reason)
		}
	}
	return all
}

// IsZero reports whether v is no document.
func (v Verified) IsZero() bool { return v.zone.Kind == "" }
