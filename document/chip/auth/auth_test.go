package auth_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/security"
)

var suites = []apdu.Suite{apdu.DES3, apdu.AES128, apdu.AES192, apdu.AES256}

// A chip has one key of its own.
type chip struct {
	group  *domain.Group
	static []byte
	infos  security.Infos
}

func newChip(t testing.TB, id int, ways ...security.Auth) chip {
	t.Helper()
	g, err := domain.Standard(id)
	if err != nil {
		t.Fatal(err)
	}
	static, public, err := g.Key(g.Generator(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := [][]byte{security.Key{Curve: g.Curve, SPKI: g.MarshalKey(public)}.Marshal()}
	for _, w := range ways {
		set = append(set, w.Marshal())
	}
	infos, err := security.Read(security.Set(set...))
	if err != nil {
		t.Fatal(err)
	}
	return chip{g, static, infos}
}

// answer takes the commands and makes the chip's session.
func (c chip) answer(commands []apdu.Command) (*apdu.Session, error) {
	suite, key, err := auth.Selects(commands[0], c.infos.Auth)
	if err != nil {
		return nil, err
	}
	if key == nil {
		if len(commands) != 2 {
			return nil, errors.New("no key was sent")
		}
		if key, err = auth.Key(commands[1].Data); err != nil {
			return nil, err
		}
	}
	return auth.Answer(c.group, c.static, suite, key)
}

func TestBothSidesHaveOneSession(t *testing.T) {
	for _, id := range []int{0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18} {
		for _, suite := range suites {
			t.Run(fmt.Sprintf("%d/%s", id, suite), func(t *testing.T) {
				c := newChip(t, id, security.NewAuth(id >= 8, suite))
				x, err := auth.Start(c.infos, rand.Reader)
				if err != nil || x.Suite() != suite {
					t.Fatal(err)
				}
				commands, err := x.Commands()
				if err != nil || len(commands) != map[bool]int{true: 1, false: 2}[suite == apdu.DES3] {
					t.Fatalf("%+v, %v", commands, err)
				}
				theirs, err := c.answer(commands)
				if err != nil {
					t.Fatal(err)
				}
				ours, err := x.Finish()
				if err != nil {
					t.Fatal(err)
				}
				w, err := ours.Wrap(apdu.Command{Ins: 0xA4, P1: 2, P2: 12, Data: []byte{1, 14}})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := theirs.Open(w); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Whoever has the public key alone cannot answer.
func TestCopiedChipCannotAnswer(t *testing.T) {
	c := newChip(t, 13, security.NewAuth(true, apdu.AES128))
	x, err := auth.Start(c.infos, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	commands, err := x.Commands()
	if err != nil {
		t.Fatal(err)
	}
	c.static[3] ^= 1
	theirs, err := c.answer(commands)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := x.Finish()
	if err != nil {
		t.Fatal(err)
	}
	w, err := ours.Wrap(apdu.Command{Ins: 0xB0, Le: 4})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Open(w); !errors.Is(err, apdu.ErrProtection) {
		t.Errorf("the copy reads our command: %v", err)
	}
	copied, err := apdu.AES128.Session([]byte("whatever"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := copied.Seal([]byte("data"), apdu.OK)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ours.Unwrap(answer); !errors.Is(err, apdu.ErrProtection) {
		t.Errorf("the copy was believed: %v", err)
	}
}

func TestStartChooses(t *testing.T) {
	c := newChip(t, 12, security.NewAuth(true, apdu.DES3), security.NewAuth(true, apdu.AES192), security.NewAuth(true, apdu.AES128))
	if x, err := auth.Start(c.infos, rand.Reader); err != nil || x.Suite() != apdu.AES192 {
		t.Errorf("the strongest: %v", err)
	}
	bare := newChip(t, 12)
	if x, err := auth.Start(bare.infos, rand.Reader); err != nil || x.Suite() != apdu.DES3 {
		t.Errorf("a key alone: %v", err)
	}
	if _, err := auth.Start(security.Infos{}, rand.Reader); !errors.Is(err, auth.ErrUnsupported) {
		t.Errorf("nothing: %v", err)
	}
	other := newChip(t, 12, security.NewAuth(false, apdu.AES128))
	if _, err := auth.Start(other.infos, rand.Reader); !errors.Is(err, auth.ErrUnsupported) {
		t.Errorf("a way without its key: %v", err)
	}
	bad := c.infos
	bad.Keys = []security.Key{{Curve: true, SPKI: []byte{0x30, 0}}}
	if _, err := auth.Start(bad, rand.Reader); !errors.Is(err, auth.ErrUnsupported) {
		t.Errorf("a key that is none: %v", err)
	}
	lying := newChip(t, 0, security.NewAuth(true, apdu.AES128)).infos
	lying.Keys[0].Curve = true
	if _, err := auth.Start(lying, rand.Reader); !errors.Is(err, auth.ErrUnsupported) {
		t.Errorf("residues that are called points: %v", err)
	}
}

// A key that cannot be read is passed over for one that can, also for a weaker way; not
// without end.
func TestKeysThatAreNotSpokenArePassedOver(t *testing.T) {
	c := newChip(t, 12, security.NewAuth(true, apdu.AES128), security.NewAuth(false, apdu.AES256))
	rubbish := func(curve bool) security.Key { return security.Key{Curve: curve, SPKI: []byte{0x30, 0}} }
	c.infos.Keys = []security.Key{rubbish(false), rubbish(true), c.infos.Keys[0]}
	if x, err := auth.Start(c.infos, rand.Reader); err != nil || x.Suite() != apdu.AES128 || !auth.Offered(c.infos) {
		t.Errorf("a readable key behind others: %v", err)
	}
	c.infos.Keys = []security.Key{rubbish(true), rubbish(true), rubbish(true), rubbish(true), c.infos.Keys[2]}
	if auth.Offered(c.infos) {
		t.Error("keys are looked at for ever")
	}
}

// Of several keys the one is named that the way belongs to.
func TestKeyIsNamed(t *testing.T) {
	c := newChip(t, 13)
	k := c.infos.Keys[0]
	first, second := newChip(t, 12).infos.Keys[0], k
	first.KeyID, second.KeyID = []byte{1}, []byte{2}
	way := security.NewAuth(true, apdu.AES256)
	way.KeyID = []byte{2}
	x, err := auth.Start(security.Infos{Auth: []security.Auth{way}, Keys: []security.Key{first, second}}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	commands, err := x.Commands()
	if err != nil || !bytes.HasSuffix(commands[0].Data, []byte{0x84, 1, 2}) {
		t.Errorf("%X, %v", commands[0].Data, err)
	}
	if _, err := c.group.Element(commands[1].Data[4:]); err != nil {
		t.Errorf("the ephemeral key is of another group: %v", err)
	}
}

// The chip refuses keys that are none.
func TestChipRefusesKeys(t *testing.T) {
	for _, id := range []int{0, 13} {
		c := newChip(t, id)
		for _, key := range [][]byte{nil, {0}, {1}, make([]byte, 65), bytes.Repeat([]byte{0xFF}, 128)} {
			if _, err := auth.Answer(c.group, c.static, apdu.AES128, key); !errors.Is(err, auth.ErrKey) {
				t.Errorf("group %d: %X: %v", id, key, err)
			}
		}
	}
}

// No infos make Start panic, and what it starts makes commands.
func FuzzStart(f *testing.F) {
	for _, id := range []int{0, 12, 13} {
		g, _ := domain.Standard(id)
		k := security.Key{Curve: g.Curve, SPKI: g.MarshalKey(g.Generator()), KeyID: []byte{1}}
		w := security.NewAuth(g.Curve, apdu.AES128)
		f.Add(security.Set(k.Marshal(), w.Marshal()))
		f.Add(security.Set(k.Marshal()))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		infos, err := security.Read(in)
		if err != nil {
			return
		}
		x, err := auth.Start(infos, rand.Reader)
		if err != nil {
			return
		}
		commands, err := x.Commands()
		if err != nil || len(commands) == 0 {
			t.Fatalf("%X: %v", in, err)
		}
		for _, c := range commands {
			if back, err := apdu.ParseCommand(c.Bytes()); err != nil || !bytes.Equal(back.Data, c.Data) {
				t.Errorf("%X: %v", in, err)
			}
		}
	})
}
