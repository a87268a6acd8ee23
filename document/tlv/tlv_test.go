package tlv_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus/document/tlv"
)

func TestNextRefuses(t *testing.T) {
	tests := []struct {
		name string
		give []byte
		want error
	}{
		{"nothing", nil, tlv.ErrTruncated},
		{"tag alone", []byte{0x61}, tlv.ErrTruncated},
		{"tag zero", []byte{0, 0}, tlv.ErrTag},
		{"tag of four bytes", []byte{0x7F, 0x81, 0x81, 0x01, 0}, tlv.ErrTag},
		{"half a tag", []byte{0x7F}, tlv.ErrTruncated},
		{"indefinite length", []byte{0x61, 0x80, 0, 0}, tlv.ErrIndefinite},
		{"length of five bytes", []byte{0x61, 0x85, 0, 0, 0, 0, 0}, tlv.ErrTooLong},
		{"four gigabytes", []byte{0x61, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}, tlv.ErrTooLong},
		{"half a length", []byte{0x61, 0x82, 1}, tlv.ErrTruncated},
		{"value too short", []byte{0x61, 2, 1}, tlv.ErrTruncated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := tlv.Next(tt.give); !errors.Is(err, tt.want) {
				t.Errorf("Next(%X) = %v; want %v", tt.give, err, tt.want)
			}
		})
	}
}

func TestOnlyRefusesWhatFollows(t *testing.T) {
	if _, err := tlv.Only([]byte{0x61, 1, 7, 0x61, 0}, 0x61); !errors.Is(err, tlv.ErrTrailing) {
		t.Errorf("got %v", err)
	}
}

func TestFindGoesDownThePath(t *testing.T) {
	b := tlv.Append(nil, 0x75, tlv.Append(nil, 0x7F61, tlv.Append([]byte{0x02, 1, 1}, 0x5F2E, []byte("x"))))
	got, err := tlv.Find(b, 0x75, 0x7F61, 0x5F2E)
	if err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := tlv.Find(b, 0x75, 0x7F60); !errors.Is(err, tlv.ErrMissing) {
		t.Errorf("missing element: %v", err)
	}
}

func TestFindRefusesTwins(t *testing.T) {
	b := []byte{0x87, 1, 1, 0x87, 1, 2}
	if _, err := tlv.Find(b, 0x87); !errors.Is(err, tlv.ErrTwice) {
		t.Errorf("got %v", err)
	}
}

func TestBombsEndEarly(t *testing.T) {
	if _, err := tlv.All(bytes.Repeat([]byte{0x61, 0}, 1_000_000)); !errors.Is(err, tlv.ErrTooMany) {
		t.Errorf("a million empty elements: %v", err)
	}
	if _, err := tlv.Find(nil, make([]tlv.Tag, tlv.MaxDepth+1)...); !errors.Is(err, tlv.ErrTooMany) {
		t.Errorf("too deep: %v", err)
	}
}

// What Next reads, Append writes so that it reads the same again.
func FuzzNext(f *testing.F) {
	for _, seed := range [][]byte{{0x61, 1, 7}, {0x7F, 0x61, 0x82, 0, 1, 9}, {0x5F, 0x2E, 0}, {0x61, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		e, rest, err := tlv.Next(in)
		if err != nil {
			return
		}
		if !bytes.Equal(append(bytes.Clone(e.Raw), rest...), in) {
			t.Fatal("element and rest are not what was given")
		}
		out := tlv.Append(nil, e.Tag, e.Value)
		if len(out) > len(e.Raw) {
			t.Errorf("written longer than read: %X became %X", e.Raw, out)
		}
		value, err := tlv.Only(out, e.Tag)
		if err != nil || !bytes.Equal(value, e.Value) {
			t.Errorf("round trip: %X became %X, %v", e.Raw, out, err)
		}
	})
}
