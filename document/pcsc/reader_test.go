//go:build pcsc

package pcsc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"image"
	"image/jpeg"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/pcsc"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/vpcd/vpcdtest"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ada() virtual.Holder {
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 600, 800)), nil); err != nil {
		panic(err)
	}
	return virtual.Holder{
		Surname: "LOVE", GivenNames: "ADA MARIA", Sex: "F", Number: "X1234567", PersonCode: "199002140015",
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2032, 1, 31, 0, 0, 0, 0, time.UTC),
		Portrait: portrait.Bytes(),
	}
}

// on waits for a chip on the reader.
func on(t *testing.T) *pcsc.Card {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := pcsc.Wait(ctx, vpcdtest.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A virtual passport is read through the system's PC/SC service, by BAC and by
// PACE, with short commands and long ones, and found genuine.
func TestReadThroughPCSC(t *testing.T) {
	country := must(virtual.NewCountry(now))
	trust := must(trustlist.Of(country.CSCA()))
	for name, change := range map[string]func(*virtual.Holder){
		"bac":   func(*virtual.Holder) {},
		"short": func(h *virtual.Holder) { h.Chip = virtual.ChipShort },
		"pace": func(h *virtual.Holder) {
			h.Chip, h.NoBAC = virtual.ChipECDSA, true
			h.PACE = []security.PACE{security.NewPACE(security.ChipAuth, true, apdu.AES256, 13)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := ada()
			change(&h)
			p := must(country.Issue(h))
			vpcdtest.Insert(t, vpcdtest.Start(t), p)
			card, challenge, server := on(t), []byte("8 bytes!"), new(prover)
			began := time.Now()
			got, err := chip.Request{AccessKey: p.AccessKey(), Challenge: challenge, Prover: server}.Read(t.Context(), card)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s in %v", card.Reader(), time.Since(began))
			ev := emrtd.Evidence{SOD: got.SOD, Groups: got.Groups, ActiveAuth: got.ActiveAuth, Access: got.Access, COM: got.COM, ChipAuth: server.proof.Proved()}
			if _, err := emrtd.Verify(ev, trust, challenge, now); err != nil {
				t.Error(err)
			}
		})
	}
}

// slow answers late.
type slow struct{ *virtual.Passport }

func (s slow) Transceive(ctx context.Context, command []byte) ([]byte, error) {
	time.Sleep(500 * time.Millisecond)
	return s.Passport.Transceive(ctx, command)
}

// The reader ends when it is told to, and what is lifted is called lost; laid
// down again, the same card goes on.
func TestLiftedAndLaidDown(t *testing.T) {
	p := must(must(virtual.NewCountry(now)).Issue(ada()))
	address := vpcdtest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := pcsc.Wait(ctx, vpcdtest.Name); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an empty reader: %v", err)
	}
	if _, err := pcsc.Wait(t.Context(), "no such reader"); !errors.Is(err, pcsc.ErrNoReader) {
		t.Errorf("no reader: %v", err)
	}
	var card *pcsc.Card
	t.Run("given up", func(t *testing.T) {
		vpcdtest.Insert(t, address, slow{p})
		card = on(t)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := chip.Read(ctx, card, p.AccessKey(), []byte("8 bytes!"), nil); tunnus.CodeOf(err) != tunnus.CodeNFCTimeout {
			t.Errorf("given up: %v", err)
		}
		card.Close()
	})
	t.Run("lifted", func(t *testing.T) {
		t.Run("in the middle", func(t *testing.T) {
			vpcdtest.Insert(t, address, p)
			card = must(pcsc.Wait(t.Context(), vpcdtest.Name))
			if _, err := card.Transceive(t.Context(), []byte{0, 0x84, 0, 0, 8}); err != nil {
				t.Fatal(err)
			}
		})
		if _, err := chip.Read(t.Context(), card, p.AccessKey(), []byte("8 bytes!"), nil); err == nil {
			t.Error("read from nothing")
		}
		time.Sleep(time.Second) // the daemon looks at its readers every 400 ms
		vpcdtest.Insert(t, address, p)
		err := errors.New("not tried")
		for range 50 {
			if _, err = chip.Read(t.Context(), card, p.AccessKey(), []byte("8 bytes!"), nil); err == nil {
				break
			}
			if tunnus.CodeOf(err) != tunnus.CodeNFCNoChip && tunnus.CodeOf(err) != tunnus.CodeNFCLost {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond)
		}
		if err != nil {
			t.Errorf("laid down again: %v", err)
		}
		card.Close()
	})
}

// stuck answers nothing before it is let go.
type stuck struct {
	*virtual.Passport

	asked chan<- struct{}
	gone  <-chan struct{}
}

func (s stuck) Transceive(ctx context.Context, command []byte) ([]byte, error) {
	s.asked <- struct{}{}
	<-s.gone
	return s.Passport.Transceive(ctx, command)
}

// A chip that never answers holds nobody up: not the next command, whose time ends too,
// and not whoever leaves the reader.
func TestSilentChipIsNotWaitedFor(t *testing.T) {
	p := must(must(virtual.NewCountry(now)).Issue(ada()))
	asked, gone := make(chan struct{}, 10), make(chan struct{})
	vpcdtest.Insert(t, vpcdtest.Start(t), stuck{p, asked, gone})
	t.Cleanup(func() { close(gone) }) // before the reader goes away
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	card := must(pcsc.Wait(ctx, vpcdtest.Name))
	for try := range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := card.Transceive(ctx, []byte{0, 0x84, 0, 0, 8})
			ended <- err
		}()
		if try == 0 {
			<-asked
		}
		cancel()
		if err := soon(t, ended); !errors.Is(err, context.Canceled) {
			t.Fatalf("try %d: %v", try+1, err)
		}
	}
	left := make(chan error, 1)
	go func() { left <- card.Close() }()
	if err := soon(t, left); err != nil || len(asked) != 0 {
		t.Errorf("left: %v, %d more commands", err, len(asked))
	}
}

// soon is what comes, if it comes at all.
func soon(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("still waits for the chip")
		return nil
	}
}

// prover is the server's side of chip authentication, in this process.
type prover struct {
	run   *emrtd.ChipRun
	proof emrtd.ChipProof
}

func (p *prover) Begin(_ context.Context, dg14 []byte) (commands []apdu.Command, err error) {
	p.run, commands, err = emrtd.StartChipAuth(dg14, rand.Reader)
	return commands, err
}

func (p *prover) Next(_ context.Context, answer []byte) ([]byte, error) {
	if answer == nil {
		return p.run.Select()
	}
	p.proof = p.run.Accept(answer, nil)
	return nil, nil
}
