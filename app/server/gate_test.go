package server

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Large bodies come to the step that is open, and new pictures to people who look at a
// registration; one that waits for a guardian, days long, waits for none.
func TestLargeBodiesThatNobodyWaitsFor(t *testing.T) {
	parked := enrol.Status{State: way.Parked, Why: tunnus.CodeRevPending}
	for _, tt := range []struct {
		st   enrol.Status
		step string
		want bool
	}{
		{enrol.Status{State: way.Open, Next: way.ChipProved}, wire.StepChip, true},
		{enrol.Status{State: way.Open, Next: way.ChipProved}, wire.StepFace, false},
		{enrol.Status{State: way.Open, Next: way.ChipProved}, wire.StepPictures, false},
		{parked, wire.StepPictures, true},
		{parked, wire.StepFace, false},
		{enrol.Status{State: way.Parked, Why: tunnus.CodeGuardWait}, wire.StepPictures, false},
		{enrol.Status{State: way.Refused, Why: tunnus.CodeRevPending}, wire.StepPictures, false},
	} {
		if got := awaited(tt.st, tt.step); got != tt.want {
			t.Errorf("%s in %q, %q: %v", tt.step, tt.st.State, tt.st.Why, got)
		}
	}
}

// Sessions cost a row each and anybody may ask for one: an address is slowed.
func TestSessionsOfOneAddress(t *testing.T) {
	b := newBench(t, nil)
	ask := func(from string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, wire.PathSessions, strings.NewReader(`{"device_key":"`+base64.StdEncoding.EncodeToString(b.spki)+`"}`))
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		return w
	}
	refused := 0
	for range 2 * sessionsBurst {
		if a := ask("198.51.100.7:1"); a.Code != http.StatusOK {
			refused++
			wantCode(t, a, tunnus.CodeRateLimited)
		}
	}
	if refused != sessionsBurst {
		t.Errorf("%d of %d were refused; want %d", refused, 2*sessionsBurst, sessionsBurst)
	}
	if a := ask("198.51.100.8:1"); a.Code != http.StatusOK {
		t.Errorf("another address is refused too: %s", a.Body)
	}
}

// A step ends though its caller has gone, and the repeat finds its answer.
func TestStepEndsThoughItsCallerHasGone(t *testing.T) {
	gone, hang := context.WithCancel(t.Context())
	hang()
	_, err := steady(func(ctx context.Context, _ caller) (any, error) { return nil, ctx.Err() })(gone, caller{})
	if err != nil {
		t.Errorf("the step was told %v", err)
	}
}
