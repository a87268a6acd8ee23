package scheme

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/rates/report"
)

// Rests reports whether these rules approve faces unattended by a calibration
// report: then [Rules.Calibrated] has to see it before they do. Those of a sandbox
// rest on nothing, and say so.
func (r Rules) Rests() bool { return r.File.Faces.Unattended && !r.Sandbox }

// Calibrated returns the rules with unattended approval on (A4), if the report is
// the one that the file names, is about the engine that is in force with the limits
// that are in force, and shows no more false matches than the file allows. The
// error says what is not so. Rules that rest on no report are returned as they are.
func (r Rules) Calibrated(found report.Report, inForce face.Meta) (Rules, error) {
	if !r.Rests() {
		return r, nil
	}
	if found.ID == "" || found.ID != r.File.Faces.Report {
		return Rules{}, r.refusal(fmt.Errorf("the folder %s has the report %s; calibration_id is %s", r.File.Faces.Folder, found.ID, r.File.Faces.Report))
	}
	if err := errors.Join(found.Holds(report.EngineOf(inForce)), found.Shows(float64(r.File.Faces.MaxFMR)/1e6)); err != nil {
		return Rules{}, r.refusal(err)
	}
	r.Unattended, r.inForce = true, inForce
	return r, nil
}

// CalibratedIn does so with the report in the folder that the file names; beside is
// where the file lies. Rules that rest on no report are returned as they are, and
// nothing is read.
func (r Rules) CalibratedIn(beside fs.FS, inForce face.Meta) (Rules, error) {
	if !r.Rests() {
		return r, nil
	}
	folder, err := fs.Sub(beside, r.File.Faces.Folder)
	if err != nil {
		return Rules{}, r.refusal(err)
	}
	found, err := report.Read(folder)
	if err != nil {
		return Rules{}, r.refusal(err)
	}
	return r.Calibrated(found, inForce)
}

func (r Rules) refusal(why error) error {
	return fmt.Errorf("faces.unattended: no face may be approved without a person's look: %w", why)
}

// basis says in words what unattended approval rests on.
func (r Rules) basis() string {
	if r.Sandbox {
		return "nothing, for this is a sandbox"
	}
	return fmt.Sprintf("%s (report %s)", r.File.Faces.Calibration, r.File.Faces.Report)
}

// Approves reports whether a comparison stands without a person's look: a match,
// under rules that allow it, by the very engine and limits that the report is
// about. Basis names what that rests on, for evidence: the report, or the sandbox.
func (r Rules) Approves(c face.Result) (basis string, ok bool) {
	switch {
	case !r.Unattended || c.Verdict != face.Match:
		return "", false
	case r.Sandbox:
		return "sandbox", true
	case c.Engine != r.inForce.Version() || c.Match != r.inForce.Match:
		return "", false
	}
	return r.File.Faces.Report, true
}
