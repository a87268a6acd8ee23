package emrtd_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/hostile"
)

// holderWithKey is ada with a passport whose chip has a key of its own on a curve.
func holderWithKey() virtual.Holder {
	h := ada()
	h.Chip, h.AuthGroup, h.ChipAuth = virtual.ChipPlain, 12, []security.Auth{security.NewAuth(true, apdu.AES128)}
	return h
}

// chipRunner runs chip authentication in the same process.
type chipRunner struct {
	run   *emrtd.ChipRun
	proof emrtd.ChipProof
}

func (r *chipRunner) Begin(_ context.Context, dg14 []byte) (commands []apdu.Command, err error) {
	r.run, commands, err = emrtd.StartChipAuth(dg14, rand.Reader)
	return commands, err
}

func (r *chipRunner) Next(_ context.Context, answer []byte) ([]byte, error) {
	if answer == nil {
		return r.run.Select()
	}
	r.proof = r.run.Accept(answer, []time.Duration{41 * time.Millisecond, 38 * time.Millisecond})
	return nil, nil
}

// provenBy runs chip authentication with a passport's chip.
func provenBy(t testing.TB, p *virtual.Passport) emrtd.ChipProof {
	t.Helper()
	p.Reset()
	r := &chipRunner{}
	if _, err := (chip.Request{AccessKey: p.AccessKey(), Challenge: challenge, Prover: r}).Read(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return r.proof
}

func TestChipProof(t *testing.T) {
	p, other := must(utopia().Issue(holderWithKey())), must(utopia().Issue(holderWithKey()))
	proof := provenBy(t, p)
	if proof.IsZero() || !proof.Of(p.Group(14)) || proof.Of(other.Group(14)) || proof.Of(nil) {
		t.Errorf("%+v", proof)
	}
	if got := proof.Rounds(); len(got) != 2 || got[0] != 41*time.Millisecond {
		t.Errorf("rounds %v", got)
	}
	b := must(json.Marshal(proof))
	var back emrtd.ChipProof
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, proof) {
		t.Errorf("%s is read as %+v, %v", b, back, err)
	}
	wrong := provenBy(t, p.WithFaults(virtual.Faults{OtherChipKey: true}))
	if wrong.IsZero() || wrong.Of(p.Group(14)) {
		t.Errorf("a copied chip has proved %+v", wrong)
	}
	if err := json.Unmarshal(must(json.Marshal(wrong)), &back); err != nil || back.IsZero() || back.Of(p.Group(14)) {
		t.Errorf("in a row it has proved %+v, %v", back, err)
	}
}

// The zero value stays one in a row, and what is no proof is not read as one.
func TestNoChipProof(t *testing.T) {
	var none emrtd.ChipProof
	if b := must(json.Marshal(none)); string(b) != "null" {
		t.Errorf("written %s", b)
	}
	if err := json.Unmarshal([]byte("null"), &none); err != nil || !none.IsZero() || none.Of(make([]byte, 32)) {
		t.Errorf("%+v, %v", none, err)
	}
	for _, text := range []string{`{}`, `{"proved":true}`, `{"dg14":"AAAA","proved":true}`, `[]`, `true`} {
		if err := json.Unmarshal([]byte(text), &none); err == nil || !none.IsZero() {
			t.Errorf("%s: %+v, %v", text, none, err)
		}
	}
}

// A run asks once and judges one answer.
func TestChipRunIsUsedOnce(t *testing.T) {
	p := must(utopia().Issue(holderWithKey()))
	run, _, err := emrtd.StartChipAuth(p.Group(14), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got := run.Accept([]byte{0x90, 0}, nil); !got.IsZero() {
		t.Error("an answer to nothing was judged")
	}
	if _, err := run.Select(); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Select(); err == nil {
		t.Error("asked twice")
	}
	if got := run.Accept([]byte{0x90, 0}, nil); got.IsZero() || got.Of(p.Group(14)) {
		t.Error("a bare status word proves something")
	}
	if got := run.Accept([]byte{0x90, 0}, nil); !got.IsZero() {
		t.Error("a second answer was judged")
	}
}

func TestOffersChipAuth(t *testing.T) {
	file := func(infos ...[]byte) []byte { return tlv.Append(nil, 0x6E, security.Set(infos...)) }
	spki := []byte{0x30, 0} // no key
	for name, tt := range map[string]struct {
		dg14 []byte
		want bool
	}{
		"a key and a way":       {must(utopia().Issue(holderWithKey())).Group(14), true},
		"nothing":               {nil, false},
		"no infos":              {file(), false},
		"active authentication": {must(utopia().Issue(func() virtual.Holder { h := ada(); h.Chip = virtual.ChipECDSA; return h }())).Group(14), false},
		"a way without a key":   {file(security.NewAuth(true, apdu.AES128).Marshal()), false},
		"a key that is none":    {file(security.Key{Curve: true, SPKI: spki}.Marshal()), false},
		"another file":          {tlv.Append(nil, 0x6F, security.Set()), false},
	} {
		if got := emrtd.OffersChipAuth(tt.dg14); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
		run, commands, err := emrtd.StartChipAuth(tt.dg14, rand.Reader)
		if (run != nil) != tt.want || (len(commands) > 0) != tt.want || tt.want && err != nil {
			t.Errorf("%s: started %v, %v", name, run, err)
		}
	}
}

// Whatever the file: a run starts only where one is offered, and it makes commands.
func FuzzStartChipAuth(f *testing.F) {
	for _, id := range []int{0, 12} {
		h := holderWithKey()
		h.AuthGroup, h.ChipAuth = id, []security.Auth{security.NewAuth(id >= 8, apdu.AES128)}
		f.Add(must(utopia().Issue(h)).Group(14))
	}
	f.Add([]byte{0x6E, 2, 0x31, 0})
	for _, name := range hostile.Groups() {
		f.Add(ownGroup(name))
	}
	dg14, _ := lds.Group(14)
	f.Fuzz(func(t *testing.T, in []byte) {
		run, commands, err := emrtd.StartChipAuth(in, rand.Reader)
		if (run != nil) != (len(commands) > 0) || run != nil && (err != nil || !emrtd.OffersChipAuth(in) || len(in) > dg14.MaxSize) {
			t.Errorf("%v, %d commands, %v", run, len(commands), err)
		}
	})
}

// ownGroup is a data group 14 with a group of residues that the chip made up.
func ownGroup(name string) []byte {
	return tlv.Append(nil, 0x6E, security.Set(security.NewAuth(false, apdu.AES128).Marshal(), security.Key{SPKI: hostile.Group(name)}.Marshal()))
}

// drawn is randomness that counts what is drawn of it: a private key has as many bits
// as the exponentiation with it has steps.
type drawn struct{ bytes int }

func (d *drawn) Read(b []byte) (int, error) {
	d.bytes += len(b)
	n, err := rand.Read(b)
	b[0] = 0 // none is over the order, and drawn again
	return n, err
}

// Whoever sends a data group 14 has a run started before anything of it is known to be
// genuine. What he makes up costs no more than a few short exponentiations.
func TestCostOfStartingARun(t *testing.T) {
	for _, name := range hostile.Groups() {
		d := &drawn{}
		run, _, err := emrtd.StartChipAuth(ownGroup(name), d)
		if d.bytes > 8*(512/8+1) || run != nil && name != "dh-no-key-is-full" {
			t.Errorf("%s: %d bytes of private keys, %v", name, d.bytes, err)
		}
	}
}

// What data group 14 offers must have been proved, by this chip.
func TestChipAuthIsDemanded(t *testing.T) {
	p, other := must(utopia().Issue(holderWithKey())), must(utopia().Issue(holderWithKey()))
	ev := evidence(t, p)
	ev.ChipAuth = provenBy(t, p).Proved()
	v, err := emrtd.Verify(ev, trust(), challenge, now)
	if err != nil || v.Clonable() {
		t.Fatalf("clonable %v, %v", v.Clonable(), err)
	}
	for name, proof := range map[string]emrtd.ChipProof{
		"left out":         {},
		"wrong":            provenBy(t, p.WithFaults(virtual.Faults{OtherChipKey: true})),
		"of another chip":  provenBy(t, other),
		"another key's DG": provenBy(t, must(utopia().Issue(holderWithKeyIn(13)))),
	} {
		t.Run(name, func(t *testing.T) {
			ev.ChipAuth = proof.Proved()
			refused(t, ev, tunnus.CodeDocClone, emrtd.CheckChipAuth)
		})
	}
}

// holderWithKeyIn is ada with a key in another group.
func holderWithKeyIn(group int) virtual.Holder {
	h := holderWithKey()
	h.AuthGroup = group
	return h
}
