package pace_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/tlv"
)

const mrz = "L898902C<369080619406236"

// A change has somebody in between change a chip's answer; step is 1 for the
// nonce to 4 for the token, asked is the data of the command.
type change func(step int, asked, answer []byte) []byte

// run has both sides talk, and a change in between if there is one.
func run(m pace.Method, terminal, chip pace.Password, static []byte, ch change) (*pace.Terminal, *pace.Chip, error) {
	return runBetween(m, terminal, chip, static, ch, nil)
}

// runBetween changes commands too.
func runBetween(m pace.Method, terminal, chip pace.Password, static []byte, ch change, asked func(step int, data []byte) []byte) (*pace.Terminal, *pace.Chip, error) {
	t := pace.NewTerminal(m, terminal, false, rand.Reader)
	c := pace.NewChip(m, chip, static, rand.Reader)
	if _, err := t.Select(); err != nil {
		return t, c, err
	}
	var answer []byte
	for step := 1; ; step++ {
		command, done, err := t.Next(answer)
		if err != nil || done {
			return t, c, err
		}
		sent, err := apdu.ParseCommand(command.Bytes())
		if err != nil {
			return t, c, err
		}
		if asked != nil {
			sent.Data = asked(step, sent.Data)
		}
		if answer, _, err = c.Answer(sent.Data); err != nil {
			return t, c, fmt.Errorf("chip, step %d: %w", step, err)
		}
		if ch != nil {
			answer = ch(step, sent.Data, answer)
		}
	}
}

// methods are all sets that are spoken, with the three CAM suites over curves.
func methods(t testing.TB) []pace.Method {
	t.Helper()
	var all []pace.Method
	for _, suite := range []apdu.Suite{apdu.DES3, apdu.AES128, apdu.AES192, apdu.AES256} {
		for _, mapping := range []security.Mapping{security.Generic, security.Integrated, security.ChipAuth} {
			for id := range 19 {
				m, err := pace.NewMethod(security.NewPACE(mapping, id >= 8, suite, id))
				if err == nil {
					all = append(all, m)
				}
			}
		}
	}
	return all
}

func name(m pace.Method) string {
	return fmt.Sprintf("%s/%s/%d", m.Info().Mapping, m.Info().Suite, m.Info().Domain)
}

// static makes a key pair of chip authentication for a method that needs one.
func static(t testing.TB, m pace.Method) (g *domain.Group, k []byte, e domain.Element) {
	t.Helper()
	g, err := domain.Standard(m.Info().Domain)
	if err != nil {
		t.Fatal(err)
	}
	if k, e, err = g.Key(g.Generator(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	return g, k, e
}

// 14 groups with 4 suites by two mappings, less P-224 by the integrated one, and
// 11 curves with 3 suites by chip authentication.
func TestEveryMethodIsSpoken(t *testing.T) {
	all := methods(t)
	if want := 14*4*2 - 4 + 11*3; len(all) != want {
		t.Errorf("%d methods; want %d", len(all), want)
	}
	for _, m := range all {
		t.Run(name(m), func(t *testing.T) {
			g, k, e := static(t, m)
			terminal, chip, err := run(m, pace.MRZ(mrz), pace.MRZ(mrz), k, nil)
			if err != nil {
				t.Fatal(err)
			}
			speak(t, terminal, chip)
			if err := terminal.Confirm(g, e); (err == nil) != (m.Info().Mapping == security.ChipAuth) {
				t.Errorf("confirmed: %v", err)
			}
		})
	}
}

// speak sends one command through the sessions of both sides.
func speak(t *testing.T, terminal *pace.Terminal, chip *pace.Chip) {
	t.Helper()
	a, errA := terminal.Session()
	b, errB := chip.Session()
	if errA != nil || errB != nil {
		t.Fatalf("%v, %v", errA, errB)
	}
	c, err := a.Wrap(apdu.Command{Ins: 0xB0, Le: 4})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Open(c); err != nil || got.Le != 4 {
		t.Errorf("the chip opens %+v, %v", got, err)
	}
}

func TestOtherPasswordIsRefused(t *testing.T) {
	for _, m := range methods(t)[:30] {
		if _, _, err := run(m, pace.MRZ(mrz), pace.MRZ(mrz+"7"), nil, nil); !errors.Is(err, pace.ErrRefused) {
			t.Errorf("%s: %v", name(m), err)
		}
		if _, _, err := run(m, pace.CAN("123456"), pace.CAN("123457"), nil, nil); !errors.Is(err, pace.ErrRefused) {
			t.Errorf("%s: %v", name(m), err)
		}
	}
}

// replace puts a value into the object of an answer.
func replace(answer []byte, tag tlv.Tag, value []byte) []byte {
	inside, err := tlv.Only(answer, 0x7C)
	if err != nil {
		return answer
	}
	all, err := tlv.All(inside)
	if err != nil {
		return answer
	}
	var b []byte
	for _, e := range all {
		if e.Tag == tag {
			e.Value = value
		}
		b = tlv.Append(b, e.Tag, e.Value)
	}
	return tlv.Append(nil, 0x7C, b)
}

// value finds the one object of a template.
func value(b []byte, tag tlv.Tag) []byte {
	v, _ := tlv.Find(b, 0x7C, tag)
	return v
}

// liars are chips, or people in between, that send other keys than they should.
func liars(t *testing.T, m pace.Method) map[string]func(asked, own []byte) []byte {
	g, err := domain.Standard(m.Info().Domain)
	if err != nil {
		t.Fatal(err)
	}
	size := len(g.Generator().Bytes())
	all := map[string]func(asked, own []byte) []byte{
		"the same key back": func(asked, _ []byte) []byte { return asked },
		"nothing":           func(_, _ []byte) []byte { return nil },
		"infinity":          func(_, _ []byte) []byte { return []byte{0} },
		"zeros":             func(_, _ []byte) []byte { return make([]byte, size) },
		"four and zeros":    func(_, _ []byte) []byte { return append([]byte{4}, make([]byte, size-1)...) },
		"off the curve": func(_, own []byte) []byte {
			b := bytes.Clone(own)
			b[len(b)-1] ^= 1
			return b
		},
		"one byte more": func(_, own []byte) []byte { return append(bytes.Clone(own), 1) },
		"one byte less": func(_, own []byte) []byte { return own[:len(own)-1] },
		"another key": func(_, _ []byte) []byte {
			_, e, err := g.Key(g.Generator(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			return e.Bytes()
		},
	}
	if !g.Curve {
		all["one"] = func(_, _ []byte) []byte { return []byte{1} }
		all["small subgroup"] = func(_, _ []byte) []byte { return minusOne(g) }
	}
	return all
}

// minusOne is the element of order two, p-1: 0 - 1 in what the group's
// parameters say of the prime.
func minusOne(g *domain.Group) []byte {
	spki := g.MarshalKey(g.Generator())
	path := []tlv.Tag{0x30, 0x30, 0x30, 0x02}
	b := spki
	for _, tag := range path {
		all, _ := tlv.All(b)
		for _, e := range all {
			if e.Tag == tag {
				b = e.Value
				break
			}
		}
	}
	p := new(big.Int).SetBytes(b)
	return p.Sub(p, big.NewInt(1)).Bytes()
}

// Whoever sends another key, while mapping or while agreeing, gets no session.
func TestLyingKeysAreRefused(t *testing.T) {
	for _, info := range []security.PACE{
		security.NewPACE(security.Generic, true, apdu.AES128, 13), security.NewPACE(security.Integrated, true, apdu.AES256, 12),
		security.NewPACE(security.ChipAuth, true, apdu.AES192, 16), security.NewPACE(security.Generic, false, apdu.AES128, 0),
		security.NewPACE(security.Integrated, false, apdu.DES3, 2),
	} {
		m, err := pace.NewMethod(info)
		if err != nil {
			t.Fatal(err)
		}
		_, k, _ := static(t, m)
		for what, lie := range liars(t, m) {
			for _, step := range []int{2, 3} {
				if step == 2 && info.Mapping == security.Integrated {
					continue
				}
				own, peer := tlv.Tag(0x81+2*(step-2)), tlv.Tag(0x82+2*(step-2))
				terminal, _, err := run(m, pace.MRZ(mrz), pace.MRZ(mrz), k, func(s int, asked, answer []byte) []byte {
					if s != step {
						return answer
					}
					return replace(answer, peer, lie(value(asked, own), value(answer, peer)))
				})
				if err == nil {
					t.Errorf("%s: %s in step %d was believed", name(m), what, step)
				}
				if what != "another key" && (step == 3 || info.Mapping != security.Integrated) && !errors.Is(err, pace.ErrPeer) {
					t.Errorf("%s: %s in step %d: %v", name(m), what, step, err)
				}
				if _, err := terminal.Session(); err == nil {
					t.Errorf("%s: %s in step %d: a session", name(m), what, step)
				}
			}
		}
	}
}

// A chip whose mapping key takes the nonce away would make a generator that is
// infinity. It can do so only if it knows the terminal's key: here that is 1.
func TestNeutralGeneratorIsRefused(t *testing.T) {
	for _, id := range []int{0, 13} {
		m, err := pace.NewMethod(security.NewPACE(security.Generic, id == 13, apdu.AES128, id))
		if err != nil {
			t.Fatal(err)
		}
		g, err := domain.Standard(id)
		if err != nil {
			t.Fatal(err)
		}
		s := bytes.Repeat([]byte{7}, 16)
		block, err := apdu.AES128.Cipher(apdu.AES128.Derive([]byte("123456"), apdu.KeyPassword))
		if err != nil {
			t.Fatal(err)
		}
		z := make([]byte, 16)
		block.Encrypt(z, s)
		minus := new(big.Int).Sub(g.Order(), new(big.Int).SetBytes(s))
		one := append(make([]byte, (g.Order().BitLen()+7)/8-1), 1)
		terminal := pace.NewTerminal(m, pace.CAN("123456"), false, bytes.NewReader(bytes.Repeat(one, 3)))
		for _, answer := range [][]byte{nil, template(0x80, z)} {
			if _, _, err = terminal.Next(answer); err != nil {
				t.Fatal(err)
			}
		}
		peer := g.Times(g.Times(g.Generator(), minus.Bytes()), one)
		if _, _, err := terminal.Next(template(0x82, peer.Bytes())); !errors.Is(err, pace.ErrPeer) {
			t.Errorf("group %d: %v", id, err)
		}
	}
}

func template(tag tlv.Tag, value []byte) []byte {
	return tlv.Append(nil, 0x7C, tlv.Append(nil, tag, value))
}

// The chip refuses what a terminal must not send, by itself.
func TestLyingTerminalsAreRefused(t *testing.T) {
	for _, info := range []security.PACE{
		security.NewPACE(security.Generic, true, apdu.AES128, 13), security.NewPACE(security.Generic, false, apdu.AES128, 0),
	} {
		m, err := pace.NewMethod(info)
		if err != nil {
			t.Fatal(err)
		}
		lies := liars(t, m)
		delete(lies, "the same key back") // the chip's key is not known before
		for what, lie := range lies {
			for _, step := range []int{2, 3} {
				tag := tlv.Tag(0x81 + 2*(step-2))
				_, chip, err := runBetween(m, pace.MRZ(mrz), pace.MRZ(mrz), nil, nil, func(s int, data []byte) []byte {
					if s != step {
						return data
					}
					return replace(data, tag, lie(nil, value(data, tag)))
				})
				if err == nil || what != "another key" && !errors.Is(err, pace.ErrPeer) {
					t.Errorf("%s: %s in step %d: %v", name(m), what, step, err)
				}
				if _, err := chip.Session(); err == nil {
					t.Errorf("%s: %s in step %d: a session", name(m), what, step)
				}
			}
		}
	}
}

func TestLyingTokensAreRefused(t *testing.T) {
	m, err := pace.NewMethod(security.NewPACE(security.ChipAuth, true, apdu.AES128, 13))
	if err != nil {
		t.Fatal(err)
	}
	g, k, e := static(t, m)
	for what, lie := range map[string]func(asked, answer []byte) []byte{
		"changed":                func(_, a []byte) []byte { a[4] ^= 1; return a },
		"the terminal's own":     func(q, a []byte) []byte { return replace(a, 0x86, value(q, 0x85)) },
		"empty":                  func(_, a []byte) []byte { return replace(a, 0x86, nil) },
		"shortened":              func(_, a []byte) []byte { return replace(a, 0x86, value(a, 0x86)[:7]) },
		"no template":            func(_, _ []byte) []byte { return nil },
		"twice":                  func(_, a []byte) []byte { return tlv.Append(nil, 0x7C, append(a[2:12:12], a[2:12]...)) },
		"without chip data":      func(_, a []byte) []byte { return tlv.Append(nil, 0x7C, a[2:12]) },
		"chip data of a block":   func(_, a []byte) []byte { return replace(a, 0x8A, make([]byte, 16)) },
		"chip data of no blocks": func(_, a []byte) []byte { return replace(a, 0x8A, make([]byte, 15)) },
	} {
		terminal, _, err := run(m, pace.MRZ(mrz), pace.MRZ(mrz), k, func(step int, asked, answer []byte) []byte {
			if step == 4 {
				return lie(asked, answer)
			}
			return answer
		})
		if terminal.Confirm(g, e) == nil {
			t.Errorf("%s: confirmed", what)
		}
		if what == "chip data of a block" {
			continue // one block in 256 has good padding by chance: what it says is for Confirm
		}
		if err == nil {
			t.Errorf("%s: believed", what)
		}
		if _, err := terminal.Session(); err == nil {
			t.Errorf("%s: a session", what)
		}
	}
}

// A chip without the static key cannot pass for the one that has it.
func TestChipWithoutTheKeyIsNotConfirmed(t *testing.T) {
	m, err := pace.NewMethod(security.NewPACE(security.ChipAuth, true, apdu.AES256, 12))
	if err != nil {
		t.Fatal(err)
	}
	g, _, genuine := static(t, m)
	_, other, _ := static(t, m)
	terminal, _, err := run(m, pace.MRZ(mrz), pace.MRZ(mrz), other, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := terminal.Confirm(g, genuine); !errors.Is(err, pace.ErrRefused) {
		t.Errorf("got %v", err)
	}
	wrong, err := domain.Standard(13)
	if err != nil {
		t.Fatal(err)
	}
	if err := terminal.Confirm(wrong, wrong.Generator()); !errors.Is(err, pace.ErrRefused) {
		t.Errorf("key of another group: %v", err)
	}
}
