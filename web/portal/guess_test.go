package portal

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// drawn is the nth of many codes: eight letters of base 32.
func drawn(n int) string {
	var b [8]byte
	for i := range b {
		b[i] = "ABCDEFGHJKMNPQRSTVWXYZ"[n%22]
		n /= 22
	}
	return string(b[:])
}

// guess posts a registration code in the browser of a visit, and follows nothing.
func (w *world) guess(c *http.Client, cookie, code string) (to, body string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.origin+"/portal/step/code", strings.NewReader(url.Values{"code": {code}}.Encode()))
	must(w.t, "request", err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.AddCookie(&http.Cookie{Name: Cookie, Value: cookie})
	resp, err := c.Do(req)
	must(w.t, "guess", err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(w.t, "page", err)
	return resp.Header.Get("Location"), string(b)
}

// Ten thousand registration codes guessed through the portal by somebody who has a card
// of his own: five are looked at, of the others not even the right one is taken, and
// the phone whose code it is goes on undisturbed.
func TestR7TenThousandCodesGuessed(t *testing.T) {
	w := newWorld(t)
	code := w.code("sitting")
	v := w.visit(w.issue(2, "BEN", "SAMPLE"))
	must(t, "Login", v.Login(t.Context()))
	must(t, "Answer", v.Answer(t.Context()))
	must(t, "SendCode", v.SendCode(t.Context(), "ben@mail.example"))
	otp, err := w.sheets.last(t.Context(), time.Now())
	must(t, "last", err)
	must(t, "ConfirmCode", v.ConfirmCode(t.Context(), otp))
	cookie, browser, judged, over := v.Cookie(Cookie), w.bare(), 0, 0
	for n := range 10_000 {
		to, body := w.guess(browser, cookie, drawn(n))
		if to == "/portal/?over=1" {
			over++
		}
		if strings.Contains(body, "tries left") || strings.Contains(body, "try left") {
			judged++
		}
	}
	if to, _ := w.guess(browser, cookie, code); to != "/portal/?over=1" { // even the right one comes too late
		t.Errorf("the right code leads to %q after five wrong ones", to)
	}
	if judged != 5 || over != 10_000-5 {
		t.Errorf("%d guesses were looked at, %d led out", judged, over)
	}
	ada := w.visit(w.ada)
	must(t, "Register", ada.Register(t.Context(), w.registration("sitting")))
	if got := ada.Heading(); got != "Continue on your phone" {
		t.Errorf("the holder's way ends at %q", got)
	}
}
