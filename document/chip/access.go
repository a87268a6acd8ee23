package chip

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/bac"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/lds"
)

// A Protocol is a way into a chip.
type Protocol string

// The protocols.
const (
	BAC  Protocol = "bac"
	PACE Protocol = "pace"
)

// An Access tells how a chip was opened.
type Access struct {
	Protocol   Protocol
	Method     security.PACE // of PACE; empty after BAC
	CardAccess []byte        // EF.CardAccess as it was read; nil if there was none
	// Downgraded: data group 14, which is signed, says other things of PACE than
	// EF.CardAccess, which is not: it offers ways that were kept from us, or does
	// not know one that was offered. Somebody between chip and reader may have
	// wanted the weaker one. So it is if the group cannot be read; it is false
	// where there is none.
	Downgraded bool
	// Mapped: the chip ran chip authentication mapping and has the private key to one
	// that was read, in data group 14 or in EF.CardSecurity. Only the reader has seen
	// that, and nobody has looked at who signed the key: nothing depends on it, and a
	// chip that is to prove itself does so to the server ([Request.Prover]).
	Mapped bool
}

// password is what PACE takes.
func (q Request) password() pace.Password {
	if q.CAN != "" {
		return pace.CAN(q.CAN)
	}
	return pace.MRZ(q.AccessKey)
}

// cardAccess is EF.CardAccess (Doc 9303-10 §3.11.3).
var cardAccess = lds.File{ID: 0x011C, Tag: 0x31, MaxSize: security.MaxSize}

// masterFile is the identifier of the root (ISO/IEC 7816-4 §7.3).
var masterFile = []byte{0x3F, 0}

// open opens the chip and selects the passport application: by PACE if the chip
// offers it, else by Basic Access Control (Doc 9303-11 §4.2).
func (r *reader) open(q Request) error {
	r.link.session, r.run, r.access, r.cardSecurity = nil, nil, Access{}, nil
	offered, err := r.offered()
	if err != nil {
		return err
	}
	if m, ambiguous, ok := pace.Choose(offered); ok {
		if err := r.byPACE(m, ambiguous, q.password()); err != nil {
			return err
		}
		if q.CardSecurity || m.Info().Mapping == security.ChipAuth {
			if err := r.security(); err != nil {
				return err
			}
		}
		return r.selectApplication()
	}
	if q.CAN != "" {
		return fmt.Errorf("%w: no PACE", errDenied)
	}
	if err := r.selectApplication(); err != nil {
		return err
	}
	r.access.Protocol = BAC
	return r.byBAC(q.AccessKey)
}

// offered reads EF.CardAccess. A file that is missing, refused or unreadable
// offers nothing: who took it away will be noticed by data group 14.
func (r *reader) offered() ([]security.PACE, error) {
	// Chips differ in whether they take this command; the file tells.
	if _, _, err := r.link.send(apdu.Command{Ins: insSelect, P2: 0x0C, Data: masterFile}); err != nil {
		return nil, err
	}
	chunk := r.chunk
	r.chunk = shortChunk // nobody has said yet that the chip takes more
	file, err := r.file(cardAccess, 0, nil)
	r.chunk = chunk
	switch {
	case err == nil:
	case gone(err) || r.link.ctx.Err() != nil:
		return nil, err
	default:
		return nil, nil
	}
	r.access.CardAccess = file
	infos, err := security.Read(file)
	if err != nil {
		return nil, nil
	}
	return infos.PACE, nil
}

// security reads EF.CardSecurity, which like EF.CardAccess is in the master file, and
// has the key of chip authentication mapping (Doc 9303-11 §9.2.11). A file that is
// missing or refused is none; a chip that gives up its session over it is asked no
// more: see [Request.Read].
func (r *reader) security() error {
	if r.rootless {
		return nil
	}
	file, err := r.file(lds.CardSecurity, 0, nil)
	switch {
	case err == nil:
		r.cardSecurity = file
	case gone(err) || r.link.ctx.Err() != nil:
		return err
	case r.link.lost(err):
		return fmt.Errorf("%w: %w", errRoot, err)
	}
	return nil
}

// byPACE runs PACE (Doc 9303-11 §4.4).
func (r *reader) byPACE(m pace.Method, ambiguous bool, password pace.Password) error {
	run := pace.NewTerminal(m, password, ambiguous, rand.Reader)
	c, err := run.Select()
	if err != nil {
		return err
	}
	var answer []byte
	for first := true; ; first = false {
		if !first {
			done := false
			if c, done, err = run.Next(answer); err != nil {
				return err
			}
			if done {
				break
			}
		}
		var status apdu.Status
		if answer, status, err = r.link.send(c); err != nil {
			return err
		}
		if status != apdu.OK {
			return fmt.Errorf("%w: PACE: %04X", errDenied, uint16(status))
		}
	}
	r.run, r.access.Protocol, r.access.Method = run, PACE, m.Info()
	r.link.session, err = run.Session()
	return err
}

func (r *reader) selectApplication() error {
	_, status, err := r.link.send(apdu.Command{Ins: insSelect, P1: 0x04, P2: 0x0C, Data: application})
	switch {
	case errors.Is(err, errPlain): // some cards leave their session over what they do not know
		return fmt.Errorf("%w: %w", errNotPassport, err)
	case err != nil:
		return err
	case status != apdu.OK:
		return fmt.Errorf("%w: %04X", errNotPassport, uint16(status))
	}
	return nil
}

// byBAC runs Basic Access Control (Doc 9303-11 §4.3.2).
func (r *reader) byBAC(accessKey string) error {
	challenge, status, err := r.link.send(apdu.Command{Ins: insGetChallenge, Le: bac.ChallengeSize})
	if err != nil {
		return err
	}
	if status != apdu.OK && r.access.CardAccess != nil {
		return fmt.Errorf("%w: PACE of a kind that is not spoken here, and no BAC: %04X", errDenied, uint16(status))
	}
	if status != apdu.OK { // maybe the application is not selected any more
		return fmt.Errorf("%w: %w: challenge: %04X", errBroken, errPlain, uint16(status))
	}
	if len(challenge) != bac.ChallengeSize {
		return fmt.Errorf("%w: challenge", errBroken)
	}
	exchange, message, err := bac.AccessKeys(accessKey).Start(challenge, rand.Reader)
	if err != nil {
		return err
	}
	answer, status, err := r.link.send(apdu.Command{Ins: insExternalAuth, Data: message, Le: bac.MessageSize})
	if err != nil {
		return err
	}
	if status != apdu.OK {
		return fmt.Errorf("%w: %04X", errDenied, uint16(status))
	}
	r.link.session, err = exchange.Finish(answer)
	return err
}

// compare holds what the chip offered against data group 14, and the proof of
// chip authentication mapping against the keys in it. Whether the group is genuine
// is for the verifier to judge.
func (r *reader) compare(dg14 []byte) error {
	var signed security.Infos
	if dg14 != nil {
		f, _ := lds.Group(14)
		content, err := f.Open(dg14)
		if err != nil {
			return err
		}
		offered, err := security.Read(r.access.CardAccess)
		if err != nil {
			offered = security.Infos{}
		}
		signed, err = security.Read(content)
		r.access.Downgraded = err != nil || security.Changed(offered, signed)
	}
	r.access.Mapped = r.mapped(signed.Keys)
	return nil
}

// maxMapped is how many keys are tried: chips have one or two on a curve.
const maxMapped = 8

// mapped reports whether the chip's proof of chip authentication mapping, if it gave
// one, fits a key of data group 14, or else of EF.CardSecurity: the one for the mapping
// may be another than that of chip authentication, and stand in either.
func (r *reader) mapped(keys []security.Key) bool {
	if r.run == nil || r.access.Method.Mapping != security.ChipAuth {
		return false
	}
	if signed, err := lds.ReadCardSecurity(r.cardSecurity); err == nil {
		if infos, err := security.Read(signed.Content); err == nil {
			keys = append(slices.Clip(keys), infos.Keys...)
		}
	}
	tried := 0
	for _, k := range keys {
		if !k.Curve { // what is mapped here are points
			continue
		}
		g, static, err := domain.ParseKey(k.SPKI)
		if err != nil || g.ID != r.access.Method.Domain {
			continue
		}
		if r.run.Confirm(g, static) == nil {
			return true
		}
		if tried++; tried == maxMapped {
			break
		}
	}
	return false
}
