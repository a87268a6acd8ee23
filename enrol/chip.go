package enrol

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/match"
)

// Challenge returns what the chip must answer (8 bytes), and until when. It is
// derived from the session (R2), answered once, and renewed when its time is over.
func (f *Flow) Challenge(ctx context.Context, ref Ref) ([]byte, time.Time, error) {
	s, p, err := f.step(ctx, ref, ChipProved)
	if err != nil {
		return nil, time.Time{}, err
	}
	now := f.now()
	if s.ChallengeAt.IsZero() || !now.Before(s.ChallengeAt.Add(f.cfg.Rules.StepLife)) {
		s.Challenges++
		s.ChallengeAt = now
		line := tunnus.Event{At: now, Kind: "enrol.challenge", Subject: s.ID, Detail: map[string]string{"n": fmt.Sprint(s.Challenges)}}
		if err := f.save(ctx, &s, p, line); err != nil {
			return nil, time.Time{}, err
		}
	}
	return f.nonce(s), s.ChallengeAt.Add(f.cfg.Rules.StepLife), nil
}

// nonce is the challenge that a session is at.
func (f *Flow) nonce(s Session) []byte {
	h := hmac.New(sha256.New, f.challenge.Reveal())
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
// doc-type-no end the session.
func (f *Flow) Chip(ctx context.Context, ref Ref, ev emrtd.Evidence) error {
	s, p, err := f.step(ctx, ref, ChipProved)
	if err != nil {
		return err
	}
	challenge, err := f.answer(ctx, &s, p)
	if err != nil {
		return err
	}
	v, err := f.prove(ctx, s, challenge, ev)
	if err != nil {
		return err
	}
	return f.judge(context.WithoutCancel(ctx), s, p, v)
}

// answer takes the challenge that stands, in a commit: of two answers at a time
// one is judged.
func (f *Flow) answer(ctx context.Context, s *Session, p payload) ([]byte, error) {
	if s.ChallengeAt.IsZero() {
		return nil, tunnus.Conflict(errors.New("enrol: no challenge stands"))
	}
	late := !f.now().Before(s.ChallengeAt.Add(f.cfg.Rules.StepLife))
	challenge := f.nonce(*s)
	s.ChallengeAt = time.Time{}
	if err := f.save(ctx, s, p); err != nil {
		return nil, err
	}
	if late {
		return nil, tunnus.Fail(tunnus.CodeStepTimeout, errors.New("enrol: the chip's answer came late"))
	}
	return challenge, nil
}

// toldOfForgery is the one code under which all forgeries are told: from outside
// they look alike, the audit log has each by its name.
const toldOfForgery = tunnus.CodeDocSigBad

// forgeries are the failures that count against a device.
var forgeries = map[tunnus.Code]bool{tunnus.CodeDocSigBad: true, tunnus.CodeDocClone: true, tunnus.CodeHashMismatch: true}

// prove is the proof phase: the device pays for it.
func (f *Flow) prove(ctx context.Context, s Session, challenge []byte, ev emrtd.Evidence) (emrtd.Verified, error) {
	device, attempt := f.tab.Devices.DeviceKey(s.Device), fmt.Sprintf("%s/proof/%d", s.ID, s.Challenges)
	if _, err := f.tab.Devices.Charge(ctx, device, attempt, false); err != nil {
		return emrtd.Verified{}, err
	}
	ctx = context.WithoutCancel(ctx) // whoever hangs up now does not lose us the verdict
	v, err := emrtd.Verify(ev, f.cfg.Trust, challenge, f.now())
	code := tunnus.CodeOf(err)
	if code == tunnus.CodeInternal {
		return emrtd.Verified{}, errors.Join(err, f.tab.Devices.Void(ctx, device, attempt, code))
	}
	verdict := lock.Passed // a good document does not wash off the bad ones before it
	if forgeries[code] {
		verdict = lock.Failed
	}
	if _, cerr := f.tab.Devices.Close(ctx, device, attempt, verdict, code); cerr != nil {
		return emrtd.Verified{}, cerr
	}
	if forgeries[code] {
		return emrtd.Verified{}, tunnus.Fail(toldOfForgery, err)
	}
	return v, err
}

// judge is the first judgement: the document pays for it.
func (f *Flow) judge(ctx context.Context, s Session, p payload, v emrtd.Verified) error {
	if err := f.cfg.Rules.Accepts(v); err != nil {
		return f.refuse(ctx, &s, err)
	}
	z := v.Zone()
	s.Document = f.tab.Documents.DocumentKey(f.cfg.Rules.Issuers[z.Issuer], "P", z.Number, z.Expiry)
	s.Copyable = v.Clonable()
	attempt := fmt.Sprintf("%s/document/%d", s.ID, s.Challenges)
	if err := f.charge(ctx, s, attempt); err != nil {
		return f.barred(ctx, &s, err)
	}
	if fault := f.faults(p, v); fault != nil {
		return f.refuse(ctx, &s, f.count(ctx, s, attempt, fault))
	}
	if _, err := f.tab.Close(ctx, f.debtor(s), attempt, lock.Passed, ""); err != nil {
		return err
	}
	p.Zone, p.Portrait = z.String(), v.Portrait()
	detail := map[string]string{"copyable": fmt.Sprint(s.Copyable)}
	for _, c := range v.Checks() {
		detail[c.Name] = string(c.Result)
	}
	line := f.add(&s, ChipProved, detail)
	return f.save(ctx, &s, p, line)
}

// faults finds what counts against a genuine document: nil if nothing does.
func (f *Flow) faults(p payload, v emrtd.Verified) *tunnus.Error {
	if v.Expired(f.now()) {
		return tunnus.Fail(tunnus.CodeDocExpired, errors.New("enrol: the document has expired"))
	}
	if field := match.Chip(p.Form, v.Zone(), f.cfg.Rules.Issuers[v.Zone().Issuer]); field != "" {
		return tunnus.Fail(tunnus.CodeFormMismatch, fmt.Errorf("enrol: form and chip differ in %s", field)).WithField(field)
	}
	return nil
}

// debtor names who pays for a judgement.
func (f *Flow) debtor(s Session) lock.Debtor {
	return lock.Debtor{Document: s.Document, Device: f.tab.Devices.DeviceKey(s.Device), Copyable: s.Copyable}
}

// charge opens an attempt. It fails with rev-pending where machines must not
// judge any more.
func (f *Flow) charge(ctx context.Context, s Session, attempt string) error {
	st, err := f.tab.Charge(ctx, f.debtor(s), attempt)
	if err == nil && st.Review {
		err = inReview(errors.New("enrol: a copyable document with too many failures"))
	}
	return err
}

// count closes an attempt as failed and adds to the fault how many are left and,
// if it led to a lock, until when.
func (f *Flow) count(ctx context.Context, s Session, attempt string, fault *tunnus.Error) error {
	st, err := f.tab.Close(ctx, f.debtor(s), attempt, lock.Failed, fault.Code)
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
func (f *Flow) barred(ctx context.Context, s *Session, err error) error {
	switch tunnus.CodeOf(err) {
	case tunnus.CodeDocLockPerm:
		if serr := f.tab.Documents.Settle(ctx, s.Document); serr != nil {
			return errors.Join(err, serr)
		}
	case tunnus.CodeDocLockTemp, tunnus.CodeRevPending:
	default:
		return err
	}
	return f.refuse(ctx, s, err)
}

// inReview is the answer where no machine may decide.
func inReview(why error) error { return tunnus.Fail(tunnus.CodeRevPending, why) }
