package pades_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/pades"
)

func wrap(der []byte) []byte {
	gap := "<" + hex.EncodeToString(der) + ">"
	head := "%PDF-1.7\n/ByteRange [0 AAAAAAAAA BBBBBBBBB CCCCCCCCC] /Contents"
	tail := "\n%%EOF"
	head = strings.Replace(head, "AAAAAAAAA", fmt.Sprintf("%09d", len(head)), 1)
	head = strings.Replace(head, "BBBBBBBBB", fmt.Sprintf("%09d", len(head)+len(gap)), 1)
	head = strings.Replace(head, "CCCCCCCCC", fmt.Sprintf("%09d", len(tail)), 1)
	return []byte(head + gap + tail)
}

func seq(b []byte) []byte {
	n := len(b)
	return append([]byte{0x30, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, b...)
}

func TestZZ(t *testing.T) {
	// many small objects in an indefinite container
	a := append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x05, 0x01, 0x01}, 40000)...)
	b := append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x30, 0x80}, 60000)...)
	var c []byte
	for len(c) < 120000 { c = seq(c) }
	d := bytes.Repeat([]byte{0x30, 0x80}, 30000)
	d = append(d, 5, 1, 1)
	d = append(d, bytes.Repeat([]byte{0, 0}, 30000)...)
	for i, x := range [][]byte{a, b, seq(a), seq(b), seq(d)} {
		s := time.Now()
		_, err := pades.Verify(wrap(x), trust())
		t.Log(i, len(x), time.Since(s), err)
	}
	_ = c
	s := time.Now()
	var e []byte
	e = []byte{5, 1, 1}
	parts := []byte{}
	// nested definite: build from inside quickly
	depth := 24000
	lens := make([]int, depth+1)
	lens[0] = 3
	for i := 1; i <= depth; i++ { lens[i] = lens[i-1] + 5 }
	for i := depth; i >= 1; i-- { n := lens[i-1]; parts = append(parts, 0x30, 0x83, byte(n>>16), byte(n>>8), byte(n)) }
	_, err := pades.Verify(wrap(append(parts, e...)), trust())
	t.Log("nested", len(parts), time.Since(s), err)
}
