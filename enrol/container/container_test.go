package container_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/ocsp"
)

// want runs the job and looks how far a container has come.
func (w *world) want(id string, level asic.Level, failed bool) container.Container {
	w.t.Helper()
	_, err := w.service().Complete(w.t.Context())
	if (err != nil) != failed {
		w.t.Errorf("Complete: %v", err)
	}
	c := w.rows[id]
	if c.Level != level || c.Due.IsZero() != (level == asic.LT) {
		w.t.Fatalf("level %s, due %s; want %s", c.Level, c.Due, level)
	}
	return c
}

func TestCompletes(t *testing.T) {
	w := newWorld(t)
	w.apply("a")
	w.apply("b")
	c := w.want("a", asic.LT, false)
	r, err := asic.Verify(c.File, asic.Trust{Roots: []*x509.Certificate{w.root.cert}, Now: noon.AddDate(2, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	body, err := application.Parse(r.Files[0].Content)
	if err != nil || body.GivenNames != "Ada" || body.Names(r.Signatures[0].Signer) != nil || string(r.Files[1].Content) != body.Text() {
		t.Errorf("application %+v, %v", body, err)
	}
	if w.rows["b"].Level != asic.LT || w.stamped != 2 || w.answered != 4 || len(w.events) != 4 {
		t.Errorf("the other at %s; %d time-stamps, %d answers, %d events", w.rows["b"].Level, w.stamped, w.answered, len(w.events))
	}
	if n, err := w.service().Complete(t.Context()); n != 0 || err != nil || w.stamped != 2 {
		t.Errorf("a complete one is done again: %d, %v", n, err)
	}
}

// While time-stamps cannot be had the container stays as it is, and is tried at longer and
// longer intervals; then it goes on.
func TestTriesAgain(t *testing.T) {
	w := newWorld(t)
	w.apply("a")
	w.noStamps = errors.New("down")
	first := w.want("a", asic.B, true).Due.Sub(w.now)
	if w.want("a", asic.B, false); w.stamped != 1 {
		t.Errorf("%d tries at once", w.stamped)
	}
	for range 20 {
		w.now = w.rows["a"].Due
		w.want("a", asic.B, true)
	}
	if last := w.rows["a"].Due.Sub(w.now); first != 5*time.Second || last != time.Hour {
		t.Errorf("first again after %s, at last after %s", first, last)
	}
	w.now, w.noStamps = w.rows["a"].Due, nil
	w.want("a", asic.LT, false)
}

// A clock that was a day ahead has planned the next try for tomorrow. Once it is right
// again that try comes now; but no time-stamp is taken from before the certificate's time.
func TestPlannedByAWrongClock(t *testing.T) {
	w := newWorld(t)
	w.apply("a")
	w.now, w.noStamps = noon.Add(24*time.Hour), errors.New("down")
	w.want("a", asic.B, true)
	w.now, w.noStamps = noon.Add(-2*time.Hour), nil // an hour before the certificate's time
	w.want("a", asic.B, true)
	if w.stamped != 1 {
		t.Errorf("a time-stamp of a time at which the certificate was not valid")
	}
	w.now = noon.Add(time.Minute)
	w.want("a", asic.LT, false)
}

// A time-stamp that is there is kept: the time at which the signature existed does not move.
func TestKeepsTheFirstTimeStamp(t *testing.T) {
	w := newWorld(t)
	w.apply("a")
	w.noAnswers = errors.New("down")
	half := w.want("a", asic.T, true)
	w.now, w.noAnswers = w.now.Add(48*time.Hour), nil
	whole := w.want("a", asic.LT, false)
	r, err := asic.Verify(whole.File, asic.Trust{Roots: []*x509.Certificate{w.root.cert}, Now: w.now})
	if err != nil || !r.Signatures[0].Stamped.Equal(noon) || w.stamped != 1 || !bytes.Equal(half.Stamp, whole.Stamp) {
		t.Errorf("%+v, %v; %d time-stamps", r.Signatures, err, w.stamped)
	}
}

// A crash before the last write loses nothing either.
func TestCrashBeforeTheEnd(t *testing.T) {
	w := newWorld(t)
	w.apply("a")
	w.noSave = errors.New("killed")
	w.want("a", asic.T, true)
	w.now, w.noSave = w.rows["a"].Due, nil
	if w.want("a", asic.LT, false); w.stamped != 1 {
		t.Errorf("%d time-stamps", w.stamped)
	}
}

// What the authorities give is judged before it is kept.
func TestKeepsNothingThatIsWrong(t *testing.T) {
	w := newWorld(t)
	w.apply("a")
	w.tamper = func(d []byte) []byte { d = bytes.Clone(d); d[0] ^= 1; return d }
	w.want("a", asic.B, true)
	w.now, w.tamper, w.say = w.rows["a"].Due, nil, ocsp.Revoked
	w.want("a", asic.T, true)
	w.now, w.say = w.rows["a"].Due, ocsp.Unknown
	w.want("a", asic.T, true)
}

// One that cannot go on does not keep others back.
func TestOneFailureIsOneFailure(t *testing.T) {
	w := newWorld(t)
	w.apply("a")
	w.apply("b")
	delete(w.accounts, "a")
	w.want("b", asic.LT, true)
}

func TestBeginRefusesWhatWasNotSigned(t *testing.T) {
	w := newWorld(t)
	w.apply("a")
	a := w.accounts["a"]
	payload, err := application.Format{}.Payload(a.Application, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := container.Begin("a", a.Application, payload, append([]byte{1}, a.Signature[1:]...), noon); err == nil {
		t.Error("a broken signature was taken")
	}
	if _, err := container.Begin("a", a.Application, []byte("other"), a.Signature, noon); err == nil {
		t.Error("another payload was taken")
	}
}
