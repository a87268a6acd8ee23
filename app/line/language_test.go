package line

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
)

// Every request asks for the app's language; where the app has none, for none.
func TestEveryRequestAsksForTheLanguage(t *testing.T) {
	for _, l := range []string{"et", ""} {
		var mu sync.Mutex
		var asked []string
		p := &peer{t: t, answer: func(w http.ResponseWriter, _ int) { _, _ = w.Write([]byte("{}")) }}
		p.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			asked = append(asked, r.Header.Get("Accept-Language"))
			mu.Unlock()
			p.ServeHTTP(w, r)
		}))
		key, err := device.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		err = New(p.http.URL, p.http.Client(), key, Claim{Version: "0.1.0", OS: "linux", Language: l}).Call(t.Context(), wire.PathAccounts, wire.None{}, &wire.None{})
		p.http.Close()
		if err != nil || len(asked) != 2 || asked[0] != l || asked[1] != l {
			t.Errorf("asked for %q, want %q: %v", asked, l, err)
		}
	}
}
