package auth_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// file makes a chip and its data group 14.
func file(t *testing.T) (chip, []byte) {
	t.Helper()
	g, err := domain.Standard(12)
	if err != nil {
		t.Fatal(err)
	}
	static, public, err := g.Key(g.Generator(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := security.Set(security.Key{Curve: true, SPKI: g.MarshalKey(public)}.Marshal(), security.NewAuth(true, apdu.AES128).Marshal())
	infos, err := security.Read(set)
	if err != nil {
		t.Fatal(err)
	}
	return chip{g, static, infos}, tlv.Append(nil, 0x6E, set)
}

// run leads the exchange to its end and hands over the chip's answer.
func (c chip) run(t *testing.T, x *auth.Exchange) (*auth.Proof, []byte) {
	t.Helper()
	commands, err := x.Commands()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := c.answer(commands)
	if err != nil {
		t.Fatal(err)
	}
	p, command, err := x.Prove()
	if err != nil {
		t.Fatal(err)
	}
	protected, err := apdu.ParseCommand(command)
	if err != nil {
		t.Fatal(err)
	}
	answer := []byte{0x69, 0x88}
	if _, err := theirs.Open(protected); err == nil {
		if answer, err = theirs.Seal(nil, apdu.OK); err != nil {
			t.Fatal(err)
		}
	}
	return p, answer
}

// What is proved belongs to the data group 14 of the run, and to no other.
func TestProvedNamesItsFile(t *testing.T) {
	c, dg14 := file(t)
	x, err := auth.StartFile(dg14, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p, answer := c.run(t, x)
	proved, err := p.Accept(answer)
	if err != nil || proved.IsZero() || !proved.Of(dg14) {
		t.Fatalf("%v, %v", proved, err)
	}
	_, other := file(t)
	if proved.Of(other) || proved.Of(nil) || proved.Of(append(bytes.Clone(dg14), 0)) {
		t.Error("proved for another file")
	}
	if _, err := p.Accept(answer); err == nil {
		t.Error("one answer was taken twice")
	}
}

// A copied chip, and a run without a file, prove nothing of any file.
func TestNothingProved(t *testing.T) {
	c, dg14 := file(t)
	x, err := auth.StartFile(dg14, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.static[3] ^= 1
	p, answer := c.run(t, x)
	if proved, err := p.Accept(answer); !errors.Is(err, auth.ErrProof) || !proved.IsZero() || proved.Of(dg14) {
		t.Errorf("a copy: %v, %v", proved, err)
	}
	c.static[3] ^= 1
	if x, err = auth.Start(c.infos, rand.Reader); err != nil {
		t.Fatal(err)
	}
	p, answer = c.run(t, x)
	if proved, err := p.Accept(answer); err != nil || !proved.IsZero() || proved.Of(dg14) || proved.Of(nil) {
		t.Errorf("without a file: %v, %v", proved, err)
	}
	for _, b := range [][]byte{nil, {0x6E, 0}, {0x6E, 2, 0x31, 0}, dg14[1:], append(bytes.Clone(dg14), 0)} {
		if _, err := auth.StartFile(b, rand.Reader); err == nil {
			t.Errorf("%X was taken for data group 14", b)
		}
	}
}
