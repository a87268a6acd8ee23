package worker

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/judge"
	"github.com/tunnus-id/tunnus/face/liveness"
)

// The test binary is its own worker: with this argument it plays a part.
const part = "play-the-worker"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == part {
		play(os.Args[2])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// none is a folder without models.
func none() (judge.Engines, error) {
	_, err := face.Open(fstest.MapFS{})
	return judge.Engines{}, err
}

// play is what a worker does, honest or taken over.
func play(as string) {
	job := func() face.Job {
		t, err := judge.ReadTask(os.Stdin)
		if err != nil {
			os.Exit(3)
		}
		if t.Pictures == nil {
			t.Pictures = &face.Job{Portrait: t.Capture.Portrait, Frames: t.Capture.Frames}
		}
		return *t.Pictures
	}
	say := func(a face.Answer) {
		if (judge.Done{Pictures: &a}).Write(os.Stdout) != nil {
			os.Exit(4)
		}
	}
	switch as {
	case "echo": // tells by a code what it got
		if j := job(); string(j.Portrait) == "portrait" && len(j.Frames) == 2 && string(j.Frames[1]) == "two" && len(os.Environ()) == 0 {
			say(face.Answer{Code: tunnus.CodeFaceQuality, Cause: "all came"})
		}
	case "match":
		say(face.Answer{Result: &face.Result{Verdict: face.Match, Distance: -1, Fused: -1}}) // no distances
	case "unlit": // judges a capture
		if j := job(); len(j.Frames) == 2 && string(j.Portrait) == "portrait" {
			_ = judge.Done{Capture: &judge.Report{Liveness: liveness.Verdict{Answer: liveness.NotLive, Evidence: liveness.Evidence{
				Version: liveness.Standard().Version, Way: liveness.Light,
			}}}}.Write(os.Stdout)
		}
	case "mute":
		job()
	case "noise":
		_, _ = io.WriteString(os.Stdout, "yes, it is her")
	case "flood":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	case "hang":
		job()
		select {}
	case "internal":
		say(face.Answer{Code: tunnus.CodePINLockPerm, Cause: "not a code of faces"})
	case "fail":
		os.Exit(1)
	case "no-models":
		if err := Run(strings.NewReader("{}"), io.Discard, 0, none); err != nil {
			fmt.Println("refused:", err)
			os.Exit(5)
		}
	default:
		limits(as)
	}
}

func faces(as string) *Faces { return New(os.Args[0], part, as) }

func compare(ctx context.Context, as string) error {
	_, err := faces(as).Compare(ctx, []byte("portrait"), [][]byte{[]byte("one"), []byte("two")})
	return err
}

// The job arrives whole, nothing of our environment goes along, and the answer comes back.
func TestCompareHandsTheJobOver(t *testing.T) {
	if err := compare(t.Context(), "echo"); tunnus.CodeOf(err) != tunnus.CodeFaceQuality {
		t.Errorf("error = %v", err)
	}
}

// A worker that does not say a whole, right answer has said nothing: never yes.
func TestWorkerThatIsTakenOver(t *testing.T) {
	for _, as := range []string{"match", "mute", "noise", "flood", "internal", "fail"} {
		t.Run(as, func(t *testing.T) {
			if err := compare(t.Context(), as); err == nil || tunnus.CodeOf(err) != tunnus.CodeInternal {
				t.Errorf("error = %v", err)
			}
		})
	}
}

// film is a capture of two frames.
func film(t *testing.T) judge.Job {
	t.Helper()
	c, err := liveness.Draw(rand.Reader, liveness.Light)
	if err != nil {
		t.Fatal(err)
	}
	return judge.Job{
		Portrait: []byte("portrait"), Challenge: c, Frames: [][]byte{[]byte("one"), []byte("two")},
		Capture: liveness.Capture{Frames: []liveness.Frame{{Number: 1, At: 1}, {Number: 2, At: 2}}},
	}
}

// A capture goes the same way, and nothing but a report on it is taken.
func TestJudge(t *testing.T) {
	r, err := faces("unlit").Judge(t.Context(), film(t))
	if err != nil || r.Liveness.Answer != liveness.NotLive {
		t.Errorf("%+v, %v", r, err)
	}
	for _, as := range []string{"echo", "match", "mute", "noise", "flood", "fail"} {
		if r, err := faces(as).Judge(t.Context(), film(t)); err == nil || tunnus.CodeOf(err) != tunnus.CodeInternal {
			t.Errorf("%s: %+v, %v", as, r, err)
		}
	}
}

func TestWorkerThatHangsIsEnded(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	began := time.Now()
	err := compare(ctx, "hang")
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("error = %v after %v", err, time.Since(began))
	}
}

// No more than two judge at a time; the third waits, and gives up with its context.
func TestAtMostTwoAtATime(t *testing.T) {
	f := faces("hang")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, atOnce)
	for range atOnce {
		go func() { _, err := f.Compare(ctx, nil, nil); done <- err }()
	}
	for !f.busy() {
		time.Sleep(5 * time.Millisecond)
	}
	third, giveUp := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer giveUp()
	if _, err := f.Compare(third, nil, nil); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "worker") {
		t.Errorf("the third: %v", err)
	}
	stop()
	for range atOnce {
		if err := <-done; err == nil {
			t.Error("a worker that hangs gave an answer")
		}
	}
}

// busy reports whether all slots are taken.
func (f *Faces) busy() bool {
	if !f.slots.TryAcquire(1) {
		return true
	}
	f.slots.Release(1)
	return false
}

func TestTooManyFramesNeverReachAWorker(t *testing.T) {
	f := New("/no/such/program")
	if _, err := f.Compare(t.Context(), nil, make([][]byte, face.MaxFrames+1)); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
		t.Errorf("error = %v", err)
	}
}

func TestNoSuchProgram(t *testing.T) {
	_, err := New("/no/such/program").Compare(t.Context(), nil, nil)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
}

func TestLimited(t *testing.T) {
	var to bytes.Buffer
	l := &limited{&to, 4}
	if _, err := l.Write([]byte("1234")); err != nil {
		t.Error(err)
	}
	if _, err := l.Write([]byte("5")); err == nil || to.Len() != 4 {
		t.Errorf("a fifth byte was taken: %v", err)
	}
}

// Without the models' files there is no engine, and no answer.
func TestRunNeedsTheModels(t *testing.T) {
	if out, err := helper("no-models").CombinedOutput(); err == nil || !strings.Contains(string(out), "refused") {
		t.Errorf("%s, %v", out, err)
	}
}

// helper is this binary, playing a part.
func helper(as string) *exec.Cmd { return exec.Command(os.Args[0], part, as) }
