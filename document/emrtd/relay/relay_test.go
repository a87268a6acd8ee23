package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/virtual"
)

var (
	now       = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	challenge = []byte("8 bytes!")
	utopia    = sync.OnceValue(func() *virtual.Country { return must(virtual.NewCountry(now)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// keyed is an invented person's passport whose chip has a key of its own.
func keyed(way security.Auth, group int) *virtual.Passport {
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 60, 80)), nil); err != nil {
		panic(err)
	}
	return must(utopia().Issue(virtual.Holder{
		Surname: "LOVE", GivenNames: "ADA MARIA", Sex: "F", Number: "X1234567", Birth: now.AddDate(-30, 0, 0), Expiry: now.AddDate(5, 0, 0),
		Portrait: portrait.Bytes(), Chip: virtual.ChipPlain, ChipAuth: []security.Auth{way}, AuthGroup: group,
	}))
}

var adas = sync.OnceValue(func() *virtual.Passport { return keyed(security.NewAuth(true, apdu.AES128), 12) })

// end is one end of a connection in memory.
type end struct {
	out, in chan []byte
	gone    chan struct{} // closed when either end is
	once    *sync.Once
	change  func(message []byte) []byte // on what is sent here; nil ends the connection
}

var errGone = errors.New("the line is cut")

func pair() (reader, server *end) {
	a, b, gone, once := make(chan []byte, 8), make(chan []byte, 8), make(chan struct{}), new(sync.Once)
	return &end{out: a, in: b, gone: gone, once: once}, &end{out: b, in: a, gone: gone, once: once}
}

func (e *end) Send(_ context.Context, m []byte) error {
	if e.change != nil {
		if m = e.change(m); m == nil {
			_ = e.Close()
		}
	}
	select {
	case <-e.gone:
		return errGone
	default:
	}
	e.out <- m
	return nil
}

func (e *end) Receive(ctx context.Context) ([]byte, error) {
	select {
	case m := <-e.in:
		return m, nil
	default:
	}
	select {
	case m := <-e.in:
		return m, nil
	case <-e.gone:
		return nil, errGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (e *end) Close() error { e.once.Do(func() { close(e.gone) }); return nil }

// A script is a reader that says what it likes, and hears nothing.
type script struct{ says [][]byte }

func (*script) Send(context.Context, []byte) error { return nil }
func (*script) Close() error                       { return nil }

func (s *script) Receive(context.Context) ([]byte, error) {
	if len(s.says) == 0 {
		return nil, errGone
	}
	m := s.says[0]
	s.says = s.says[1:]
	return m, nil
}

// A met is how a run went, on both sides.
type met struct {
	read, served error
	kept         *emrtd.ChipProof
}

// meet has a reader read p, while a server runs chip authentication with it.
func meet(t *testing.T, p chip.Transceiver, key string, setUp func(reader, server *end)) (m met) {
	t.Helper()
	r, s := pair()
	setUp(r, s)
	served := make(chan error, 1)
	rd := &Reader{Dial: func(_ context.Context, group [sha256.Size]byte) (Conn, error) {
		go func() {
			tick := now
			clock := tunnus.ClockFunc(func() time.Time { tick = tick.Add(20 * time.Millisecond); return tick })
			err := Serve(t.Context(), s, group, clock, func(_ context.Context, p emrtd.ChipProof) error { m.kept = &p; return nil })
			_ = s.Close()
			served <- err
		}()
		return r, nil
	}}
	_, m.read = chip.Request{AccessKey: key, Challenge: challenge, Prover: rd}.Read(t.Context(), p)
	rd.Close()
	select {
	case m.served = <-served:
	case <-time.After(10 * time.Second):
		t.Fatal("the server still waits")
	}
	return m
}

func asItIs(*end, *end) {}

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    *virtual.Passport
	}{
		{"curve, AES", adas()},
		{"curve, Triple DES", keyed(security.NewAuth(true, apdu.DES3), 13)},
		{"residues", keyed(security.NewAuth(false, apdu.AES256), 0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := meet(t, tt.p, tt.p.AccessKey(), asItIs)
			if m.read != nil || m.served != nil || m.kept == nil || !m.kept.Of(tt.p.Group(14)) {
				t.Fatalf("%+v", m)
			}
			if r := m.kept.Rounds(); len(r) != 2 || r[0] != 20*time.Millisecond {
				t.Errorf("rounds %v", r)
			}
			if e := Evidence(time.Second, *m.kept); e["rounds_ms"] != "20 20" || e["challenge_ms"] != "1000" {
				t.Errorf("evidence %v", e)
			}
		})
	}
}

// A copied chip is found by the server; the reader is told nothing of it.
func TestCopiedChipIsKeptAsWrong(t *testing.T) {
	m := meet(t, adas().WithFaults(virtual.Faults{OtherChipKey: true}), adas().AccessKey(), asItIs)
	if m.read != nil || m.served != nil || m.kept == nil || m.kept.IsZero() || m.kept.Of(adas().Group(14)) {
		t.Errorf("%+v", m)
	}
}

// The relay is cut in the middle, at each message of either side: the reader knows,
// and nothing is kept, unless the server had all that it needs.
func TestRelayCutInTheMiddle(t *testing.T) {
	for side, messages := range map[string]int{"reader": 3, "server": 3} {
		for n := range messages {
			adas().Reset()
			m := meet(t, adas(), adas().AccessKey(), func(r, s *end) {
				left := n
				cut := func(b []byte) []byte {
					if left--; left < 0 {
						return nil
					}
					return b
				}
				if side == "reader" {
					r.change = cut
				} else {
					s.change = cut
				}
			})
			last := side == "server" && n == 2
			if !errors.Is(m.read, ErrBroken) || !errors.Is(m.served, ErrBroken) || (m.kept != nil) != last {
				t.Errorf("%s, message %d: %+v", side, n, m)
			}
		}
	}
}

// Whoever relays answers himself, or leaves out what the chip did not say.
func TestFabricatedAnswers(t *testing.T) {
	for name, lie := range map[string][]byte{
		"a bare success":    {0x90, 0},
		"nothing":           {},
		"sealed by himself": must(must(apdu.AES128.Session([]byte("whatever"))).Seal(nil, apdu.OK)),
		"a refusal":         {0x69, 0x88},
	} {
		adas().Reset()
		m := meet(t, adas(), adas().AccessKey(), func(r, _ *end) {
			r.change = func(b []byte) []byte {
				if bytes.Contains(b, []byte(`"answer"`)) {
					return must(json.Marshal(struct {
						Answer []byte `json:"answer"`
					}{lie}))
				}
				return b
			}
		})
		if m.kept == nil || m.kept.Of(adas().Group(14)) {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// The data group that comes is another one than the opening was signed for.
func TestSwappedGroup(t *testing.T) {
	other := keyed(security.NewAuth(true, apdu.AES128), 12)
	m := meet(t, adas(), adas().AccessKey(), func(r, _ *end) {
		r.change = func([]byte) []byte { r.change = nil; return must(json.Marshal(said{Group: other.Group(14)})) }
	})
	if !errors.Is(m.served, ErrSpoken) || !errors.Is(m.read, ErrBroken) || m.kept != nil {
		t.Errorf("%+v", m)
	}
}

// What a reader says out of turn, twice, or in another form ends the run.
func TestServeKeepsToTheForm(t *testing.T) {
	group := must(json.Marshal(said{Group: adas().Group(14)}))
	for name, says := range map[string][]string{
		"nothing of a group":     {`{}`},
		"the answer first":       {`{"answer":"kAA="}`},
		"both at once":           {`{"dg14":"` + strings.Repeat("A", 40) + `","answer":"kAA="}`},
		"the group twice":        {string(group), string(group)},
		"an answer to commands":  {string(group), `{"answer":"kAA="}`},
		"no answer":              {string(group), `{}`, `{}`},
		"a proof of his own":     {string(group), `{"proved":true}`},
		"not JSON":               {`dg14`},
		"two values":             {string(group) + `{}`},
		"a list":                 {`[]`},
		"over the size":          {`{"dg14":"` + strings.Repeat("A", MaxMessage) + `"}`},
		"a number for the group": {`{"dg14":14}`},
	} {
		s := &script{}
		for _, m := range says {
			s.says = append(s.says, []byte(m))
		}
		sum := sha256.Sum256(adas().Group(14))
		err := Serve(t.Context(), s, sum, tunnus.SystemClock{}, func(context.Context, emrtd.ChipProof) error {
			t.Errorf("%s: something was kept", name)
			return nil
		})
		if !errors.Is(err, ErrSpoken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The run is not over for the reader before it is written down.
func TestWhatCannotBeKeptIsNotDone(t *testing.T) {
	lost := errors.New("the database is away")
	r, s := pair()
	rd := &Reader{Dial: func(_ context.Context, group [sha256.Size]byte) (Conn, error) {
		go func() {
			_ = Serve(t.Context(), s, group, tunnus.SystemClock{}, func(context.Context, emrtd.ChipProof) error { return lost })
			_ = s.Close()
		}()
		return r, nil
	}}
	adas().Reset()
	if _, err := (chip.Request{AccessKey: adas().AccessKey(), Challenge: challenge, Prover: rd}).Read(t.Context(), adas()); !errors.Is(err, ErrBroken) {
		t.Errorf("got %v", err)
	}
}

// A server gets no other commands to the chip than those of a run.
func TestReaderRefusesOtherCommands(t *testing.T) {
	file := must(json.Marshal(told{Commands: [][]byte{{0, 0xB0, 0x83, 0, 0}}}))
	for name, answer := range map[string]string{
		"READ BINARY of fingerprints": string(file),
		"nothing":                     `{}`,
		"done, with commands":         `{"commands":["ACJBpA=="],"done":true}`,
		"no command of ISO 7816":      `{"commands":["AAE="]}`,
		"a command at once":           `{"command":"ACJBpA=="}`,
		"too many":                    `{"commands":["ACJBpA==","ACJBpA==","ACJBpA=="]}`,
		"more than that":              `{"commands":["ACJBpA=="],"pin":"1234"}`,
	} {
		r, s := pair()
		s.out <- []byte(answer)
		rd := &Reader{Dial: func(context.Context, [sha256.Size]byte) (Conn, error) { return r, nil }}
		if c, err := rd.Begin(t.Context(), adas().Group(14)); !errors.Is(err, ErrSpoken) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

// A chip that has nothing to prove is no reason to call the server.
func TestNoRunWithoutAKey(t *testing.T) {
	rd := &Reader{Dial: func(context.Context, [sha256.Size]byte) (Conn, error) {
		t.Error("the server was called")
		return nil, errGone
	}}
	if c, err := rd.Begin(t.Context(), []byte{0x6E, 2, 0x31, 0}); c != nil || err != nil {
		t.Errorf("%v, %v", c, err)
	}
}

func TestGroup(t *testing.T) {
	sum := sha256.Sum256([]byte("x"))
	if got, err := Group(Name(sum)); err != nil || got != sum {
		t.Errorf("%x, %v", got, err)
	}
	n := Name(sum)
	for _, bad := range []string{"", n + "0", n + "00", " " + n, strings.ToUpper(n), n[:len(n)-2], strings.Repeat("g", 64)} {
		if _, err := Group(bad); tunnus.CodeOf(err) != tunnus.CodeBadRequest {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAccess(t *testing.T) {
	for _, p := range []chip.Protocol{"", chip.BAC, chip.PACE} {
		if a, err := Access(string(p), adas().CardAccess()); err != nil || a.Protocol != p || a.Downgraded {
			t.Errorf("%s: %+v, %v", p, a, err)
		}
	}
	for _, bad := range []func() (chip.Access, error){
		func() (chip.Access, error) { return Access("usb", nil) },
		func() (chip.Access, error) { return Access("pace", make([]byte, security.MaxSize+1)) },
	} {
		if a, err := bad(); tunnus.CodeOf(err) != tunnus.CodeBadRequest || a.Protocol != "" || a.CardAccess != nil {
			t.Errorf("%+v, %v", a, err)
		}
	}
}

// Whatever a reader says, nothing that he made up himself is kept as a proof.
func FuzzServe(f *testing.F) {
	group := must(json.Marshal(said{Group: adas().Group(14)}))
	f.Add(group, []byte(`{}`), []byte(`{"answer":"kAA="}`))
	f.Add(group, []byte(`{"answer":""}`), []byte(`{}`))
	f.Add([]byte(`{"dg14":"bgIxAA=="}`), []byte(`[]`), []byte(`{"answer":"kAA=","x":1}`))
	f.Fuzz(func(t *testing.T, one, two, three []byte) {
		s := &script{[][]byte{one, two, three}}
		var first said
		_ = json.Unmarshal(one, &first)
		err := Serve(t.Context(), s, sha256.Sum256(first.Group), tunnus.SystemClock{}, func(_ context.Context, p emrtd.ChipProof) error {
			if p.Of(first.Group) {
				t.Errorf("%q proved something", three)
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrSpoken) && !errors.Is(err, ErrBroken) {
			t.Error(err)
		}
	})
}
