package remote

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func nopLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newRecorder(h http.Handler, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	return w
}

// What a process says in a refusal is taken as one of our codes, or as a fault;
// never as more, never as nothing.
func FuzzRefusal(f *testing.F) {
	f.Add(422, []byte(`{"code":"pin-lock-1","left":2,"until":"2026-12-01T10:00:00Z","field":"x"}`))
	f.Add(503, []byte(`{"code":"service-down"}`))
	f.Add(500, []byte(`{"code":"internal"}`))
	f.Add(404, []byte(``))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := refusal("m", status, body)
		if err == nil {
			t.Fatal("a refusal that is none")
		}
		if len(err.Error()) > 1000 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	})
}

// BenchmarkCall is one remote call over an open connection of this machine.
func BenchmarkCall(b *testing.B) {
	ca := newMaker(b)
	front, back := ca.process("front.example"), ca.process("back.example")
	s := open(b, back, pin(front))
	c, err := identity(front).Dial(s.url, "shop", pin(back))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := c.Call(b.Context(), "echo", order{What: "tea"}, &order{}); err != nil {
			b.Fatal(err)
		}
	}
}
