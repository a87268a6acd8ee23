package vpcd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// echo answers a command with itself, and counts resets.
type echo struct{ resets int }

func (e *echo) Transceive(_ context.Context, command []byte) ([]byte, error) {
	if command[0] == 0xFF {
		return nil, errors.New("broken")
	}
	if command[0] == 0xFE {
		return make([]byte, maxFrame+1), nil
	}
	return append(bytes.Clone(command), 0x90, 0), nil
}

func (e *echo) Reset() { e.resets++ }

// driver lets a test be the driver of a card.
func driver(t *testing.T, card Card) (net.Conn, chan error, context.CancelFunc) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := Dial(ctx, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, conn, card) }()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c, ended, cancel
}

// Frames are those that the driver speaks: what it asks is answered, what it
// tells is not.
func TestFrames(t *testing.T) {
	card := new(echo)
	c, ended, cancel := driver(t, card)
	atr := append([]byte{0, byte(len(ATR()))}, ATR()...)
	for _, tt := range []struct{ give, want []byte }{
		{[]byte{0, 1, 1, 0, 1, 4}, atr}, // power on is told, the ATR is asked
		{[]byte{0, 4, 0, 0x84, 0, 0}, []byte{0, 6, 0, 0x84, 0, 0, 0x90, 0}},
		{[]byte{0, 1, 2, 0, 1, 0, 0, 1, 9, 0, 2, 5, 6}, []byte{0, 4, 5, 6, 0x90, 0}},
	} {
		if _, err := c.Write(tt.give); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(tt.want))
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, tt.want) {
			t.Errorf("%X: %X, %v; want %X", tt.give, got, err, tt.want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if card.resets != 4 {
		t.Errorf("%d resets", card.resets)
	}
}

func TestServeEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		give []byte
		want error // nil: any
	}{
		"the driver goes":      {nil, ErrGone},
		"half a length":        {[]byte{0}, nil},
		"half a frame":         {[]byte{0, 4, 0}, nil},
		"nothing in a frame":   {[]byte{0, 0, 0, 0}, nil},
		"the card fails":       {[]byte{0, 2, 0xFF, 0}, nil},
		"an answer of 64 kB":   {[]byte{0, 2, 0xFE, 0}, nil},
		"the driver goes late": {[]byte{0, 1, 0}, ErrGone},
	} {
		c, ended, _ := driver(t, new(echo))
		if _, err := c.Write(tt.give); err != nil {
			t.Fatal(err)
		}
		if err := c.(*net.TCPConn).CloseWrite(); err != nil && !errors.Is(err, syscall.ENOTCONN) {
			t.Fatal(err) // else the card has hung up by now
		}
		if err := <-ended; err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDialNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := Dial(t.Context(), l.Addr().String()); err == nil {
		t.Error("somebody answered")
	}
}

// A frame that is sent is received again.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 1, 4})
	f.Add([]byte{0, 0})
	f.Add([]byte{0xFF, 0xFF, 1})
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := receive(bytes.NewReader(in), func() {})
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := send(&b, got); err != nil || !bytes.HasPrefix(in, b.Bytes()) {
			t.Errorf("%X became %X, %v", in, b.Bytes(), err)
		}
	})
}
