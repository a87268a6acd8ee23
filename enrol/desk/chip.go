package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/staff"
)

// Challenge returns what the chip must answer (8 bytes): made of the sitting and
// the desk session (R2), answered once.
func (d *Service) Challenge(ctx context.Context, a staff.Actor, id string) ([]byte, error) {
	s, p, err := d.mine(ctx, a, id, Read)
	if err != nil {
		return nil, err
	}
	now := d.now()
	s.Challenges++
	s.ChallengeAt = now
	line := a.Line(now, "desk.challenge", s.ID, s.ID, map[string]string{"n": fmt.Sprint(s.Challenges)})
	if err := d.save(ctx, &s, &p, line); err != nil {
		return nil, err
	}
	return d.nonce(s), nil
}

func (d *Service) nonce(s Session) []byte {
	return d.mac("active-authentication", s.Sitting, s.Device, s.ID, fmt.Sprint(s.Challenges))[:emrtd.ChallengeSize]
}

// Relay opens a run of chip authentication for the challenge that stands; of several
// the last counts.
func (d *Service) Relay(ctx context.Context, a staff.Actor, id string) (relay.Run, error) {
	s, p, err := d.asked(ctx, a, id)
	if err != nil {
		return relay.Run{}, err
	}
	run := p.Relay.Open(s.Challenges)
	return run, d.save(ctx, &s, &p)
}

// Relayed writes down what a run has shown, for [Service.Read] to judge.
func (d *Service) Relayed(ctx context.Context, a staff.Actor, id string, run relay.Run, proof emrtd.ChipProof) error {
	s, p, err := d.asked(ctx, a, id)
	if err != nil {
		return err
	}
	if err := p.Relay.Keep(run, s.Challenges, proof); err != nil {
		return err
	}
	line := a.Line(d.now(), "desk.relay", s.ID, s.ID, map[string]string{"n": run.String(), "rounds_ms": relay.Rounds(proof)})
	return d.save(ctx, &s, &p, line)
}

// asked loads a session in which a chip has been asked.
func (d *Service) asked(ctx context.Context, a staff.Actor, id string) (Session, payload, error) {
	s, p, err := d.mine(ctx, a, id, Read)
	if err == nil && d.late(s) {
		err = tunnus.Conflict(errors.New("desk: no challenge stands"))
	}
	return s, p, err
}

// late reports whether no challenge stands, or one that is over.
func (d *Service) late(s Session) bool {
	return s.ChallengeAt.IsZero() || !d.now().Before(s.ChallengeAt.Add(d.cfg.Rules.Step))
}

// A Reading is what the officer sees of a chip that the server has verified.
type Reading struct {
	Person   Person            `json:"person"`
	Expiry   string            `json:"expiry"` // YYMMDD
	Portrait []byte            `json:"portrait"`
	Checks   map[string]string `json:"checks"`
	Expired  bool              `json:"expired"`  // needs an exception
	Copyable bool              `json:"copyable"` // needs an exception (NoChip): nothing proves that it is the original
}

// Read judges what the reader brought from the chip. The proof is charged to the
// applicant's device, as in the app; staff are told in full what was wrong. It
// fails with doc-lock-temp and doc-lock-perm if the document is locked for
// registering (there is no way past that), with doc-type-no, and with
// staff-oneself if the document is the officer's own.
func (d *Service) Read(ctx context.Context, a staff.Actor, id string, ev emrtd.Evidence) (Reading, error) {
	s, p, err := d.mine(ctx, a, id, Read)
	if err != nil {
		return Reading{}, err
	}
	began := s.ChallengeAt
	proof := p.Relay.Take(s.Challenges)
	ev.ChipAuth = proof.Proved()
	challenge, err := d.answered(ctx, &s, p)
	if err != nil {
		return Reading{}, err
	}
	timing := relay.Evidence(d.now().Sub(began), proof)
	ctx = context.WithoutCancel(ctx) // whoever hangs up now does not lose us the verdict
	v, err := d.prove(ctx, s, challenge, ev)
	if err != nil {
		return Reading{}, err
	}
	if err := d.cfg.Scheme.Accepts(v); err != nil {
		return Reading{}, err
	}
	z := v.Zone()
	if err := d.unlocked(ctx, z); err != nil {
		return Reading{}, err
	}
	person := d.shown(z)
	if err := d.known(a, &s, person); err != nil {
		return Reading{}, err
	}
	s.State, err = s.State.After(Read)
	if err != nil {
		return Reading{}, err
	}
	s.Exceptions, p.Paper = nil, "" // what was agreed was agreed of another document, or of another look at this one
	s.Proved, s.Copyable, s.Expired, s.Checks = !v.Clonable(), v.Clonable(), v.Expired(d.now()), timing
	maps.Copy(s.Checks, v.Record())
	p.Zone, p.Portrait, p.Issued, p.Person = z.String(), v.Portrait(), v.Issued(), person
	line := a.Line(d.now(), "desk.read", s.ID, s.ID, s.Checks)
	r := Reading{person, z.Expiry, v.Portrait(), s.Checks, s.Expired, s.Copyable}
	return r, d.save(ctx, &s, &p, line)
}

// shown is whom a code line names.
func (d *Service) shown(z mrz.Zone) Person {
	return Person{
		Country: d.cfg.Scheme.Issuer(z.Issuer), Code: strings.Trim(z.Optional1, "<"), Surname: z.Surname, GivenNames: z.GivenNames, Document: z.Number,
	}
}

// answered takes the challenge that stands, in a commit: of two answers at a time
// one is judged.
func (d *Service) answered(ctx context.Context, s *Session, p payload) ([]byte, error) {
	late := d.late(*s)
	challenge := d.nonce(*s)
	s.ChallengeAt = time.Time{}
	if late {
		return nil, tunnus.Conflict(errors.New("desk: no challenge stands"))
	}
	return challenge, d.save(ctx, s, &p)
}

// prove is the proof phase: the applicant's device pays for it.
func (d *Service) prove(ctx context.Context, s Session, challenge []byte, ev emrtd.Evidence) (emrtd.Verified, error) {
	device, attempt := d.cfg.Tab.Devices.DeviceKey(s.Device), fmt.Sprintf("%s/desk/%d", s.ID, s.Challenges)
	if _, err := d.cfg.Tab.Devices.Charge(ctx, device, attempt, false); err != nil {
		return emrtd.Verified{}, err
	}
	v, err := emrtd.Verify(ev, d.cfg.Trust, challenge, d.now())
	code, verdict := tunnus.CodeOf(err), lock.Passed
	switch code {
	case tunnus.CodeInternal:
		return v, errors.Join(err, d.cfg.Tab.Devices.Void(ctx, device, attempt, code, lock.InputOf(ev.Files()...)))
	case tunnus.CodeDocSigBad, tunnus.CodeDocClone, tunnus.CodeHashMismatch:
		verdict = lock.Failed
	}
	if _, cerr := d.cfg.Tab.Devices.Close(ctx, device, attempt, verdict, code); cerr != nil {
		return emrtd.Verified{}, cerr
	}
	return v, err
}

// unlocked refuses a document that is locked for registering.
func (d *Service) unlocked(ctx context.Context, z mrz.Zone) error {
	documents := d.cfg.Tab.Documents
	return documents.Check(ctx, documents.Of(d.cfg.Scheme.Issuer(z.Issuer), z))
}

// known finds out who is served, and that it is not the officer.
func (d *Service) known(a staff.Actor, s *Session, p Person) error {
	code, err := d.cfg.Scheme.Person(p.Country, p.Code)
	if err != nil {
		return err
	}
	mark := d.cfg.Marker.Mark(code)
	if s.Mark != "" && s.Mark != mark {
		return tunnus.Conflict(errors.New("desk: the document of another person than before"))
	}
	s.Mark = mark
	return a.Other(mark)
}
