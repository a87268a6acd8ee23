package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"time"
)

// Whatever a phone says, in whatever order: the limits hold, the attempt is charged
// before anything is told that was drawn, and what was read is what was said.
func FuzzHear(f *testing.F) {
	script := func(messages ...said) (b []byte) {
		for _, m := range messages {
			b = binary.BigEndian.AppendUint16(b, uint16(len(m.bytes())))
			b = append(b, m.bytes()...)
		}
		return b
	}
	f.Add(script(said{kind: sayReady, width: 640, height: 480}, said{kind: sayShown}, said{kind: sayPlaced},
		said{kind: sayFrame, number: 1, at: 1, jpeg: jpg(1)}, said{kind: sayShown, cue: 1, at: 2}, said{kind: sayPlaced, cue: 1, at: 3},
		said{kind: sayFrame, number: 2, at: 4, jpeg: jpg(2)}, said{kind: sayEnd, number: 2, at: 9}))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := NewDirector(lights(8))
		if err != nil {
			t.Fatal(err)
		}
		charged := false
		for now := time.Duration(0); len(b) >= 2; now += ms {
			n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
			m := b[2 : 2+n]
			b = b[2+n:]
			if s, err := parseSaid(m); err == nil && !bytes.Equal(s.bytes(), m) {
				t.Fatalf("%x was read as %x", m, s.bytes())
			}
			next, err := d.Hear(now, m)
			if err != nil {
				if !errors.Is(err, ErrSpoken) && !errors.Is(err, ErrLate) {
					t.Fatalf("failed with %v", err)
				}
				return
			}
			if charged = charged || next == Charge; next == Charge || next == Show {
				if d.Show(now); d.Open() && !charged {
					t.Fatal("told without a charge")
				}
			}
			if film, _ := d.Film(); len(film.Frames) > MaxFrames || d.bytes > MaxBytes {
				t.Fatalf("%d frames, %d bytes", len(film.Frames), d.bytes)
			}
		}
	})
}

// Whatever a server says: no colour is shown for less than is safe.
func FuzzPhone(f *testing.F) {
	f.Add(append(Offer{Cues: 2, Rate: 20, MaxFrame: 9}.bytes(), Cue{Kind: Light, Oval: near, Hold: 400 * ms}.bytes(0)...), []byte{13, 14})
	f.Fuzz(func(t *testing.T, b, lengths []byte) {
		p := NewPhone()
		var changed time.Duration
		var colour bool
		now := time.Duration(0)
		for _, n := range lengths {
			m := b[:min(int(n), len(b))]
			b = b[len(m):]
			if p.Hear(m) != nil {
				return
			}
			now += 100 * ms
			c, turned, _ := p.Turn(now)
			if turned {
				if colour && now-changed < MinHold {
					t.Fatalf("a colour for %v", now-changed)
				}
				changed, colour = now, c.Kind == Light
				p.Painted(now)
			}
		}
	})
}
