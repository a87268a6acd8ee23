package review

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

func TestImagesGoneAfter24h(t *testing.T) {
	w := fresh(t)
	if _, err := w.Claim(t.Context(), w.first, w.id); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(24*time.Hour - time.Millisecond)
	if _, err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.store.cases[w.id].Pictures == nil {
		t.Error("deleted too early")
	}
	w.now = w.now.Add(time.Millisecond)
	// Before the job has run, and after it: nobody sees them, nobody is approved.
	for range 2 {
		if _, err := w.Claim(t.Context(), w.first, w.id); err != nil {
			t.Fatal(err)
		}
		if _, p, err := w.View(t.Context(), w.first, w.id); err != nil || p.Portrait != nil || p.Frames != nil {
			t.Errorf("seen after a day: %d bytes, %v", len(p.Portrait), err)
		}
		_, err := w.Decide(t.Context(), w.first, w.id, Approve, SamePerson)
		wantCode(t, "Approve without pictures", err, tunnus.CodeStateConflict)
		if n, err := w.Sweep(t.Context()); err != nil {
			t.Fatal(n, err)
		}
	}
	c := w.store.cases[w.id]
	if c.Pictures != nil || c.State.Ended() || c.Folder == nil {
		t.Errorf("after a day: pictures %d bytes, %s, folder %d bytes", len(c.Pictures), c.State, len(c.Folder))
	}
}

// The letter that asks for new pictures goes out with the deletion, once each time that
// some are deleted, to the contact of the sitting, and names the case and its end.
func TestApplicantIsAskedForNewPictures(t *testing.T) {
	w := fresh(t)
	sweep := func(later time.Duration, want int) {
		t.Helper()
		w.now = w.now.Add(later)
		if _, err := w.Sweep(t.Context()); err != nil || len(w.store.letters) != want {
			t.Fatalf("after %s: %d letters, %v; want %d", later, len(w.store.letters), err, want)
		}
	}
	sweep(24*time.Hour-time.Millisecond, 0)
	sweep(time.Millisecond, 1)
	sweep(time.Hour, 1)
	l, c := w.store.letters[0], w.store.cases[w.id]
	m, err := otp.OpenLetter(sealer{}, l)
	want := otp.Message{To: parcel().Contact, Device: parcel().Device, Language: parcel().Language, Purpose: w.id, Expires: c.Expires}
	if err != nil || l.Kind != "review-pictures" || m != want {
		t.Errorf("%s: %+v, %v; want %+v", l.Kind, m, err, want)
	}
	if err := w.Renew(t.Context(), "s", Pictures{[]byte("p"), [][]byte{{1}}}, nil); err != nil {
		t.Fatal(err)
	}
	sweep(24*time.Hour, 2)
	if l := w.store.letters[1]; l.Kind != "review-pictures" || l.ID == w.store.letters[0].ID {
		t.Errorf("the second is %s", l.Kind)
	}
}

// Who has confirmed no contact cannot be told, and the pictures go all the same.
func TestPicturesGoWithoutAContact(t *testing.T) {
	w := fresh(t)
	p := parcel()
	p.Session, p.Contact = "other", ""
	other, err := w.Park(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(24 * time.Hour)
	if n, err := w.Sweep(t.Context()); n != 2 || err != nil || w.store.cases[other.ID].Pictures != nil || len(w.store.letters) != 1 {
		t.Errorf("%d, %v; %d letters", n, err, len(w.store.letters))
	}
}

// The rules of a scheme cannot keep pictures longer.
func TestNoRuleKeepsImagesLonger(t *testing.T) {
	s := New(&memory{}, sealer{}, Rules{Life: time.Hour, Pictures: 90 * 24 * time.Hour}, tunnus.SystemClock{})
	if s.rules.Pictures != 24*time.Hour {
		t.Errorf("kept for %s", s.rules.Pictures)
	}
}

func TestImagesGoneAfterDecision(t *testing.T) {
	for _, e := range []Event{Approve, Decline} {
		w := fresh(t)
		why := reasons[e][0]
		if _, err := w.decide(t, w.first, e, why); err != nil {
			t.Fatal(err)
		}
		if e == Approve {
			if _, err := w.decide(t, w.other, e, why); err != nil {
				t.Fatal(err)
			}
		}
		if c := w.store.cases[w.id]; c.Pictures != nil || c.Folder != nil || c.Contact != nil || !c.State.Ended() {
			t.Errorf("%s: something is left: %+v", e, c)
		}
		_, _, err := w.View(t.Context(), w.other, w.id)
		wantCode(t, "View after the decision", err, tunnus.CodeStateConflict)
	}
}

func TestClaimsAndCasesLapse(t *testing.T) {
	w := fresh(t)
	if _, err := w.Claim(t.Context(), w.first, w.id); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(DefaultRules.Claim)
	if n, err := w.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v", n, err)
	}
	if c := w.store.cases[w.id]; c.State != Open || c.Claimant != "" {
		t.Errorf("after the claim's time: %s by %q", c.State, c.Claimant)
	}
	w.now = w.now.Add(DefaultRules.Life)
	_, err := w.Claim(t.Context(), w.other, w.id)
	wantCode(t, "Claim of a case whose time is over", err, tunnus.CodeStateConflict)
	if n, err := w.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v", n, err)
	}
	v, ok, err := w.Outcome(t.Context(), "s")
	if !ok || err != nil || v.State != Lapsed || w.store.letters[0].Kind != "review-lapsed" {
		t.Errorf("Outcome = %+v, %v, %v", v, ok, err)
	}
	if n, err := w.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("Sweep again = %d, %v", n, err)
	}
}

func TestNewPicturesNeedBothReviewersAgain(t *testing.T) {
	w := fresh(t)
	if _, err := w.decide(t, w.first, Approve, SamePerson); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "Renew while there are pictures", w.Renew(t.Context(), "s", Pictures{[]byte("p"), [][]byte{{1}}}, nil), tunnus.CodeStateConflict)
	w.now = w.now.Add(24 * time.Hour)
	if err := w.Renew(t.Context(), "s", Pictures{[]byte("NEW"), [][]byte{{1}}}, map[string]string{"liveness": "not filmed"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Claim(t.Context(), w.other, w.id); err != nil {
		t.Fatal(err)
	}
	f, p, err := w.View(t.Context(), w.other, w.id)
	if err != nil || len(f.Results) != 1 || f.Results["liveness"] != "not filmed" || f.Zone != parcel().Folder.Zone || string(p.Portrait) != "NEW" {
		t.Errorf("the reviewer sees %+v, %v", f, err)
	}
	if b, err := w.decide(t, w.other, Approve, SamePerson); err != nil || b.State != Once {
		t.Errorf("an approval of old pictures counts for new ones: %+v, %v", b, err)
	}
}
