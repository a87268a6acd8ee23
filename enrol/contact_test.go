package enrol

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

func otherCode(code string) string {
	b := []byte(code)
	b[0] = '0' + (b[0]-'0'+1)%10
	return string(b)
}

func TestCodeOfAnotherSession(t *testing.T) {
	w, p := newWorld(t), ada(t, nil)
	old, r := ref("phone", 1), ref("phone", 2)
	for _, x := range []sitting.Ref{old, r} {
		w.upTo(x, way.ContactConfirmed, p)
	}
	if _, err := w.flow.SendCode(t.Context(), old, To{Contact: "ada@example.org"}); err != nil {
		t.Fatal(err)
	}
	code := w.code()
	if _, err := w.flow.SendCode(t.Context(), r, To{Contact: "ada@example.org"}); err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.ConfirmCode(t.Context(), r, code), tunnus.CodeOTPSession, 2)
	if err := w.flow.ConfirmCode(t.Context(), r, w.code()); err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.ConfirmCode(t.Context(), r, w.code()), tunnus.CodeStateConflict, -1) // used twice
}

func TestCodeTooOldAndTooOftenWrong(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ContactConfirmed, p)
	send := func() string {
		t.Helper()
		if _, err := w.flow.SendCode(t.Context(), r, To{Contact: "ada@example.org"}); err != nil {
			t.Fatal(err)
		}
		return w.code()
	}
	code := send()
	w.now = w.now.Add(10 * time.Minute)
	refused(t, w.flow.ConfirmCode(t.Context(), r, code), tunnus.CodeOTPOld, -1)
	for n := range 3 {
		code = send()
		w.now = w.now.Add(time.Minute)
		refused(t, w.flow.ConfirmCode(t.Context(), r, otherCode(code)), tunnus.CodeOTPWrong, 2)
		refused(t, w.flow.ConfirmCode(t.Context(), r, otherCode(code)), tunnus.CodeOTPWrong, 1)
		want := tunnus.CodeOTPWrong
		if n == 2 {
			want = tunnus.CodeOTPBlocked
		}
		refused(t, w.flow.ConfirmCode(t.Context(), r, otherCode(code)), want, -1)
	}
	if s := w.mem.sessions[r.Session]; s.State != way.Refused || s.Payload != nil {
		t.Errorf("the session is %s", s.State)
	}
	refused(t, w.flow.ConfirmCode(t.Context(), r, code), tunnus.CodeStateConflict, -1)
}

// A code proves the address that it went to, and no other that is named later.
func TestAddressChangedUnderWay(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ContactConfirmed, p)
	if _, err := w.flow.SendCode(t.Context(), r, To{Contact: "mine@example.org"}); err != nil {
		t.Fatal(err)
	}
	mine := w.code()
	_, err := w.flow.SendCode(t.Context(), r, To{Contact: "victim@example.org"})
	refused(t, err, tunnus.CodeOTPResends, -1)
	w.now = w.now.Add(time.Minute)
	if _, err := w.flow.SendCode(t.Context(), r, To{Contact: "victim@example.org"}); err != nil {
		t.Fatal(err)
	}
	refused(t, w.flow.ConfirmCode(t.Context(), r, mine), tunnus.CodeOTPOld, -1)
	for _, bad := range []string{"", "victim", "a@b\r\nBcc: c@d", "Eve <eve@example.org>", "a@example.org, b@example.org"} {
		_, err := w.flow.SendCode(t.Context(), r, To{Contact: bad})
		refused(t, err, tunnus.CodeBadRequest, -1)
	}
}

// Killed between the code's commit and the session's: the code went to one
// address, the session holds another, and so nothing is confirmed.
func TestCodeAndSessionDisagree(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ContactConfirmed, p)
	if _, err := w.flow.SendCode(t.Context(), r, To{Contact: "victim@example.org"}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	w.mem.failCommit = true
	if _, err := w.flow.SendCode(t.Context(), r, To{Contact: "mine@example.org"}); tunnus.CodeOf(err) != tunnus.CodeInternal {
		t.Fatalf("SendCode = %v; want internal", err)
	}
	refused(t, w.flow.ConfirmCode(t.Context(), r, w.code()), tunnus.CodeStateConflict, -1)
	if w.mem.sessions[r.Session].Facts.Has(way.ContactConfirmed) {
		t.Error("an address was confirmed that got no code")
	}
}

// Killed after the code went out, before the session knew where: the same request
// writes that down, and the code that is under way is good.
func TestSentButNotKnown(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ContactConfirmed, p)
	r.Request = "7"
	w.mem.failCommit = true
	if _, err := w.flow.SendCode(t.Context(), r, To{Contact: "ada@example.org"}); tunnus.CodeOf(err) != tunnus.CodeInternal {
		t.Fatalf("SendCode = %v; want internal", err)
	}
	code, letters := w.code(), len(w.mem.outbox)
	if _, err := w.flow.SendCode(t.Context(), r, To{Contact: "ada@example.org"}); err != nil {
		t.Fatalf("the same again: %v", err)
	}
	if len(w.mem.outbox) != letters {
		t.Error("another letter was written")
	}
	if err := w.flow.ConfirmCode(t.Context(), r, code); err != nil {
		t.Errorf("the code that is under way: %v", err)
	}
}

// Killed after the code was used, before its fact stood: the same request brings it;
// typed anew, or another one, it is used.
func TestUsedButNoFact(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	w.upTo(r, way.ContactConfirmed, p)
	if _, err := w.flow.SendCode(t.Context(), r, To{Contact: "ada@example.org"}); err != nil {
		t.Fatal(err)
	}
	r.Request = "9"
	w.mem.failCommit = true
	if err := w.flow.ConfirmCode(t.Context(), r, w.code()); tunnus.CodeOf(err) != tunnus.CodeInternal {
		t.Fatalf("ConfirmCode = %v; want internal", err)
	}
	refused(t, w.flow.ConfirmCode(t.Context(), r, otherCode(w.code())), tunnus.CodeOTPOld, -1)
	anew := r
	anew.Request = "10"
	refused(t, w.flow.ConfirmCode(t.Context(), anew, w.code()), tunnus.CodeOTPOld, -1)
	if err := w.flow.ConfirmCode(t.Context(), r, w.code()); err != nil {
		t.Errorf("the same request again: %v", err)
	}
	if !w.mem.sessions[r.Session].Facts.Has(way.ContactConfirmed) {
		t.Error("no fact came of it")
	}
}
