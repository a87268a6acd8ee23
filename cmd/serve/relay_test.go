package serve

import (
	"bufio"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
)

// reads has a person register as far as the chip, and no further.
func (p *holder) reads() error {
	delete(p.typed, "email")
	_, err := p.phone().Register(p.t.Context())
	if errors.Is(err, errNoAnswer) && p.times("email") > 0 {
		return nil
	}
	return errors.Join(err, errors.New("the chip was not proved"))
}

// sitting is the session of the holder's registration.
func (p *holder) sitting() string {
	p.t.Helper()
	key := sure(x509.ParseECPrivateKey(p.vault.State.Device))(p.t)
	spki := sure(device.Public(key))(p.t)
	return sure(p.store.Enrolments().Latest(p.t.Context(), device.Thumbprint(spki)))(p.t).ID
}

// proved is what is written down of the proved chip.
func (p *holder) proved() map[string]string {
	p.t.Helper()
	for _, e := range sure(p.store.Audit().Events(p.t.Context(), p.sitting()))(p.t) {
		if e.Kind == "enrol.fact" && e.Detail["fact"] == "chip" {
			return e.Detail
		}
	}
	p.t.Fatal("no chip was proved")
	return nil
}

// The server runs chip authentication with the chips of those who have it, over the
// line of the app.
func TestRegisterWithChipAuthentication(t *testing.T) {
	h := newHouse(t, t.TempDir())
	for name, active := range map[string]string{"cleo": "not-supported", "gus": "successful"} {
		p := h.newHolder(name)
		if err := p.reads(); err != nil {
			t.Fatal(name, err, p.told)
		}
		got := p.proved()
		if got["chip-authentication"] != "successful" || got["active-authentication"] != active || got["copyable"] != "false" ||
			len(strings.Fields(got["rounds_ms"])) != 2 || got["challenge_ms"] == "" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// breaking is a line on which a WebSocket is cut when something is read of it for the
// second time.
type breaking struct {
	http.ResponseWriter
	when func() bool
}

func (b breaking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(b.ResponseWriter).Hijack()
	if err == nil && b.when() {
		conn = &cutConn{Conn: conn, left: 1}
	}
	return conn, rw, err
}

type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(b []byte) (int, error) {
	if c.left--; c.left < 0 {
		_ = c.Close()
	}
	return c.Conn.Read(b)
}

// A relay that is cut in the middle is begun anew, nothing is counted, and the chip is
// proved in the end.
func TestRelayIsCutInTheMiddle(t *testing.T) {
	h := newHouse(t, t.TempDir())
	var cuts atomic.Int32
	h.line.upgrade = func(w http.ResponseWriter) http.ResponseWriter {
		return breaking{w, func() bool { return cuts.Add(1) <= 2 }}
	}
	p := h.newHolder("cleo")
	if err := p.reads(); err != nil {
		t.Fatal(err, p.told)
	}
	if !p.heard("line to the server broke") || cuts.Load() != 3 {
		t.Errorf("%d openings; told %v", cuts.Load(), p.told)
	}
	charges := 0
	for _, e := range sure(h.store.Audit().Events(t.Context(), p.sitting()))(t) {
		if e.Kind == "lock.failed" {
			charges++
		}
	}
	if got := p.proved(); got["chip-authentication"] != "successful" || charges != 0 {
		t.Errorf("%v, %d failures counted", got, charges)
	}
}

// An app that tells of a run of its own is not listened to, and one that leaves the
// run out is not believed.
func TestFabricatedEvidenceOverTheLine(t *testing.T) {
	h := newHouse(t, t.TempDir())
	p := h.newHolder("cleo")
	p.phone()
	d := p.goTo(wire.StepChip)
	var st wire.Status
	d.into(d.post(wire.PathRegistration, wire.None{}), &st)
	card := h.passport(p.person)
	body := map[string]any{"sod": card.SOD(), "groups": map[string][]byte{"1": card.Group(1), "2": card.Group(2), "14": card.Group(14)}}
	body["chip_auth"] = map[string]any{"dg14": make([]byte, 32), "proved": true}
	d.refused(d.step(wire.StepChip, body), tunnus.CodeUnknownField)
	delete(body, "chip_auth")
	body["access"] = "usb"
	d.refused(d.step(wire.StepChip, body), tunnus.CodeBadRequest)
	body["access"] = "pace"
	d.refused(d.step(wire.StepChip, body), tunnus.CodeDocSigBad)
	if n := d.lines("enrol.fact/chip"); n != 0 {
		t.Errorf("%d chips were proved", n)
	}
}

// A relay is asked for by GET and a WebSocket; anything else is refused as all is.
func TestRelayIsNoStep(t *testing.T) {
	d := atChip(t)
	a := d.step(wire.StepChip+"/relay", wire.None{})
	if a.status != http.StatusMethodNotAllowed && a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}
