package line

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/key/device"
)

var group = sha256.Sum256([]byte("data group 14"))

// An opening is signed over its path and query, with the next counter; a refusal is
// told, and what is no answer is a line that broke. None is sent twice.
func TestRelayIsSignedAndNotRepeated(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(w http.ResponseWriter, n int)
		is     func(error) bool
	}{
		"refused": {func(w http.ResponseWriter, _ int) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"code":"state-conflict","detail":"No.","instance":"7K3QZ-M2XWA"}`)
		}, func(err error) bool {
			e, ok := errors.AsType[*tunnus.Error](err)
			return ok && e.Code == tunnus.CodeStateConflict && e.Reference == "7K3QZ-M2XWA"
		}},
		"broken":         {drop, func(err error) bool { return errors.Is(err, relay.ErrBroken) }},
		"a part is down": {func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadGateway) }, func(err error) bool { return errors.Is(err, relay.ErrBroken) }},
		"no WebSocket":   {well, func(err error) bool { return err != nil && !errors.Is(err, relay.ErrBroken) }},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newPeer(t, tt.answer)
			if _, err := s.Relay(t.Context(), group); !tt.is(err) {
				t.Errorf("error = %v", err)
			}
			if len(p.calls) != 1 {
				t.Fatalf("sent %d times", len(p.calls))
			}
			signed := p.calls[0]
			signed.Request.Body = group[:] // in its place
			r := signed.Request
			if err := signed.Verify(); err != nil || r.Method != http.MethodGet || r.Path != wire.PathRelay || r.Counter != 1 {
				t.Errorf("%+v: %v", r, err)
			}
			if s.counter != 1 {
				t.Errorf("the line is at counter %d", s.counter)
			}
		})
	}
}

// A server that is not the one it should be is no broken line.
func TestRelayToAnotherServer(t *testing.T) {
	impostor := httptest.NewTLSServer(http.NotFoundHandler())
	defer impostor.Close()
	impostor.Config.ErrorLog = nil
	key, err := device.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(impostor.URL, &http.Client{}, key, Claim{}).Relay(t.Context(), group); err == nil || errors.Is(err, relay.ErrBroken) {
		t.Errorf("error = %v", err)
	}
}
