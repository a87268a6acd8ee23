package judge

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/capture"
	"github.com/tunnus-id/tunnus/face/liveness"
	"github.com/tunnus-id/tunnus/face/quality"
)

var limits = face.Result{
	Engine: "test", Frames: 3, Match: face.Thresholds{Distance: .45, Fused: 1.7}, Review: face.Thresholds{Distance: .58, Fused: 2},
}

// answered is a comparison that came to a verdict.
func answered(v face.Verdict) *face.Answer {
	r := limits
	r.Verdict = v
	r.Distance = map[face.Verdict]float64{face.Match: .3, face.Review: .5, face.NoMatch: .9}[v]
	r.Fused = 3 * r.Distance
	return &face.Answer{Result: &r}
}

// undecided is a comparison that no machine could make.
func undecided() *face.Answer {
	r := limits
	r.Verdict, r.Distance, r.Fused, r.Frames = face.Review, -1, -1, 0
	return &face.Answer{Result: &r}
}

func found(a liveness.Answer, h liveness.Hint, reasons ...string) liveness.Verdict {
	v := liveness.Verdict{Answer: a, Hint: h, Evidence: liveness.Evidence{
		Version: "1", Way: liveness.Light, Reasons: reasons, Features: map[string]float64{"rho": .98, "beta": .7},
	}}
	if a == liveness.Live {
		v.Compare = []int{3, 9, 20}
	}
	return v
}

func TestRule(t *testing.T) {
	live := found(liveness.Live, "")
	spoof := found(liveness.NotLive, "", "beta")
	for name, tt := range map[string]struct {
		r       Report
		outcome Outcome
		code    tunnus.Code
		hint    string
		alert   bool
	}{
		"the same":                {Report{"", live, answered(face.Match), ""}, Same, "", "", false},
		"doubtful":                {Report{"", live, answered(face.Review), ""}, People, "", "", false},
		"somebody else":           {Report{"", live, answered(face.NoMatch), ""}, No, tunnus.CodeFaceNoMatch, "", false},
		"not living":              {Report{"", spoof, nil, ""}, No, tunnus.CodeFaceNoMatch, "", true},
		"not living, badly seen":  {Report{quality.Dark, spoof, nil, ""}, Again, tunnus.CodeFaceQuality, "darkness", false},
		"living, badly seen":      {Report{quality.Closer, live, nil, ""}, Again, tunnus.CodeFacePosition, "closer", false},
		"two faces":               {Report{quality.ManyFaces, found(liveness.Retry, liveness.FaceLost), nil, ""}, Again, tunnus.CodeFaceMany, "one-face", false},
		"not measured":            {Report{"", found(liveness.Retry, liveness.Dimmer, "unmeasured: amplitude"), nil, ""}, Again, tunnus.CodeFaceQuality, "dimmer", false},
		"not measured, and wrong": {Report{"", found(liveness.Retry, liveness.FollowOval, "rho", "unmeasured: growth"), nil, ""}, Again, tunnus.CodeFacePosition, "oval", false},
		"another face":            {Report{"", live, undecided(), tunnus.CodeFacePosition}, People, "", "", true},
		"no face in the portrait": {Report{"", live, undecided(), ""}, People, "", "", false},
	} {
		got, err := tt.r.Rule()
		if err != nil || got.Outcome != tt.outcome || got.Told != tt.code || got.Hint != tt.hint || got.Alert != tt.alert {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if (got.Result != nil) != (tt.r.Compared != nil && tt.r.Compared.Result != nil) {
			t.Errorf("%s: result %v", name, got.Result)
		}
	}
}

// every is each report that a worker could write.
func every() (out []Report) {
	for _, q := range append(quality.Hints(), quality.None, "of the attacker", quality.PhotoOld) {
		for _, a := range []liveness.Answer{liveness.Live, liveness.Retry, liveness.NotLive, "", "yes"} {
			for _, h := range append(hints(), "", "beta too small") {
				for _, c := range []*face.Answer{
					nil, answered(face.Match), answered(face.Review), answered(face.NoMatch),
					{Code: tunnus.CodeFaceQuality},
					{Code: tunnus.CodeInternal},
					{Code: tunnus.CodePINLockPerm},
					undecided(),
				} {
					for _, code := range append(refusals(), "", tunnus.CodeInternal) {
						out = append(out, Report{q, found(a, h), c, code})
					}
				}
			}
		}
	}
	return out
}

// Nobody passes who is not seen living and compared; a hint is told of what was not
// judged, and of nothing else (L4); what is refused is told alike (L8).
func TestEveryReport(t *testing.T) {
	seen := map[Outcome]int{}
	for _, r := range every() {
		got, err := r.Rule()
		if err != nil {
			if got.Outcome != "" || tunnus.CodeOf(err) != tunnus.CodeInternal {
				t.Errorf("%+v: %+v with %v", r, got, err)
			}
			continue
		}
		seen[got.Outcome]++
		about := fmt.Sprintf("quality %q, %s, %q", r.Quality, r.Liveness.Answer, r.Liveness.Hint)
		switch got.Outcome {
		case Same, People:
			if r.Quality != "" || r.Liveness.Answer != liveness.Live || got.Result == nil || got.Result.Verdict == face.NoMatch || got.Told != "" || got.Hint != "" {
				t.Errorf("%s: %+v", about, got)
			}
			if (got.Outcome == Same) != (got.Result.Verdict == face.Match) {
				t.Errorf("%s: %s is %s", about, got.Result.Verdict, got.Outcome)
			}
		case Again:
			known := slices.Contains(quality.Hints(), quality.Hint(got.Hint)) || slices.Contains(hints(), liveness.Hint(got.Hint))
			if !known || r.Quality == "" && r.Liveness.Answer == liveness.NotLive || got.Alert {
				t.Errorf("%s: %+v", about, got)
			}
		case No:
			if got.Told != tunnus.CodeFaceNoMatch || got.Hint != "" {
				t.Errorf("%s: refused in another way: %+v", about, got)
			}
		}
	}
	if len(seen) != 4 {
		t.Errorf("outcomes: %v", seen)
	}
}

// Who was taken for living does not show: with all else the same, somebody who is not
// gets the same answer, but for what a comparison came to.
func TestLivingShowsInNothingButTheVerdict(t *testing.T) {
	swapped := 0
	for _, r := range every() {
		live, err := r.Rule()
		if err != nil || r.Liveness.Answer != liveness.Live {
			continue
		}
		r.Liveness.Answer, r.Liveness.Compare, r.Compared, r.Refused = liveness.NotLive, nil, nil, ""
		not, err := r.Rule()
		same := not.Outcome == live.Outcome && not.Told == live.Told && not.Hint == live.Hint
		if swapped++; err != nil || !same && (live.Outcome == Again || not.Outcome != No) {
			t.Errorf("quality %q, refused %q: %s %s %s, but %s %s %s, %v", r.Quality, live.Record["not_compared"],
				live.Outcome, live.Told, live.Hint, not.Outcome, not.Told, not.Hint, err)
		}
	}
	if swapped == 0 {
		t.Error("nobody lives")
	}
}

// What a worker says that is not whole is a fault of ours, never an answer.
func TestReportsOfATakenOverWorker(t *testing.T) {
	few := found(liveness.Live, "")
	few.Compare = few.Compare[:2]
	again, many := found(liveness.Live, ""), found(liveness.Live, "")
	again.Compare, many.Compare = []int{3, 9, 3}, []int{3, 9, 20, 21}
	for name, r := range map[string]Report{
		"nothing":                  {},
		"live, not compared":       {"", found(liveness.Live, ""), nil, ""},
		"live with a hint":         {"", found(liveness.Live, liveness.Dimmer), answered(face.Match), ""},
		"live with a reason":       {"", found(liveness.Live, "", "beta"), answered(face.Match), ""},
		"live, of two frames":      {"", few, answered(face.Match), ""},
		"not living, but compared": {"", found(liveness.NotLive, ""), answered(face.Match), ""},
		"not living with a hint":   {"", found(liveness.NotLive, liveness.Dimmer), nil, ""},
		"retry without a hint":     {"", found(liveness.Retry, ""), nil, ""},
		"a hint of its own":        {"", found(liveness.Retry, "beta too small"), nil, ""},
		"a quality of its own":     {"rho", found(liveness.Retry, liveness.Again), nil, ""},
		"a fault":                  {"", found(liveness.Live, ""), &face.Answer{Code: tunnus.CodeInternal, Cause: "x"}, ""},
		"a code and no result":     {"", found(liveness.Live, ""), &face.Answer{Code: tunnus.CodeFaceMany}, tunnus.CodeFaceMany},
		"a match and a code":       {"", found(liveness.Live, ""), answered(face.Match), tunnus.CodeFaceMany},
		"a code of its own":        {"", found(liveness.Live, ""), undecided(), tunnus.CodeFaceLimit},
		"badly seen, but compared": {quality.Dark, found(liveness.Live, ""), answered(face.Match), ""},
		"one frame again":          {"", again, answered(face.Match), ""},
		"live, of four frames":     {"", many, answered(face.Match), ""},
	} {
		if got, err := r.Rule(); err == nil || tunnus.CodeOf(err) != tunnus.CodeInternal || got.Outcome != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// The record has all that was measured, and nothing by which somebody could be known.
func TestRecord(t *testing.T) {
	got, err := Report{"", found(liveness.NotLive, "", "beta", "delay"), nil, ""}.Rule()
	want := map[string]string{
		"liveness": "not-live", "liveness_rules": "1", "way": "light", "quality_rules": quality.Version,
		"reasons": "beta, delay", "features": "beta=0.7 rho=0.98",
	}
	if err != nil || !maps.Equal(got.Record, want) {
		t.Errorf("%v, %v", got.Record, err)
	}
}

// When an answer comes says little of how long it took.
func TestWait(t *testing.T) {
	for took := time.Duration(0); took < 7*time.Second; took += 137 * time.Millisecond {
		if all := took + Wait(took); all%beat != 0 || Wait(took) > beat || Wait(took) <= 0 {
			t.Errorf("%v: answered after %v", took, all)
		}
	}
	if Wait(-time.Second) != beat {
		t.Error("a clock that goes back")
	}
}

// eyesOfFace is how far the eyes lie apart, as a share of a face's width.
const eyesOfFace = 0.46

// Who fills the smallest oval before the smallest camera has eyes far enough apart.
func TestEveryCameraWillDo(t *testing.T) {
	random, narrow := rand.NewChaCha8([32]byte{9}), 1.0
	for range 2000 {
		c, err := liveness.Draw(random, liveness.Light)
		if err != nil {
			t.Fatal(err)
		}
		narrow = min(narrow, c.Near.Width)
	}
	for side, do := range map[int]bool{240: false, 320: false, capture.MinSide: true, 480: true} {
		if eyes := eyesOfFace * narrow * float64(side); (eyes >= gates(liveness.Light).Eyes) != do {
			t.Errorf("a camera of %d: %.0f pixels between the eyes", side, eyes)
		}
	}
}

func job(t testing.TB) Job {
	t.Helper()
	c, err := liveness.Draw(bytes.NewReader(bytes.Repeat([]byte{7, 200, 31, 5, 99}, 1000)), liveness.Light)
	if err != nil {
		t.Fatal(err)
	}
	return Job{
		Portrait: []byte("p"), Challenge: c, Frames: [][]byte{{1}, {2}, {3}},
		Capture: liveness.Capture{Width: 640, Height: 480, Frames: []liveness.Frame{{Number: 1, At: 5}, {Number: 2, At: 6}, {Number: 3, At: 7}}},
	}
}

func TestTask(t *testing.T) {
	j := job(t)
	for name, task := range map[string]Task{"capture": {Capture: &j}, "pictures": {Pictures: &face.Job{Frames: [][]byte{{1}}}}} {
		var b bytes.Buffer
		if err := task.Write(&b); err != nil {
			t.Fatal(err)
		}
		got, err := ReadTask(bytes.NewReader(b.Bytes()))
		if err != nil || fmt.Sprintf("%+v", got.Pictures) != fmt.Sprintf("%+v", task.Pictures) || (got.Capture == nil) != (task.Capture == nil) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		b.WriteString("{}")
		if _, err := ReadTask(&b); err == nil {
			t.Errorf("%s: and another one", name)
		}
	}
	long := job(t)
	long.Frames[1] = make([]byte, 1<<20)
	lost := job(t)
	lost.Frames = lost.Frames[:2]
	flashes := job(t)
	flashes.Challenge.Hold = 100 * time.Millisecond
	for name, bad := range map[string]Task{
		"nothing": {}, "both": {Pictures: &face.Job{}, Capture: &j}, "too many pictures": {Pictures: &face.Job{Frames: make([][]byte, 11)}},
		"a long frame": {Capture: &long}, "a frame too few": {Capture: &lost}, "a challenge that flashes": {Capture: &flashes},
	} {
		if err := bad.Write(&bytes.Buffer{}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// near is a report on a film of few frames: who is living, as a worker says.
func near(edit func(*Report)) Done {
	r := Report{Liveness: found(liveness.Live, ""), Compared: answered(face.Match)}
	r.Liveness.Compare = []int{0, 1, 2}
	edit(&r)
	return Done{Capture: &r}
}

// A worker that was taken over by a picture has no words of its own.
func TestReadDone(t *testing.T) {
	j := job(t)
	asked := Task{Capture: &j}
	well := Done{Capture: &Report{Liveness: found(liveness.NotLive, "", "beta", unmeasured+"rate")}}
	both := well
	both.Pictures = answered(face.Match)
	for name, tt := range map[string]struct {
		d  Done
		ok bool
	}{
		"whole":                       {well, true},
		"living":                      {near(func(*Report) {}), true},
		"undecided":                   {near(func(r *Report) { r.Compared = undecided() }), true},
		"of the other kind":           {Done{Pictures: answered(face.Match)}, false},
		"both":                        {both, false},
		"frames that there are not":   {near(func(r *Report) { r.Liveness.Compare[2] = 3 }), false},
		"one frame twice":             {near(func(r *Report) { r.Liveness.Compare[2] = 1 }), false},
		"a fourth frame":              {near(func(r *Report) { r.Liveness.Compare = []int{0, 1, 2, 0} }), false},
		"no frames":                   {near(func(r *Report) { r.Liveness.Compare = nil }), false},
		"frames of who is not living": {near(func(r *Report) { r.Liveness.Answer, r.Compared = liveness.NotLive, nil }), false},
		"a verdict that does not fit": {near(func(r *Report) { r.Compared.Result.Verdict = face.NoMatch }), false},
		"more than three measured":    {near(func(r *Report) { r.Compared.Result.Compared = make([]face.Quality, 4) }), false},
		"a field":                     {near(func(r *Report) { r.Compared.Field = "0.31 0.22" }), false},
		"a long cause":                {near(func(r *Report) { r.Compared.Cause = strings.Repeat("0", maxCause+1) }), false},
		"other rules":                 {near(func(r *Report) { r.Liveness.Evidence.Version = "0.31 0.22" }), false},
		"another way":                 {near(func(r *Report) { r.Liveness.Evidence.Way = liveness.Calm }), false},
		"a feature of its own":        {near(func(r *Report) { r.Liveness.Evidence.Features["0.31 0.22"] = 1 }), false},
		"a reason of its own":         {near(func(r *Report) { r.Liveness.Evidence.Reasons = []string{unmeasured + "0.31"} }), false},
		"too many reasons":            {near(func(r *Report) { r.Liveness.Evidence.Reasons = slices.Repeat([]string{"beta"}, 500) }), false},
	} {
		var b bytes.Buffer
		if err := tt.d.Write(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadDone(&b, asked); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"", "{}", `{"capture":{}} x`, `{"capture":{"yes":1}}`, "{" + strings.Repeat(" ", maxDone) + "}"} {
		if _, err := ReadDone(strings.NewReader(bad), asked); err == nil {
			t.Errorf("%.20q: taken", bad)
		}
	}
}

// The words are those that package liveness has, no more and no fewer.
func TestFeaturesAreThoseOfLiveness(t *testing.T) {
	files, err := filepath.Glob("../liveness/*.go")
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	word := regexp.MustCompile(`t\.(?:note|least|most|needs|within|unsure|refuse)\("([^"]+)"|range \[\]string\{("[^}]*")\}`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range word.FindAllStringSubmatch(string(text), -1) {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			for _, w := range strings.Split(m[1]+m[2], ", ") {
				has[strings.Trim(w, `"`)] = true
			}
		}
	}
	if want := slices.Sorted(maps.Keys(has)); !slices.Equal(features(), want) {
		t.Errorf("liveness has %q", want)
	}
}
