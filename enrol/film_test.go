package enrol

import (
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// filmedFor is as filmed, with people who look at cases, and before the sitting.
func filmedFor(t *testing.T) *world {
	t.Helper()
	w := newWorld(t).by(passport)
	w.cfg.Rules = sandboxRules().Filmed(true)
	w.found(found(liveness.Live, "", face.Match))
	return w
}

// R13: the pictures that a filmed case gets after a day are no film. What was found in
// the film is not told of them; that nothing was, is.
func TestR13NewPicturesAreNotFilmed(t *testing.T) {
	w, r := filmedFor(t), ref("phone", 1)
	w.found(found(liveness.Live, "", face.Review))
	w.upTo(r, way.FaceMatches, ada(t, nil))
	refused(t, w.capture(r), tunnus.CodeRevPending, -1)
	if d := w.cases[r.Session].Folder.Results; d["liveness"] != "live" {
		t.Fatalf("of the film: %v", d)
	}
	w.now, w.stale = w.now.Add(25*time.Hour), true
	if err := w.anew(r, ada(t, nil), [][]byte{{7}, {8}, {9}}); err != nil {
		t.Fatal(err)
	}
	f := w.cases[r.Session].Folder
	if d := f.Results; !strings.Contains(d["liveness"], "not filmed") || d["verdict"] != "" || d["engine"] != "" || f.Zone == "" {
		t.Errorf("of pictures that nobody filmed: %v", d)
	}
}
