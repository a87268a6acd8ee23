package emrtd_test

import (
	"bytes"
	"math/big"
	"runtime"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// cost is how much memory and time a function takes; the memory counts all that
// was ever allocated.
func cost(f func()) (uint64, time.Duration) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, took
}

// A verification, good or bad, takes no more than 4 MB beyond its input.
const memory = 4 << 20

func TestMemoryOfAVerification(t *testing.T) {
	big := map[int][]byte{2: padded(t, adas().Group(2), 255<<10), 7: tlv.Append(nil, 0x67, make([]byte, 60<<10))}
	for name, s := range map[string]state{
		"RSA": found(keyCSCA(), keyRSA(), nil), "brainpool": found(keyBP384(), keyBP384(), nil),
	} {
		ev := with(s, big, nil)
		list := must(trustlist.Of(append(crowd(), s.root)...))
		var err error
		used, _ := cost(func() { _, err = emrtd.Verify(ev, list, challenge, now) })
		if err != nil || used > memory {
			t.Errorf("%s: %d bytes, %v", name, used, err)
		}
	}
}

// padded is data group 2 with zeros behind the image, up to a size.
func padded(t *testing.T, dg2 []byte, size int) []byte {
	t.Helper()
	more := size - len(dg2)
	record := bytes.Index(dg2, []byte("FAC\x00"))
	r := append(bytes.Clone(dg2[record:]), make([]byte, more)...)
	for _, at := range []int{8, 14} { // lengths of the record and of the face
		n := new(big.Int).SetBytes(r[at : at+4])
		n.Add(n, big.NewInt(int64(more))).FillBytes(r[at : at+4])
	}
	facial := must(tlv.Find(dg2, 0x75, 0x7F61, 0x7F60, 0xA1))
	template := tlv.Append(tlv.Append(nil, 0xA1, facial), 0x5F2E, r)
	return tlv.Append(nil, 0x75, tlv.Append(nil, 0x7F61, tlv.Append([]byte{2, 1, 1}, 0x7F60, template)))
}

// Files that are made to cost much cost little: ever the same few steps.
func TestBombsInTheSecurityObject(t *testing.T) {
	s := found(keyCSCA(), keyRSA(), nil)
	good := s.issue(adas(), nil)
	file := func(content ...[]byte) []byte { return tlv.Append(nil, 0x77, bytes.Join(content, nil)) }
	signedBy := func(key []byte) []byte {
		leaf := leafOf(keyRSA(), keyCSCA())
		leaf.Public = key
		bad := state{s.country, s.signer, s.root, must(issuer.Certify(leaf, keyCSCA())), s.hash}
		return bad.issue(adas(), nil).SOD
	}
	rsa := func(n, e *big.Int) []byte {
		oid := tlv.Append(nil, ber.Sequence, append(tlv.Append(nil, ber.ObjectID, []byte(ber.NewOID("1.2.840.113549.1.1.1"))), 5, 0))
		return issuer.PublicKeyInfo(oid, tlv.Append(nil, ber.Sequence, append(issuer.Number(n), issuer.Number(e)...)))
	}
	ones := func(bits uint) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), bits)
		return n.Sub(n, big.NewInt(1))
	}
	for name, sod := range map[string][]byte{
		"empty":                    nil,
		"four gigabytes":           {0x77, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x30},
		"four gigabytes inside":    file([]byte{0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}),
		"ten thousand deep":        file(bytes.Repeat([]byte{0x30, 0x80}, 10_000)),
		"deep and definite":        file(deep(10_000)),
		"indefinite in definite":   file(tlv.Append(nil, 0x30, []byte{0x30, 0x80, 0, 0})),
		"a million empty elements": file(tlv.Append(nil, 0x30, bytes.Repeat([]byte{5, 0}, 1_000_000))),
		"many empty elements":      file(tlv.Append(nil, 0x30, bytes.Repeat([]byte{5, 0}, 15_000))),
		"lengths not the shortest": file([]byte{0x30, 0x84, 0, 0, 0, 2, 5, 0}),
		"a huge object identifier": file(tlv.Append(nil, 0x30, tlv.Append(nil, 0x06, bytes.Repeat([]byte{0xFF}, 30_000)))),
		"over the cap":             append(bytes.Clone(good.SOD), make([]byte, 64<<10)...),
		"a modulus of 30000 bits":  signedBy(rsa(ones(30_000), big.NewInt(65537))),
		"an exponent as long":      signedBy(rsa(ones(4096), ones(4096))),
		"an even modulus":          signedBy(rsa(new(big.Int).Lsh(big.NewInt(1), 2047), big.NewInt(3))),
		"a point off the curve":    signedBy(altered(keyP256().Public(), -1)),
		"a curve of its own":       signedBy(altered(explicitKey(), 40)),
	} {
		t.Run(name, func(t *testing.T) {
			ev := good
			ev.SOD = sod
			var err error
			used, took := cost(func() { _, err = s.judge(ev, now) })
			if tunnus.CodeOf(err) != tunnus.CodeDocSigBad || used > memory || took > 2*time.Second {
				t.Errorf("%v; %d bytes, %v", err, used, took)
			}
		})
	}
}

// deep is that many sequences, one in the other.
func deep(n int) []byte {
	var b []byte
	for range n {
		if b = tlv.Append(nil, 0x30, b); len(b) > 30_000 {
			break
		}
	}
	return b
}

// explicitKey has the parameters of its curve written out.
func explicitKey() []byte {
	k := must(issuer.NewEC("brainpoolP256r1"))
	k.Explicit = true
	return k.Public()
}

// altered has one bit changed; a place below zero counts from the end.
func altered(b []byte, at int) []byte {
	b = bytes.Clone(b)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 1
	return b
}
