package chip_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// A prover is the server's side, with the ephemeral key.
type prover struct {
	exchange *auth.Exchange
	proof    *auth.Proof
	err      error // what was found
}

func (p *prover) Begin(_ context.Context, dg14 []byte) ([]apdu.Command, error) {
	f, _ := lds.Group(14)
	content, err := f.Open(dg14)
	if err != nil {
		return nil, err
	}
	infos, err := security.Read(content)
	if err != nil {
		return nil, err
	}
	p.err = auth.ErrProof
	if p.exchange, err = auth.Start(infos, rand.Reader); err != nil {
		return nil, nil
	}
	return p.exchange.Commands()
}

func (p *prover) Next(_ context.Context, answer []byte) (command []byte, err error) {
	if p.proof == nil {
		p.proof, command, err = p.exchange.Prove()
		return command, err
	}
	_, p.err = p.proof.Accept(answer)
	return nil, nil
}

// authenticated issues a passport that has a key of its own.
func authenticated(t *testing.T, group int, suite apdu.Suite, offers ...security.PACE) *virtual.Passport {
	t.Helper()
	return speaking(t, func(h *virtual.Holder) {
		h.ChipAuth, h.AuthGroup = []security.Auth{security.NewAuth(group >= 8, suite)}, group
	}, offers...)
}

// prove reads the passport with a prover and tells what that found.
func prove(t *testing.T, c chip.Transceiver, key string) (*prover, error) {
	t.Helper()
	p := &prover{err: errors.New("not begun")}
	_, err := chip.Request{AccessKey: key, Challenge: challenge, Prover: p}.Read(t.Context(), c)
	return p, err
}

func TestChipAuthenticationFromAfar(t *testing.T) {
	for _, group := range []int{0, 1, 2, 8, 12, 13, 16, 18} {
		for _, suite := range []apdu.Suite{apdu.DES3, apdu.AES128, apdu.AES192, apdu.AES256} {
			t.Run(fmt.Sprintf("%d/%s", group, suite), func(t *testing.T) {
				var offers []security.PACE
				if suite != apdu.DES3 {
					offers = append(offers, generic)
				}
				p := authenticated(t, group, suite, offers...)
				if got, err := prove(t, p, p.AccessKey()); err != nil || got.err != nil {
					t.Errorf("%v, %v", err, got.err)
				}
			})
		}
	}
}

func TestCopiedChipIsNotAuthenticated(t *testing.T) {
	for _, suite := range []apdu.Suite{apdu.DES3, apdu.AES128} {
		p := authenticated(t, 13, suite, generic)
		got, err := prove(t, p.WithFaults(virtual.Faults{OtherChipKey: true}), p.AccessKey())
		if err != nil || !errors.Is(got.err, auth.ErrProof) {
			t.Errorf("%s: %v, %v", suite, err, got.err)
		}
	}
}

// Whoever relays the proof changes a bit of it, answers himself, or answers with
// what the chip said before.
func TestRelayedProofCannotBeFaked(t *testing.T) {
	p := authenticated(t, 12, apdu.AES256, generic)
	for name, fake := range map[string]func(answer, before []byte) []byte{
		"one bit":   func(a, _ []byte) []byte { a[5] ^= 1; return a },
		"success":   func(_, _ []byte) []byte { return []byte{0x90, 0} },
		"replayed":  func(_, b []byte) []byte { return b },
		"nothing":   func(_, _ []byte) []byte { return []byte{0x69, 0x88} },
		"no status": func(a, _ []byte) []byte { return a[4:] },
	} {
		c, agreed := fresh(p), false
		var before []byte
		got, err := prove(t, carrier(func(ctx context.Context, command []byte) ([]byte, error) {
			answer, err := c.Transceive(ctx, command)
			if agreed {
				return fake(answer, before), err
			}
			agreed = command[0] == 0x0C && command[1] == 0x86
			before = answer
			return answer, err
		}), p.AccessKey())
		if err != nil || !errors.Is(got.err, auth.ErrProof) {
			t.Errorf("%s: %v, %v", name, err, got.err)
		}
		if _, err := got.proof.Accept(nil); err == nil {
			t.Errorf("%s: a second answer was taken", name)
		}
	}
}

// A chip without a key, and one that refuses, are read; the prover knows.
func TestChipsThatDoNotAuthenticate(t *testing.T) {
	none := speaking(t, nil, generic)
	if got, err := prove(t, none, none.AccessKey()); err != nil || got.exchange != nil || !errors.Is(got.err, auth.ErrProof) {
		t.Errorf("no key: %v, %v", err, got.err)
	}
	bare := must(utopia().Issue(ada(virtual.ChipPlain, 5)))
	if got, err := prove(t, bare, bare.AccessKey()); err != nil || got.exchange != nil {
		t.Errorf("no data group 14: %v", err)
	}
}

// What goes wrong with the prover is not called the chip's fault.
func TestProverFails(t *testing.T) {
	p := authenticated(t, 12, apdu.AES128, generic)
	lost := errors.New("server lost")
	_, err := chip.Request{AccessKey: p.AccessKey(), Challenge: challenge, Prover: failing{lost}}.Read(t.Context(), p)
	if !errors.Is(err, lost) || tunnus.CodeOf(err) == tunnus.CodeDocChipBroken {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Begin(context.Context, []byte) ([]apdu.Command, error) { return nil, f.err }
func (f failing) Next(context.Context, []byte) ([]byte, error)          { return nil, f.err }
