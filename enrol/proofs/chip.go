package proofs

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// Challenge returns what the chip must answer (8 bytes), and until when. It is
// derived from the session (R2), answered once, and renewed when its time is over.
func (f *Proofs) Challenge(ctx context.Context, ref sitting.Ref) ([]byte, time.Time, error) {
	s, p, err := f.Step(ctx, ref, way.ChipProved)
	if err != nil {
		return nil, time.Time{}, err
	}
	return f.challenge(ctx, s, p)
}

func (f *Proofs) challenge(ctx context.Context, s sitting.Session, p sitting.Payload) ([]byte, time.Time, error) {
	now := f.Book.Now()
	if s.ChallengeAt.IsZero() || !now.Before(s.ChallengeAt.Add(f.Rules.StepLife)) {
		s.Challenges++
		s.ChallengeAt = now
		line := tunnus.Event{At: now, Kind: "enrol.challenge", Subject: s.ID, Detail: map[string]string{"n": fmt.Sprint(s.Challenges)}}
		if err := f.Book.Save(ctx, &s, p, line); err != nil {
			return nil, time.Time{}, err
		}
	}
	return f.nonce(s), s.ChallengeAt.Add(f.Rules.StepLife), nil
}

// nonce is the challenge that a session is at.
func (f *Proofs) nonce(s sitting.Session) []byte {
	h := hmac.New(sha256.New, f.Secret.Reveal())
	fmt.Fprintf(h, "active-authentication\x00%s\x00%d", s.ID, s.Challenges)
	return h.Sum(nil)[:emrtd.ChallengeSize]
}

// Chip judges what was read from the document's chip.
//
// First the device is charged: step-timeout, doc-signer-unknown, doc-chip-broken
// and the like, and for all signs of forgery alike doc-sig-bad; the session goes
// on with a new challenge. Once the chip has proved that it is the original, the
// document is charged: doc-lock-temp and doc-lock-perm at once, then doc-expired
// and form-mismatch, which count and tell how many tries are left; these and
// doc-type-no and doc-too-old end the session.
func (f *Proofs) Chip(ctx context.Context, ref sitting.Ref, ev emrtd.Evidence) error {
	s, p, err := f.Step(ctx, ref, way.ChipProved)
	if err != nil {
		return err
	}
	v, timing, err := f.prove(ctx, &s, &p, ref.Address, ev)
	if err != nil {
		return err
	}
	return f.judge(context.WithoutCancel(ctx), s, p, v, timing)
}

// A task is what a chip was asked in a sitting.
type task struct {
	challenge []byte
	took      time.Duration // until it was answered
	proof     emrtd.ChipProof
}

// answer takes the challenge that stands, and what a run of chip authentication has
// shown for it, in a commit: of two answers at a time one is judged, and no proof
// twice.
func (f *Proofs) answer(ctx context.Context, s *sitting.Session, p *sitting.Payload) (task, error) {
	if s.ChallengeAt.IsZero() {
		return task{}, tunnus.Conflict(errors.New("proofs: no challenge stands"))
	}
	late := f.late(*s)
	t := task{challenge: f.nonce(*s), took: f.Book.Now().Sub(s.ChallengeAt), proof: p.Relay.Take(s.Challenges)}
	s.ChallengeAt = time.Time{}
	if err := f.Book.Save(ctx, s, *p); err != nil {
		return task{}, err
	}
	if late {
		return task{}, overdue()
	}
	return t, nil
}

// toldOfForgery is the one code under which all forgeries are told: from outside
// they look alike, the audit log has each by its name.
const toldOfForgery = tunnus.CodeDocSigBad

// forgeries are the failures that count against a device.
var forgeries = map[tunnus.Code]bool{tunnus.CodeDocSigBad: true, tunnus.CodeDocClone: true, tunnus.CodeHashMismatch: true}

// prove is the proof phase: challenge and run are used up, and the device pays for
// it. What the reader says of a run of its own proves nothing.
func (f *Proofs) prove(ctx context.Context, s *sitting.Session, p *sitting.Payload, address string, ev emrtd.Evidence) (v emrtd.Verified, timing map[string]string, err error) {
	t, err := f.answer(ctx, s, p)
	if err != nil {
		return v, nil, err
	}
	ev.ChipAuth = t.proof.Proved()
	bearer, attempt := lock.Bearer{Device: f.Tab.Devices.DeviceKey(s.Device)}, fmt.Sprintf("%s/proof/%d", s.ID, s.Challenges)
	if address != "" {
		bearer.Address = f.Tab.Addresses.Key(address)
	}
	if err := f.Tab.ChargeProof(ctx, bearer, attempt); err != nil {
		return v, nil, err
	}
	ctx = context.WithoutCancel(ctx) // whoever hangs up now does not lose us the verdict
	v, err = emrtd.Verify(ev, f.Trust, t.challenge, f.Book.Now())
	code := tunnus.CodeOf(err)
	if code == tunnus.CodeInternal {
		return v, nil, errors.Join(err, f.Tab.VoidProof(ctx, bearer, attempt, code, lock.InputOf(ev.Files()...)))
	}
	verdict := lock.Passed // a good document does not wash off the bad ones before it
	if forgeries[code] {
		verdict = lock.Failed
	}
	if cerr := f.Tab.CloseProof(ctx, bearer, attempt, verdict, code); cerr != nil {
		return emrtd.Verified{}, nil, cerr
	}
	if forgeries[code] {
		return emrtd.Verified{}, nil, tunnus.Fail(toldOfForgery, err)
	}
	return v, relay.Evidence(t.took, t.proof), err
}

// judge is the first judgement: the document pays for it.
func (f *Proofs) judge(ctx context.Context, s sitting.Session, p sitting.Payload, v emrtd.Verified, timing map[string]string) error {
	if err := f.accepts(s, p, v); err != nil {
		return f.Book.Refuse(ctx, &s, err)
	}
	z := v.Zone()
	s.Document = f.Tab.Documents.Of(f.Rules.Issuers[z.Issuer], z)
	s.Copyable = v.Clonable()
	attempt := fmt.Sprintf("%s/document/%d", s.ID, s.Challenges)
	if err := f.charge(ctx, s, attempt); err != nil {
		return f.barred(ctx, &s, err)
	}
	fault := f.faults(p, v)
	if fault != nil && fault.Code == tunnus.CodeFormName {
		return f.correct(ctx, s, p, attempt, fault)
	}
	if fault != nil {
		return f.Book.Refuse(ctx, &s, f.count(ctx, s, attempt, fault))
	}
	if _, err := f.Tab.Close(ctx, f.Debtor(s), attempt, lock.Passed, ""); err != nil {
		return err
	}
	p.Zone, p.Portrait = z.String(), v.Portrait()
	detail := maps.Clone(timing)
	detail["copyable"] = fmt.Sprint(s.Copyable)
	maps.Copy(detail, v.Record())
	line := f.Book.Add(&s, way.ChipProved, detail)
	return f.Book.Save(ctx, &s, p, line)
}

// accepts refuses a document that cannot be used here, or not on this way by the row
// that speaks of who goes it: of another kind, too old, or of a faulty series. Who may
// go it was judged with the form, and is again with the register.
func (f *Proofs) accepts(s sitting.Session, p sitting.Payload, v emrtd.Verified) error {
	if err := f.Rules.Accepts(v); err != nil {
		return err
	}
	q := scheme.Question{Way: s.Route.Way, Purpose: s.Route.Purpose, Country: p.Form.Country}
	return f.Rules.Serves(q, v.Zone(), v.Issued(), f.Book.Now())
}

// correct lets the form be filled in again: it is only written badly. That counts
// when repeated.
func (f *Proofs) correct(ctx context.Context, s sitting.Session, p sitting.Payload, attempt string, fault *tunnus.Error) error {
	if _, err := f.Tab.Close(ctx, f.Debtor(s), attempt, lock.Passed, fault.Code); err != nil {
		return err
	}
	if err := f.Tab.Note(ctx, f.Debtor(s), attempt, fault.Code); err != nil {
		return err
	}
	st, err := f.Tab.Documents.State(ctx, s.Document)
	if err != nil {
		return err
	}
	if st.Condition == lock.Timed {
		return f.Book.Refuse(ctx, &s, fault.WithUntil(st.Until))
	}
	s.Facts = maps.Clone(s.Facts)
	delete(s.Facts, way.FormFilled)
	line := tunnus.Event{At: f.Book.Now(), Kind: "enrol.correct", Subject: s.ID, Code: fault.Code}
	if err := f.Book.Save(ctx, &s, p, line); err != nil {
		return err
	}
	return fault
}

// faults finds what counts against a genuine document: nil if nothing does.
func (f *Proofs) faults(p sitting.Payload, v emrtd.Verified) *tunnus.Error {
	if v.Expired(f.Book.Now()) {
		return tunnus.Fail(tunnus.CodeDocExpired, errors.New("proofs: the document has expired"))
	}
	d := match.Judge(p.Form, v.Zone(), f.Rules.Issuers[v.Zone().Issuer])
	switch {
	case d.Field == "":
		return nil
	case d.Careless():
		return tunnus.Fail(tunnus.CodeFormName, fmt.Errorf("proofs: %s is written badly: %s", d.Field, d.How)).WithField(d.Field)
	}
	return tunnus.Fail(tunnus.CodeFormMismatch, fmt.Errorf("proofs: form and chip differ in %s", d.Field)).WithField(d.Field)
}

// Debtor names who pays for a judgement.
func (f *Proofs) Debtor(s sitting.Session) lock.Debtor {
	return lock.Debtor{Document: s.Document, Device: f.Tab.Devices.DeviceKey(s.Device), Copyable: s.Copyable}
}

// charge opens an attempt. It fails with rev-pending where machines must not
// judge any more.
func (f *Proofs) charge(ctx context.Context, s sitting.Session, attempt string) error {
	st, err := f.Tab.Charge(ctx, f.Debtor(s), attempt)
	if err != nil {
		return err
	}
	return forPeople(st)
}

// approvable fails as charge does, of an attempt that is charged.
func (f *Proofs) approvable(ctx context.Context, s sitting.Session) error {
	st, err := f.Tab.Documents.State(ctx, s.Document)
	if err != nil {
		return err
	}
	return forPeople(st)
}

func forPeople(st lock.State) error {
	if st.Review {
		return inReview(errors.New("proofs: a copyable document with too many failures"))
	}
	return nil
}

// count closes an attempt as failed and adds to the fault how many are left and,
// if it led to a lock, until when.
func (f *Proofs) count(ctx context.Context, s sitting.Session, attempt string, fault *tunnus.Error) error {
	st, err := f.Tab.Close(ctx, f.Debtor(s), attempt, lock.Failed, fault.Code)
	if err != nil {
		return err
	}
	if st.Condition == lock.Timed {
		return fault.WithLeft(0).WithUntil(st.Until)
	}
	if s.Copyable {
		return fault.WithLeft(st.CopyableLeft)
	}
	return fault.WithLeft(st.Left)
}

// barred ends a session whose document is locked or needs a person's look. Any
// other failure of a charge leaves it open.
func (f *Proofs) barred(ctx context.Context, s *sitting.Session, err error) error {
	switch tunnus.CodeOf(err) {
	case tunnus.CodeDocLockPerm:
		if serr := f.Tab.Documents.Settle(ctx, s.Document); serr != nil {
			return errors.Join(err, serr)
		}
	case tunnus.CodeDocLockTemp, tunnus.CodeRevPending:
	default:
		return err
	}
	return f.Book.Refuse(ctx, s, err)
}

// Locked ends a sitting that has waited if its document was locked for ever meanwhile.
// A timed lock only stops tries: those of this sitting are made, and the very one that
// people had to judge may have led to it.
func (f *Proofs) Locked(ctx context.Context, s *sitting.Session, p sitting.Payload) error {
	key := cmp.Or(s.Document, p.Ledger)
	if key == "" {
		return nil
	}
	err := f.Tab.Documents.Check(ctx, key)
	switch tunnus.CodeOf(err) {
	case tunnus.CodeDocLockTemp:
		return nil
	case tunnus.CodeDocLockPerm:
		if serr := f.Tab.Documents.Settle(ctx, key); serr != nil {
			return errors.Join(err, serr)
		}
		return f.Book.Refuse(ctx, s, err)
	}
	return err
}

// inReview is the answer where no machine may decide.
func inReview(why error) error { return tunnus.Fail(tunnus.CodeRevPending, why) }
