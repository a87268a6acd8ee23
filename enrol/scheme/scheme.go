package scheme

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/scheme/format"
	"github.com/tunnus-id/tunnus/face"
	files "github.com/tunnus-id/tunnus/scheme"
)

// Rules are what a scheme demands of registrations: the file, and beside it what
// the flows use most, in their words. They are made by [Parse].
type Rules struct {
	File

	MinApp  string            // "0.1.0"
	MinOS   map[string]string // by the name of the system; one that is not listed has no minimum
	Terms   string            // version in force
	Consent string            // version in force

	SessionLife     time.Duration
	StepLife        time.Duration // from a challenge to its answer
	ApplicationLife time.Duration // from the certificates to the signature (R10)

	Captures  int // sets of frames in one face attempt (L4)
	MaxFrames int // in one set
	MaxFrame  int // bytes

	Proof     lock.Rules    // charged to the device
	Judgement lock.Rules    // charged to the document
	Wrong     tunnus.Ladder // what wrong PINs lead to
	OTP       otp.Rules

	// Unattended lets a match stand without a person's look (A4). Outside a sandbox
	// it is false, whatever the file says, until [Rules.Calibrated] has seen the report.
	Unattended bool
	inForce    face.Meta // the engine that it is about

	revision string
	meant    string         // SHA-256 of the canonical file, in hex
	spelt    string         // of the file as it was written, but for spaces and the order of keys
	zone     *time.Location // in which its days begin
}

// limits bound a file: the ones that ship have 5 KB, 6 levels and 300 values.
var limits = format.Limits{Bytes: 256 << 10, Depth: 8, Values: 10_000}

// Parse reads a scheme file. Name says whose faults they are, such as the file's
// path. The error has every fault of the file, one a line, behind that name; it
// wraps [format.Faults].
func Parse(name string, file []byte) (Rules, error) {
	var f File
	faults := format.Decode(file, limits, &f)
	if faults = check(f, faults); len(faults) > 0 {
		return Rules{}, fmt.Errorf("%s is no scheme file:\n%w", name, faults)
	}
	r := rules(f)
	r.spelt = spelling(file)
	return r, nil
}

// spelling is the hash of what a file without fault says, written in one way.
func spelling(file []byte) string {
	var said any
	if err := json.Unmarshal(file, &said); err != nil {
		panic("scheme: a file that was taken cannot be read: " + err.Error())
	}
	b, err := json.Marshal(said) // keys in order, no spaces
	if err != nil {
		panic("scheme: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Shipped returns the rules of scheme/NAME.json: "baltic" or "nordic".
func Shipped(name string) (Rules, error) {
	file := map[string]func() []byte{"baltic": files.Baltic, "nordic": files.Nordic}[name]
	if file == nil {
		return Rules{}, errors.New("scheme: no such scheme is shipped")
	}
	return Parse(name+".json", file())
}

// Nordic returns the rules of scheme/nordic.json: a first account may be had by
// passport, and the contact is proved anew.
func Nordic() Rules { return shipped("nordic") }

// Baltic returns the rules of scheme/baltic.json: the passport way is for people
// who had an account, and its codes go to a contact on file.
func Baltic() Rules { return shipped("baltic") }

func shipped(name string) Rules {
	r, err := Shipped(name)
	if err != nil {
		panic("scheme: an embedded file: " + err.Error()) // a test reads them
	}
	return r
}

// rules puts a file that is without fault into the words of the flows.
func rules(f File) Rules {
	canonical, err := format.Encode(f)
	if err != nil {
		panic("scheme: a file that was read cannot be written: " + err.Error()) // FuzzParse
	}
	sum := sha256.Sum256(canonical)
	zone, err := f.zone()
	if err != nil {
		panic("scheme: a file was taken without its time zone: " + err.Error()) // check
	}
	p, j := f.Ledger.Proof, f.Ledger.Judgement
	return Rules{
		File:   f,
		MinApp: f.Versions.App, MinOS: f.Versions.OS, Terms: f.Agreed.Terms, Consent: f.Agreed.Consent,
		SessionLife: f.Lives.Session.Duration, StepLife: f.Lives.Step.Duration, ApplicationLife: f.Lives.Application.Duration,
		Captures: f.Faces.Captures, MaxFrames: f.Faces.Frames, MaxFrame: f.Faces.FrameBytes,
		Proof: lock.Rules{
			Phase: lock.Proof, Ladder: ladder(p.Ladder), Forget: p.Forget.Duration, Life: p.Life.Duration, VoidEvery: p.VoidEvery.Duration,
			Notes: j.Notes, NoteWindow: j.NoteWindow.Duration, // on a device as on a document
		},
		Judgement: lock.Rules{
			Phase: lock.Judgement, Ladder: ladder(j.Ladder), Forget: j.Forget.Duration, Grace: j.Grace.Duration, Life: j.Life.Duration,
			Copyable: j.Copyable.rung(), CopyableEvery: j.CopyableEvery.Duration,
			Notes: j.Notes, NoteWindow: j.NoteWindow.Duration, VoidEvery: j.VoidEvery.Duration,
		},
		Wrong: ladder(f.PINs.Ladder),
		OTP: otp.Rules{
			Life: f.Codes.Mail.Duration, Tries: f.Codes.Tries, ResendAfter: f.Codes.ResendAfter.Duration, Resends: f.Codes.Resends,
			PerContact: f.Codes.PerContact, PerPerson: f.Codes.PerPerson, SMSLife: f.Codes.SMS.Duration,
			OfferAfter: f.Codes.OfferAfter.Duration, NoSMS: f.Codes.NoSMS,
			PerPrefix: f.Codes.PerPrefix, PerCountry: f.Codes.PerCountry, PerHour: f.Codes.PerHour,
			Proved: f.Codes.Proved, JudgedFrom: f.Codes.JudgedFrom,
		},
		Unattended: f.Faces.Unattended && f.Sandbox,
		revision:   fmt.Sprintf("%s/%s+%s", f.Name, f.Version, hex.EncodeToString(sum[:6])),
		meant:      hex.EncodeToString(sum[:]),
		spelt:      spelling(canonical),
		zone:       zone,
	}
}

// Revision names the rules in evidence: name, version, and the first twelve
// digits of the SHA-256 of the canonical file, as in "nordic/2026-11-22+0123456789ab".
func (r Rules) Revision() string { return r.revision }

// Canonical is the file in its one canonical form, of which [Rules.Revision] has
// the hash: every key, in the order of doc/scheme.md.
func (r Rules) Canonical() ([]byte, error) { return format.Encode(r.File) }

// AsSandbox returns the rules with the switches on that only a sandbox may have:
// software devices at full level, and faces without a person's look, which are not
// filmed either unless [Rules.Filmed] says so. It speaks all languages that there are.
func (r Rules) AsSandbox() Rules {
	f := r.File
	f.Sandbox = true
	f.Faces.Unattended, f.Faces.Liveness = true, false
	f.Languages = []string{"en", "et", "lt", "lv", "da", "ru"}
	f.Devices = maps.Clone(f.Devices)
	for _, d := range DeviceClasses() {
		f.Devices[d] = tunnus.Qualified
	}
	return rules(f)
}

// Filmed returns the rules with faces filmed, or not: a sandbox does so where it is asked
// to, for a film takes its time.
func (r Rules) Filmed(on bool) Rules {
	f := r.File
	f.Faces.Liveness = on
	return rules(f)
}

// Open lists in words what these rules allow that a real service seldom does, or
// that rests on somebody's word: for whoever checks a file.
func (r Rules) Open() []string {
	var out []string
	if r.Sandbox {
		out = append(out, "the rules of a sandbox: nothing that it makes is worth anything")
	}
	if r.Faces.Unattended {
		out = append(out, "faces are approved without a person's look; it rests on: "+r.basis())
	}
	if e := r.Faces.Engine; e.Own() {
		out = append(out, "faces are compared by the operator's network "+e.Name+"; its limits rest on: "+cmp.Or(r.File.Faces.Report, "no report"))
	}
	if !r.Faces.Liveness {
		out = append(out, "faces are not filmed: a photograph of somebody passes for the person")
	}
	if claims := r.Issuance.Compliance; claims.Kind != "" {
		out = append(out, "certificates state conformity; it rests on the "+claims.Kind+": "+claims.Name)
	}
	return out
}
