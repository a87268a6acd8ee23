// Package scheme holds the rules of a scheme for registrations: whom it serves,
// with which documents and versions, how long steps may take, and what failures
// lead to.
//
// [Nordic] is one Go value; rules read from files come later.
package scheme

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// Rules are what a scheme demands of registrations.
type Rules struct {
	Name      string
	Countries []string          // whose personal codes are served, two letters
	Issuers   map[string]string // accepted issuing states: as in the code line → two letters
	MinAge    int               // years
	MinApp    string            // "0.1.0"
	MinOS     map[string]string // by the name of the system; one that is not listed has no minimum
	Terms     string            // version in force
	Consent   string            // version in force

	SessionLife     time.Duration
	StepLife        time.Duration // from a challenge to its answer
	ApplicationLife time.Duration // from the certificates to the signature (R10)

	Captures  int // sets of frames in one face attempt (L4)
	MaxFrames int // in one set
	MaxFrame  int // bytes

	Proof     lock.Rules // charged to the device
	Judgement lock.Rules // charged to the document
	OTP       otp.Rules

	// Unattended lets a match of the built-in engine stand without a person's
	// look, and SoftwareQualified makes accounts on devices without attested
	// hardware QUALIFIED (K2). Both are for the sandbox; see [Rules.Sandbox].
	Unattended        bool
	SoftwareQualified bool
}

// Nordic are the rules under which a first account may be had by passport, and
// the contact is proved anew.
var Nordic = Rules{
	Name:      "nordic",
	Countries: []string{"XX", "EE"},
	Issuers:   map[string]string{"UTO": "XX", "EST": "EE"},
	MinAge:    13,
	MinApp:    "0.1.0",
	MinOS:     map[string]string{"android": "10", "ios": "15"},
	Terms:     "2026-11",
	Consent:   "2026-11",

	SessionLife:     30 * time.Minute,
	StepLife:        5 * time.Minute,
	ApplicationLife: 10 * time.Minute,

	Captures: 3, MaxFrames: 10, MaxFrame: 1 << 20,

	Proof: lock.Rules{
		Phase: lock.Proof,
		Ladder: tunnus.Ladder{
			{Failures: 5, Lock: 15 * time.Minute},
			{Failures: 5, Lock: time.Hour},
			{Failures: 5, Lock: 24 * time.Hour},
		},
		Forget: 7 * day, Life: 30 * time.Minute, VoidEvery: day,
	},
	Judgement: lock.Rules{
		Phase: lock.Judgement,
		Ladder: tunnus.Ladder{
			{Failures: 3, Lock: day},
			{Failures: 2, Lock: 3 * day},
			{Failures: 2, Permanent: true},
		},
		Forget: 365 * day, Grace: 14 * day, Life: 30 * time.Minute,
		Copyable: tunnus.Rung{Failures: 3, Lock: day}, CopyableEvery: 7 * day,
		Notes: 3, NoteWindow: day, VoidEvery: day,
	},
	OTP: otp.Rules{
		Life: 10 * time.Minute, Tries: 3, ResendAfter: time.Minute, Resends: 3,
		PerContact: 10, PerPerson: 10,
	},
}

const day = 24 * time.Hour

// Sandbox returns the rules with the switches on that only a sandbox may have.
func (r Rules) Sandbox() Rules {
	r.Unattended, r.SoftwareQualified = true, true
	return r
}

// Level is what an account is worth that came this way. No device class is
// attested yet, so outside the sandbox it is never QUALIFIED.
func (r Rules) Level() tunnus.Level {
	if r.SoftwareQualified {
		return tunnus.Qualified
	}
	return tunnus.Advanced
}

// A Claim is what an app says of itself. Nobody checks it.
type Claim struct {
	App       string `json:"app"` // version
	OS        string `json:"os"`  // "linux", "android" …
	OSVersion string `json:"os_version"`
	Model     string `json:"model"`
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
	e.Public += " Version " + version + " or newer is needed."
	return e
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

// Person reads a personal code of a country that is served.
func (r Rules) Person(country, code string) (tunnus.PersonCode, error) {
	served := "" // no country: refused as one that nobody knows
	for _, c := range r.Countries {
		if c == country {
			served = c
		}
	}
	return tunnus.ParsePersonCode(served, strings.TrimSpace(code))
}

// OldEnough refuses who has not reached the age of the rules.
func (r Rules) OldEnough(birth, now time.Time) error {
	if now.Before(birth.AddDate(r.MinAge, 0, 0)) {
		return tunnus.Fail(tunnus.CodeEligAge, errors.New("scheme: too young for this way"))
	}
	return nil
}

// Accepts refuses documents that are no passports of a state in the rules, or
// whose portrait cannot be read yet (JPEG 2000).
func (r Rules) Accepts(v emrtd.Verified) error {
	z := v.Zone()
	_, known := r.Issuers[z.Issuer]
	if z.Kind != mrz.TD3 || !strings.HasPrefix(z.Document, "P") || !known || v.PortraitFormat() != "image/jpeg" {
		return tunnus.Fail(tunnus.CodeDocTypeNo, fmt.Errorf("scheme: a %s of a state that is served: %v; portrait %s", z.Kind, known, v.PortraitFormat()))
	}
	return nil
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
