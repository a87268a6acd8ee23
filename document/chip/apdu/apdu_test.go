package apdu_test

import (
	"bytes"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
)

func TestCommandEncodings(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 300)
	tests := []struct {
		name string
		give apdu.Command
		want []byte
	}{
		{"header", apdu.Command{Ins: 0x84}, []byte{0, 0x84, 0, 0}},
		{"short answer", apdu.Command{Ins: 0x84, Le: 8}, []byte{0, 0x84, 0, 0, 8}},
		{"256 bytes", apdu.Command{Ins: 0xB0, Le: 256}, []byte{0, 0xB0, 0, 0, 0}},
		{"257 bytes", apdu.Command{Ins: 0xB0, Le: 257}, []byte{0, 0xB0, 0, 0, 0, 1, 1}},
		{"65536 bytes", apdu.Command{Ins: 0xB0, Le: 65536}, []byte{0, 0xB0, 0, 0, 0, 0, 0}},
		{"data", apdu.Command{Ins: 0xA4, P1: 2, P2: 12, Data: []byte{1, 30}}, []byte{0, 0xA4, 2, 12, 2, 1, 30}},
		{"data and answer", apdu.Command{Ins: 0x88, Data: []byte{1}, Le: 256}, []byte{0, 0x88, 0, 0, 1, 1, 0}},
		{"data and long answer", apdu.Command{Ins: 0x88, Data: []byte{1}, Le: 4096}, []byte{0, 0x88, 0, 0, 0, 0, 1, 1, 0x10, 0}},
		{"long data", apdu.Command{Ins: 0x88, Data: long}, append([]byte{0, 0x88, 0, 0, 0, 1, 44}, long...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.give.Bytes(); !bytes.Equal(got, tt.want) {
				t.Errorf("got %X; want %X", got, tt.want)
			}
			back, err := apdu.ParseCommand(tt.want)
			if err != nil || back.Le != tt.give.Le || !bytes.Equal(back.Data, tt.give.Data) {
				t.Errorf("read back as %+v, %v", back, err)
			}
		})
	}
}

func TestCommandsThatAreNone(t *testing.T) {
	for _, b := range [][]byte{nil, {0, 1, 2}, {0, 1, 2, 3, 2, 1}, {0, 1, 2, 3, 1, 1, 1, 1}, {0, 1, 2, 3, 0, 1}, {0, 1, 2, 3, 0, 0, 2, 1}, {0, 1, 2, 3, 0, 0, 1, 1, 1}} {
		if c, err := apdu.ParseCommand(b); err == nil {
			t.Errorf("%X was read as %+v", b, c)
		}
	}
}

// What the chip reads, the terminal would write so that it reads the same.
func FuzzParseCommand(f *testing.F) {
	f.Add([]byte{0, 0xA4, 4, 12, 7, 0xA0, 0, 0, 2, 0x47, 0x10, 1})
	f.Add([]byte{0, 0x88, 0, 0, 0, 0, 1, 1, 0x10, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := apdu.ParseCommand(in)
		if err != nil {
			return
		}
		back, err := apdu.ParseCommand(c.Bytes())
		if err != nil || back.Le != c.Le || !bytes.Equal(back.Data, c.Data) || back.Ins != c.Ins {
			t.Errorf("%X: %+v became %+v, %v", in, c, back, err)
		}
	})
}
