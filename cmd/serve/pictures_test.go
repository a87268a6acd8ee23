package serve

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/key/device"
)

// waits runs a registration until the app says that it waits, and closes the app.
func (p *holder) waits(phone *app.App) {
	p.t.Helper()
	ctx, stop := context.WithCancel(p.t.Context())
	defer stop()
	p.waiting = stop
	if _, err := phone.Register(ctx); !errors.Is(err, context.Canceled) {
		p.t.Fatalf("it does not wait: %v; told %q", err, p.told)
	}
}

// parked is the registration of a phone, with its case.
func (p *holder) parked() (sitting.Session, review.Case) {
	p.t.Helper()
	spki := sure(device.Public(sure(x509.ParseECPrivateKey(p.vault.State.Device))(p.t)))(p.t)
	s := sure(p.store.Enrolments().Latest(p.t.Context(), device.Thumbprint(spki)))(p.t)
	return s, sure(p.reviews.Of(p.t.Context(), s.ID))(p.t)
}

// A face that people have to see, and nobody has within a day: the pictures are
// deleted, and the app, opened again, reads the document and takes others.
func TestPicturesOfAWaitingRegistrationAreTakenAnew(t *testing.T) {
	h, ben, phone := fresh(t)
	h.verdict = face.Review
	if _, err := phone.Register(t.Context()); tunnus.CodeOf(err) != tunnus.CodeRevPending {
		t.Fatal(err)
	}
	if s, c := ben.parked(); s.State != way.Parked || c.Pictures == nil || ben.times("face") != 1 {
		t.Fatalf("the registration is %s, its case has %d bytes", s.State, len(c.Pictures))
	}
	ben.waits(ben.phone()) // while there are some, none are asked for
	h.clock.forward(25 * time.Hour)
	sure(h.reviews.Sweep(t.Context()))(t)
	if _, c := ben.parked(); c.Pictures != nil || ben.times("face") != 1 {
		t.Fatal("a day has passed, and pictures are there")
	}
	waiting := sure(h.store.Outbox().Pending(t.Context(), h.clock.Now().Add(time.Minute), 100))(t)
	if i := slices.IndexFunc(waiting, func(l otp.Letter) bool { return l.Kind == "review-pictures" }); i < 0 {
		t.Error("nobody told the applicant")
	} else if m := sure(otp.OpenLetter(ben.sealer, waiting[i]))(t); m.To != "ben@example.test" {
		t.Errorf("told %q", m.To)
	}
	ben.waits(ben.phone())
	s, c := ben.parked()
	if s.State != way.Parked || c.Pictures == nil || !h.clock.Now().Add(23*time.Hour).Before(c.Until) || ben.times("face") != 2 || !ben.heard("pictures were deleted") {
		t.Errorf("the registration is %s, its case has %d bytes until %v; told %q", s.State, len(c.Pictures), c.Until, ben.told)
	}
}
