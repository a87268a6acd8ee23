package server

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/problem"
)

// registration is the table of the steps: the path behind wire.PathRegistration
// and what takes it. Which one is open is decided by enrol alone.
func (s *Server) registration() map[string]step {
	table := map[string]step{"": s.begin}
	for name, take := range map[string]func(context.Context, enrol.Ref, []byte) error{
		wire.StepTerms:       s.terms,
		wire.StepConsent:     s.consent,
		wire.StepForm:        s.form,
		wire.StepChip:        s.chip,
		wire.StepSendCode:    s.sendCode,
		wire.StepContact:     s.contact,
		wire.StepRegister:    s.register,
		wire.StepFace:        s.face,
		wire.StepKeys:        s.makeKeys,
		wire.StepApplication: s.application,

		wire.StepVouched:     s.vouched,
		wire.StepOldDevice:   s.oldDevice,
		wire.StepGuardian:    s.guardian,
		wire.StepPINs:        s.pins,
		wire.StepCode:        s.code,
		wire.StepCard:        s.card,
		wire.StepIsMe:        s.isMe,
		wire.StepOfficer:     s.officer,
		wire.StepActivation:  s.activation,
		wire.StepRecalled:    s.recalled,
		wire.StepReplacement: s.replacement,
		wire.StepPictures:    s.pictures,
	} {
		table["/"+name] = func(ctx context.Context, c caller) (any, error) {
			if err := take(ctx, ref(c), c.signed.Request.Body); err != nil {
				return nil, err
			}
			return s.status(ctx, c)
		}
	}
	return table
}

func ref(c caller) enrol.Ref {
	return enrol.Ref{Session: c.session.ID, Device: c.device, Address: c.address, Request: strconv.FormatUint(c.signed.Request.Counter, 10)}
}

// begin opens the registration, or tells where it stands.
func (s *Server) begin(ctx context.Context, c caller) (any, error) {
	in, err := problem.Parse[wire.Begin](c.signed.Request.Body)
	if err != nil {
		return nil, err
	}
	route := way.Route{Way: way.Passport, Purpose: way.New}
	if in.Way != "" {
		route.Way = way.Way(in.Way)
	}
	if in.Purpose != "" {
		route.Purpose = way.Purpose(in.Purpose)
	}
	var said wire.Start
	if err := json.Unmarshal(c.session.Claims, &said); err != nil {
		return nil, err
	}
	claim := scheme.Claim{App: said.AppVersion, OS: said.OS, OSVersion: said.OSVersion, Model: said.Model, Language: string(problem.Speaker(ctx).Language())}
	if _, err := s.cfg.Enrol.Start(ctx, ref(c), route, claim, in.Replaces); err != nil {
		return nil, err
	}
	if err := s.cfg.Enrol.Look(ctx, ref(c)); err != nil { // somebody else may have decided
		return nil, err
	}
	return s.status(ctx, c)
}

// status is what the phone sees of where it stands.
func (s *Server) status(ctx context.Context, c caller) (any, error) {
	st, err := s.cfg.Enrol.Status(ctx, ref(c))
	if err != nil {
		return nil, err
	}
	out := wire.Status{
		Reference: st.Reference, Way: string(st.Route.Way), Next: string(st.Next), Ended: string(st.Why), Deadline: st.Deadline, Terms: st.Terms, Consent: st.Consent, Transaction: st.Transaction,
		Filmed: st.Filmed,
	}
	if st.State == way.Parked {
		out.Waiting, out.Ended = out.Ended, ""
	}
	if err := s.aside(ctx, c, st, &out); err != nil {
		return nil, err
	}
	if st.Account != "" {
		a, err := s.cfg.Accounts.Get(ctx, st.Account)
		if err != nil {
			return nil, err
		}
		shown := s.describe(a)
		out.Account = &shown
	}
	return out, nil
}

func (s *Server) terms(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Agree](body)
	if err != nil {
		return err
	}
	if !in.Accepted {
		return tunnus.BadRequest("accepted", errors.New("server: the terms were not accepted"))
	}
	return s.cfg.Enrol.Terms(ctx, r, in.Version)
}

func (s *Server) consent(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Agree](body)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.Consent(ctx, r, in.Version, in.Accepted)
}

func (s *Server) form(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Form](body)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.Form(ctx, r, enrol.Form{
		Country: in.Country, Surname: in.Surname, GivenNames: in.GivenNames, PersonCode: in.PersonCode, Document: in.Document,
	})
}

// Limits of a chip: data groups (Doc 9303-10 §4.7), and characters of its code line,
// which has three lines of 30 or two of 44 (Doc 9303-4 §4.2).
const (
	maxGroups  = 16
	maxPrinted = 100
)

func (s *Server) chip(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Chip](body)
	if err != nil {
		return err
	}
	ev, err := evidence(in)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.Chip(ctx, r, ev)
}

// evidence is what was read of a chip, in the words of those who judge it.
func evidence(in wire.Chip) (emrtd.Evidence, error) {
	access, err := relay.Access(in.Access, in.CardAccess)
	if err != nil {
		return emrtd.Evidence{}, err
	}
	if len(in.Printed) > maxPrinted {
		return emrtd.Evidence{}, tunnus.BadRequest("printed", errors.New("server: longer than any code line"))
	}
	ev := emrtd.Evidence{SOD: in.SOD, COM: in.COM, Groups: map[int][]byte{}, ActiveAuth: in.ActiveAuth, Access: access, Printed: in.Printed}
	for name, content := range in.Groups {
		n, err := strconv.Atoi(name)
		if err != nil || n < 1 || n > maxGroups || strconv.Itoa(n) != name {
			return emrtd.Evidence{}, tunnus.BadRequest("groups", errors.New("server: no such data group"))
		}
		ev.Groups[n] = content
	}
	return ev, nil
}

// pictures takes new ones for a registration that waits for people.
func (s *Server) pictures(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Pictures](body)
	if err != nil {
		return err
	}
	ev, err := evidence(in.Chip)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.Pictures(ctx, r, ev, in.Face.Frames)
}

func (s *Server) sendCode(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Contact](body)
	if err != nil {
		return err
	}
	_, err = s.cfg.Enrol.SendCode(ctx, r, enrol.To{Contact: in.Contact, Pick: in.Pick})
	return err
}

func (s *Server) contact(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Code](body)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.ConfirmCode(ctx, r, in.Code)
}

func (s *Server) register(ctx context.Context, r enrol.Ref, body []byte) error {
	if _, err := problem.Parse[wire.None](body); err != nil {
		return err
	}
	return s.cfg.Enrol.Register(ctx, r)
}

func (s *Server) face(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Face](body)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.Face(ctx, r, in.Frames)
}

func (s *Server) makeKeys(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Keys](body)
	if err != nil {
		return err
	}
	_, err = s.cfg.Enrol.MakeKeys(ctx, r, in.Login, in.Sign)
	return err
}

func (s *Server) application(ctx context.Context, r enrol.Ref, body []byte) error {
	if _, err := problem.Parse[wire.None](body); err != nil {
		return err
	}
	_, err := s.cfg.Enrol.Finish(ctx, r)
	return err
}
