package portal

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

// Log-ins that are begun and do not end well slow the address they come from. Of IPv6
// that is the /64: one subscriber has 2^64 addresses.
func TestOneSubscriberIsOneAddress(t *testing.T) {
	let := func(w *world, from func(i int) string) (n int) {
		for i := range 100 {
			r := httptest.NewRequest(http.MethodPost, "/portal/login/start", nil)
			r.RemoteAddr = from(i)
			out := httptest.NewRecorder()
			if w.pages.ServeHTTP(out, r); out.Code == http.StatusSeeOther {
				n++
			}
		}
		return n
	}
	w := newWorld(t)
	four := let(w, func(int) string { return "198.51.100.7:1000" })
	six := let(w, func(i int) string { return fmt.Sprintf("[2001:db8:1:2::%x]:1000", i+1) })
	if four != six || four == 0 || four == 100 {
		t.Errorf("of 100 log-ins that were only begun, %d were let in from one IPv4 address and %d from one /64", four, six)
	}
}
