package scheme

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/portrait"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// A Claim is what an app says of itself. Nobody checks it.
type Claim struct {
	App       string `json:"app"` // version
	OS        string `json:"os"`  // "linux", "android" …
	OSVersion string `json:"os_version"`
	Model     string `json:"model"`
	Language  string `json:"language,omitempty"` // of its user, "et"
}

// Admit judges the versions that an app claims: app-old, dev-os-old.
func (r Rules) Admit(c Claim) error {
	if older(c.App, r.MinApp) {
		return needs(tunnus.Fail(tunnus.CodeAppOld, fmt.Errorf("scheme: needs app %s", r.MinApp)), r.MinApp)
	}
	if least, ok := r.MinOS[strings.ToLower(c.OS)]; ok && older(c.OSVersion, least) {
		return needs(tunnus.Fail(tunnus.CodeDevOSOld, fmt.Errorf("scheme: needs system %s", least)), least)
	}
	return nil
}

// needs adds to what the person is told which version would do.
func needs(e *tunnus.Error, version string) error {
	return e.WithNote("version", version)
}

// older compares versions by their numbers. What is no version is older than all.
func older(have, least string) bool {
	h, w := strings.Split(have, "."), strings.Split(least, ".")
	for i := range w {
		want, _ := strconv.Atoi(w[i])
		got := 0
		if i < len(h) {
			n, err := strconv.Atoi(h[i])
			if err != nil || n < 0 {
				return true
			}
			got = n
		}
		if got != want {
			return got < want
		}
	}
	return false
}

// Person reads a personal code of a country that is served: elig-country, form-code.
func (r Rules) Person(country, code string) (tunnus.PersonCode, error) {
	served := "" // no country: refused as one that nobody knows
	if slices.Contains(r.Countries, country) {
		served = country
	}
	return tunnus.ParsePersonCode(served, strings.TrimSpace(code))
}

// A Device is the class of a device, by where its keys are (K2).
type Device string

// The classes. No phone shell of ours attests hardware yet.
const (
	Hardware Device = "hardware" // attested
	Software Device = "software"
	Browser  Device = "browser"
)

// DeviceClasses lists them.
func DeviceClasses() []Device { return []Device{Hardware, Software, Browser} }

// Level is what an account is worth that came by a way to a device of a class:
// the lowest of what way and device allow and, on the way account, of the account
// that vouches. On other ways vouching is not looked at. "" is nothing: the way
// is switched off, or who vouches has no level.
func (r Rules) Level(w way.Way, d Device, vouching tunnus.Level) tunnus.Level {
	rules := r.Ways[w]
	if !rules.On {
		return ""
	}
	most := []tunnus.Level{rules.Level, tunnus.Advanced}
	if l, ok := r.Devices[d]; ok {
		most[1] = l
	}
	if w == way.Account {
		most = append(most, vouching)
	}
	lowest := tunnus.Qualified
	for _, l := range most {
		if !l.Valid() {
			return ""
		}
		if !l.AtLeast(lowest) {
			lowest = l
		}
	}
	return lowest
}

// A Kind is a kind of document.
type Kind string

// The kinds.
const (
	Passport Kind = "passport"
	IDCard   Kind = "id-card"
)

// KindOf tells the kind of a document by its code line (Doc 9303-4 §4.2.2,
// 9303-5 §4.2.2), "" if it is none of ours: visas begin with V.
func KindOf(z mrz.Zone) Kind {
	switch {
	case z.Kind == mrz.TD3 && strings.HasPrefix(z.Document, "P"):
		return Passport
	case z.Kind != mrz.TD3 && z.Document != "" && strings.Contains("IAC", z.Document[:1]):
		return IDCard
	}
	return ""
}

// Takes refuses documents that nobody could use here: of no kind or state in the
// rules. Whether this person may use it is for [Eligibility.Accepts] to say.
func (r Rules) Takes(z mrz.Zone) error {
	if KindOf(z) == "" {
		return wrongDocument("doc-both", fmt.Errorf("scheme: a %s", z.Kind))
	}
	if _, known := r.Issuers[z.Issuer]; !known {
		return wrongDocument("doc-state", errors.New("scheme: of a state that is not served"))
	}
	return nil
}

// Accepts does so for a chip, and refuses one whose portrait cannot be read.
func (r Rules) Accepts(v emrtd.Verified) error {
	if err := r.Takes(v.Zone()); err != nil {
		return err
	}
	if _, err := portrait.DecodeConfig(v.Portrait()); err != nil {
		return wrongDocument("doc-portrait", fmt.Errorf("scheme: %w", err))
	}
	return nil
}

func wrongDocument(note string, why error) error {
	return tunnus.Fail(tunnus.CodeDocTypeNo, why).WithNote(note, "")
}

// accepted is the note that tells which kinds a row takes.
func (row Row) accepted() string {
	switch {
	case !slices.Contains(row.Documents, IDCard):
		return "doc-passport"
	case !slices.Contains(row.Documents, Passport):
		return "doc-idcard"
	}
	return "doc-both"
}

// Accepts judges a document by the row that was found: doc-type-no for a kind
// that this way does not take, doc-too-old for one that is older than the rules
// allow or of a faulty series. issued is zero where the document does not tell it.
func (e Eligibility) Accepts(z mrz.Zone, issued time.Time) error {
	if !slices.Contains(e.Documents, KindOf(z)) {
		return wrongDocument(e.accepted(), fmt.Errorf("scheme: a %s on a way for %v", z.Kind, e.Documents))
	}
	old := e.Since != 0 && !issued.IsZero() && issued.Year() < e.Since
	for _, s := range e.Faulty {
		old = old || s.Issuer == z.Issuer && len(s.First) == len(z.Number) && s.First <= z.Number && z.Number <= s.Last
	}
	if old {
		return tunnus.Fail(tunnus.CodeDocTooOld, errors.New("scheme: too old, or of a faulty series"))
	}
	return nil
}

// Serves judges a document by the row that answers the question, as far as it does. It
// fails as [Rules.Eligible] and [Eligibility.Accepts] do.
func (r Rules) Serves(q Question, z mrz.Zone, issued, now time.Time) error {
	e, err := r.Eligible(q, now)
	if err != nil {
		return err
	}
	return e.Accepts(z, issued)
}

// Fit refuses too many frames, too large ones, or none, with bad-request.
func (r Rules) Fit(frames [][]byte) error {
	if len(frames) == 0 || len(frames) > r.MaxFrames {
		return tunnus.BadRequest("frames", fmt.Errorf("scheme: %d frames", len(frames)))
	}
	for _, fr := range frames {
		if len(fr) == 0 || len(fr) > r.MaxFrame {
			return tunnus.BadRequest("frames", fmt.Errorf("scheme: a frame of %d bytes", len(fr)))
		}
	}
	return nil
}
