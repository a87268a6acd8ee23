package desk

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/staff"
)

// codeLetters is the length of an activation code: 40 random bits.
const codeLetters = 8

// A Report is what a desk has found, for the sitting.
type Report struct {
	Case     string // reference number of the desk session
	Officer  string
	Person   Person
	Zone     string    // code line of the chip, or as printed where two officers have examined it
	Portrait []byte    // of the chip, as it is stored; nil without one
	Issued   time.Time // of the document, as the chip tells it; zero if it does not
	Mark     string    // of the applicant: staff.Marker

	// Chip is what stands of the fact "chip": proved over our challenge if
	// Proved, attested by two officers otherwise. Attest is of the fact
	// "officer". Both hold words of the system.
	Proved bool
	Chip   map[string]string
	Attest map[string]string

	Statement []byte // evidence: what the officer signed
	Signed    []byte // and his signature: JSON of a device.Signed
}

// Report tells a sitting what a desk has found for it, once the officer has
// signed: before that it fails with [tunnus.CodeStateConflict], and with not-found
// for a sitting that was at no desk. It may be asked again until the time of the
// desk session is over.
func (d *Service) Report(ctx context.Context, sitting, device string) (Report, error) {
	s, err := d.at(ctx, sitting, device)
	if err != nil {
		return Report{}, err
	}
	if s.State != Attested && s.State != Activated {
		return Report{}, tunnus.Conflict(errors.New("desk: the officer has not signed yet"))
	}
	p, err := d.open(s)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		Case: s.ID, Officer: s.Officer, Person: p.Person, Zone: p.Zone, Portrait: p.Portrait, Issued: p.Issued, Mark: s.Mark, Proved: s.Proved,
		Chip:      map[string]string{"case": s.ID, "copyable": fmt.Sprint(s.Copyable)},
		Attest:    map[string]string{"case": s.ID, "officer": s.Officer, "ticks": fmt.Sprint(len(Ticks()))},
		Statement: s.Statement, Signed: s.Signed,
	}
	for name, result := range s.Checks {
		r.Chip[name] = result
	}
	var kinds []string
	for _, e := range s.Exceptions {
		kinds = append(kinds, string(e.Kind)+"/"+e.Agreed)
	}
	if len(kinds) > 0 {
		r.Attest["exceptions"] = strings.Join(kinds, " ")
	}
	return r, nil
}

// at loads the desk session of a sitting and its device, in its time.
func (d *Service) at(ctx context.Context, sitting, device string) (Session, error) {
	s, err := d.cfg.Store.DeskOf(ctx, sitting)
	if err != nil {
		return Session{}, err
	}
	if s.Device != device || s.State == Ended || !d.now().Before(s.Expires) {
		return Session{}, tunnus.NotFound(errors.New("desk: none for this sitting, or over"))
	}
	return s, nil
}

// Activate judges the code that was typed in the applicant's app. A try is charged
// before it is judged. It fails with act-code-bad (Left tells how many tries there
// are), with act-code-old (none was given, its time is over, or it is used up),
// and with [tunnus.CodeStateConflict] if another try was faster. Repeating the
// right code after it was taken succeeds again, for the same device only, and
// makes nothing new: the fact may not have been written down.
func (d *Service) Activate(ctx context.Context, sitting, device, typed string) (reference string, err error) {
	s, err := d.at(ctx, sitting, device)
	if err != nil {
		return "", err
	}
	typed = staff.Tidy(typed)
	if len(typed) != codeLetters {
		return "", tunnus.BadRequest("code", errors.New("desk: not eight characters"))
	}
	if s.State == Activated && hmac.Equal(s.CodeMAC, d.codeMAC(s, typed)) {
		return s.ID, nil
	}
	now := d.now()
	if s.State != Attested || s.CodeMAC == nil || s.Tries >= d.cfg.Rules.CodeTries || !now.Before(s.CodeUntil) {
		return "", tunnus.Fail(tunnus.CodeActCodeOld, errors.New("desk: no code, or its time or its tries are over"))
	}
	p, err := d.open(s)
	if err != nil {
		return "", err
	}
	s.Tries++ // the charge
	line := tunnus.Event{At: now, Kind: "desk.try", Subject: s.ID, Detail: map[string]string{"n": fmt.Sprint(s.Tries)}}
	if err := d.save(ctx, &s, &p, line); err != nil {
		return "", err
	}
	ctx = context.WithoutCancel(ctx)
	if !hmac.Equal(s.CodeMAC, d.codeMAC(s, typed)) {
		return "", tunnus.Fail(tunnus.CodeActCodeBad, errors.New("desk: not the code")).WithLeft(d.cfg.Rules.CodeTries - s.Tries)
	}
	if s.State, err = s.State.After(Activate); err != nil {
		return "", err
	}
	s.EndedAt = now
	return s.ID, d.save(ctx, &s, &p, tunnus.Event{At: now, Kind: "desk.activate", Subject: s.ID, Detail: map[string]string{"sitting": s.Sitting, "device": s.Device}})
}

// codeMAC binds a code to its session, sitting and device.
func (d *Service) codeMAC(s Session, code string) []byte {
	return d.mac("activation", s.ID, s.Sitting, s.Device, code)
}

// batch is how many sessions one round of [Service.Sweep] goes through.
const batch = 100

// Sweep ends desk sessions whose time is over, and deletes what they hold of a
// person. It goes on after a failure, and may run on several nodes at a time.
func (d *Service) Sweep(ctx context.Context) (n int, err error) {
	ids, err := d.cfg.Store.OverdueDesks(ctx, d.now(), batch)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, id := range ids {
		s, err := d.cfg.Store.Desk(ctx, id)
		if err == nil {
			line := tunnus.Event{At: d.now(), Kind: "desk.over", Subject: s.ID}
			if s.State.Ended() {
				err = d.save(ctx, &s, nil, line)
			} else {
				err = d.stop(ctx, s, line)
			}
		}
		switch {
		case err == nil:
			n++
		case tunnus.CodeOf(err) != tunnus.CodeStateConflict: // else somebody was faster
			errs = append(errs, err)
		}
	}
	return n, errors.Join(errs...)
}
