package chip_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// verified reads the passport and judges what was read.
func verified(t *testing.T, p *virtual.Passport) (emrtd.Verified, error) {
	t.Helper()
	got, err := read(t, p, p.AccessKey())
	if err != nil {
		t.Fatal(err)
	}
	trust := must(trustlist.Of(utopia().CSCA()))
	return emrtd.Verify(emrtd.Evidence{SOD: got.SOD, Groups: got.Groups, ActiveAuth: got.ActiveAuth}, trust, challenge, now)
}

func TestReadEachMake(t *testing.T) {
	for _, make := range []virtual.Chip{virtual.ChipRSA, virtual.ChipECDSA, virtual.ChipShort, virtual.ChipPlain} {
		t.Run("chip "+string(make), func(t *testing.T) {
			p := must(utopia().Issue(ada(make, 63)))
			v, err := verified(t, p)
			if err != nil {
				t.Fatal(err)
			}
			if v.Zone() != p.Zone() || v.Clonable() != (make == virtual.ChipPlain) {
				t.Errorf("%+v, clonable %v", v.Zone(), v.Clonable())
			}
		})
	}
}

// Files of over 32 KiB need another instruction.
func TestReadLargePortrait(t *testing.T) {
	for _, make := range []virtual.Chip{virtual.ChipRSA, virtual.ChipShort} {
		h := ada(make, 90)
		h.Portrait = portrait(413, 531, 50)
		if len(h.Portrait) < 40_000 {
			t.Fatalf("portrait of %d bytes only", len(h.Portrait))
		}
		v, err := verified(t, must(utopia().Issue(h)))
		if err != nil || !bytes.Equal(v.Portrait(), h.Portrait) {
			t.Errorf("%q: %v", make, err)
		}
	}
}

func TestReadTwiceInOneField(t *testing.T) {
	p := fresh(rsaChip())
	for range 2 {
		if _, err := read(t, p, p.AccessKey()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProgressOnlyGrows(t *testing.T) {
	for _, make := range []virtual.Chip{virtual.ChipRSA, virtual.ChipShort} {
		p := must(utopia().Issue(ada(make, 63)))
		last, all := 0, 0
		_, err := chip.Read(t.Context(), p, p.AccessKey(), challenge, func(done, total int) {
			if done <= last || total != 100 || done > total {
				t.Errorf("%d of %d after %d", done, total, last)
			}
			last, all = done, all+1
		})
		if err != nil || last != 100 || all < 5 {
			t.Errorf("%q: ended at %d after %d reports, %v", make, last, all, err)
		}
	}
}

func TestWrongKeyIsDenied(t *testing.T) {
	_, err := read(t, fresh(rsaChip()), hostileKey)
	if tunnus.CodeOf(err) != tunnus.CodeNFCAccessDenied {
		t.Errorf("got %v", err)
	}
}

func TestNoChip(t *testing.T) {
	_, err := read(t, carrier(func(context.Context, []byte) ([]byte, error) { return nil, chip.ErrNoChip }), hostileKey)
	if tunnus.CodeOf(err) != tunnus.CodeNFCNoChip {
		t.Errorf("got %v", err)
	}
}

func TestOtherCardIsNoPassport(t *testing.T) {
	bank := carrier(func(context.Context, []byte) ([]byte, error) { return []byte{0x6A, 0x82}, nil })
	if _, err := read(t, bank, hostileKey); tunnus.CodeOf(err) != tunnus.CodeNFCNoChip {
		t.Errorf("got %v", err)
	}
}

// The chip is taken away before any one of the commands.
func TestChipTakenAway(t *testing.T) {
	for stop := 1; ; stop++ {
		p, n := fresh(rsaChip()), 0
		_, err := read(t, carrier(func(ctx context.Context, c []byte) ([]byte, error) {
			if n++; n > stop {
				return nil, errors.New("radio")
			}
			return p.Transceive(ctx, c)
		}), p.AccessKey())
		if err == nil {
			if stop < 10 {
				t.Errorf("the whole chip was read in %d commands", stop)
			}
			return
		}
		if tunnus.CodeOf(err) != tunnus.CodeNFCLost {
			t.Fatalf("after %d commands: %v", stop, err)
		}
	}
}

func TestTimeAndCancelling(t *testing.T) {
	p := fresh(rsaChip())
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if _, err := chip.Read(late, p, p.AccessKey(), challenge, nil); tunnus.CodeOf(err) != tunnus.CodeNFCTimeout {
		t.Errorf("deadline over: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := chip.Read(gone, p, p.AccessKey(), challenge, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

func TestFaultsReachTheVerifier(t *testing.T) {
	replay := must(rsaChip().Prove([]byte("another!")))
	tests := []struct {
		name  string
		fault virtual.Faults
		code  tunnus.Code
	}{
		{"DG1 changed by one bit", virtual.Faults{FlipDG1: true}, tunnus.CodeHashMismatch},
		{"SOD of another passport", virtual.Faults{SOD: must(utopia().Issue(ada(virtual.ChipRSA, 50))).SOD()}, tunnus.CodeHashMismatch},
		{"AA answer replayed", virtual.Faults{ActiveAuth: replay}, tunnus.CodeDocClone},
		{"AA answer left out", virtual.Faults{WithoutActiveAuth: true}, tunnus.CodeDocClone},
		{"DG15 left out", virtual.Faults{WithoutDG15: true}, tunnus.CodeDocClone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := verified(t, rsaChip().WithFaults(tt.fault)); tunnus.CodeOf(err) != tt.code {
				t.Errorf("got %v; want %s", err, tt.code)
			}
		})
	}
}

// A carrier that hands out answers in parts, and wants the length named.
func TestAnswersInParts(t *testing.T) {
	p := fresh(rsaChip())
	var rest []byte
	parts := carrier(func(ctx context.Context, c []byte) ([]byte, error) {
		if c[1] != 0xC0 {
			var err error
			if rest, err = p.Transceive(ctx, c); err != nil || len(rest) <= 100 {
				return rest, err
			}
		}
		status := rest[len(rest)-2:]
		data := rest[:len(rest)-2]
		n := min(90, len(data))
		rest = append(bytes.Clone(data[n:]), status...)
		if n == len(data) {
			return append(bytes.Clone(data), status...), nil
		}
		return append(bytes.Clone(data[:n]), 0x61, 0x00), nil
	})
	if _, err := read(t, parts, p.AccessKey()); err != nil {
		t.Error(err)
	}
}

// The read is over before anything is done with a challenge that is none.
func TestChallengeOfAnotherLength(t *testing.T) {
	p := fresh(rsaChip())
	if _, err := chip.Read(t.Context(), p, p.AccessKey(), challenge[:4], nil); err == nil {
		t.Error("a challenge of 4 bytes was taken")
	}
}

func BenchmarkReadDocument(b *testing.B) {
	b.Run("bac", func(b *testing.B) { benchmarkRead(b, fresh(rsaChip())) })
	b.Run("pace", func(b *testing.B) {
		h := ada(virtual.ChipRSA, 75)
		h.PACE = []security.PACE{security.NewPACE(security.Generic, true, apdu.AES128, 12)}
		benchmarkRead(b, must(utopia().Issue(h)))
	})
}

func benchmarkRead(b *testing.B, p *virtual.Passport) {
	commands := 0
	count := carrier(func(ctx context.Context, c []byte) ([]byte, error) {
		commands++
		return p.Transceive(ctx, c)
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := chip.Read(b.Context(), count, p.AccessKey(), challenge, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(commands)/float64(b.N), "apdus/op")
	b.ReportMetric(float64(len(p.Group(2))), "dg2-bytes")
}

// A chip that takes long commands, but not as long ones as others, is asked for its
// proof in one that it takes: it is no copy.
func TestActiveAuthInCommandsThatAreTaken(t *testing.T) {
	for most, size := range map[int]int{0: 512, 4096: 512, 4095: 512, 2000: 512, 1000: 512, 999: 64, 256: 64} { // bytes of RSA-4096, of ECDSA
		p := rsaChip().WithFaults(virtual.Faults{Most: most, Prove: func([]byte) ([]byte, error) { return make([]byte, size), nil }})
		for _, groups := range [][]int{nil, {1, 15}} { // with and without a file that is read in long commands before
			p.Reset()
			got, err := chip.Request{AccessKey: p.AccessKey(), Challenge: challenge, Groups: groups}.Read(t.Context(), p)
			if err != nil || len(got.ActiveAuth) != size {
				t.Errorf("chip that takes %d, groups %v: %d bytes, %v; want %d", most, groups, len(got.ActiveAuth), err, size)
			}
		}
	}
}

// A genuine chip that signs with ECDSA is no forgery because it names its digest by
// another standard, or by a name that nobody here knows: that of the curve's size is
// taken then. One that names another digest than it signs with is none either way.
func TestChipsThatNameTheirDigestOtherwise(t *testing.T) {
	for oid, genuine := range map[string]bool{
		"\x2A\x86\x48\xCE\x3D\x04\x03\x02":         true,  // ecdsa-with-SHA256
		"\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x06": true,  // ecdsa-plain-RIPEMD160
		"\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x01": false, // ecdsa-plain-SHA1
		"\x2A\x86\x48\xCE\x3D\x04\x03\x04":         false, // ecdsa-with-SHA512
	} {
		h := ada(virtual.ChipECDSA, 10)
		info := append([]byte("\x06\x06\x67\x81\x08\x01\x01\x05\x02\x01\x01"), tlv.Append(nil, 6, []byte(oid))...)
		h.Groups = map[int][]byte{14: tlv.Append(nil, 0x6E, security.Set(tlv.Append(nil, 0x30, info)))}
		_, err := verified(t, must(utopia().Issue(h)))
		if genuine != (err == nil) || !genuine && tunnus.CodeOf(err) != tunnus.CodeDocClone {
			t.Errorf("%X: %v", oid, err)
		}
	}
}
