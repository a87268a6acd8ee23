package server

import (
	"context"
	"errors"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol"
	"github.com/tunnus-id/tunnus/enrol/elsewhere"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/problem"
)

// aside adds to a status what the open step needs: challenges, codes, links.
func (s *Server) aside(ctx context.Context, c caller, st enrol.Status, out *wire.Status) (err error) {
	if out.Link, err = s.cfg.Enrol.Link(ctx, ref(c)); err != nil {
		return err
	}
	if out.Link != "" {
		out.Counter = st.Counter
	}
	older, err := s.cfg.Enrol.Replaceable(ctx, ref(c))
	if err != nil {
		return err
	}
	for _, a := range older {
		out.Older = append(out.Older, wire.Older{Document: a.Document, Level: string(a.Level), Expires: a.ExpiresAt})
	}
	switch {
	case st.State == way.Parked:
		if out.Challenge, out.Deadline, err = s.cfg.Enrol.Anew(ctx, ref(c)); out.Challenge != nil {
			out.Next = wire.StepPictures
		} else {
			out.Deadline = st.Deadline
		}
	case st.Next == way.ChipProved && st.Route.Way == way.Desk:
		out.Ticket, out.Counter = st.Ticket, st.DeskCounter
	case st.Next == way.ChipProved:
		out.Challenge, out.Deadline, err = s.cfg.Enrol.Challenge(ctx, ref(c))
	case st.Next == way.CodeShown || st.Next == way.CardLoggedIn:
		var code elsewhere.Code
		if code, out.Counter, err = s.cfg.Enrol.Code(ctx, ref(c)); err == nil {
			out.Code = &wire.PortalCode{Text: code.Text, Until: code.Until}
			out.Next = wire.StepCard // shown now: what is open is the portal's part
		}
	case st.Next == way.ContactConfirmed:
		return s.choices(ctx, c, out)
	case st.Next == way.IdentityConfirmed:
		var who elsewhere.Who
		who, err = s.cfg.Enrol.Who(ctx, ref(c))
		out.Who = &wire.Who{Name: who.Name, Birth: who.Birth}
	case st.Next == way.PINsRecalled:
		var r enrol.Recall
		r, err = s.cfg.Enrol.Recall(ctx, ref(c))
		out.Recall = &wire.Recall{Login: r.Login, Sign: r.Sign}
	}
	return err
}

func (s *Server) choices(ctx context.Context, c caller, out *wire.Status) error {
	list, err := s.cfg.Enrol.Choices(ctx, ref(c))
	for _, v := range list {
		out.Choices = append(out.Choices, wire.Choice{ID: v.ID, Channel: string(v.Channel), Mask: v.Mask})
	}
	return err
}

func (s *Server) vouched(ctx context.Context, r enrol.Ref, body []byte) error {
	if _, err := problem.Parse[wire.Elsewhere](body); err != nil {
		return err
	}
	return s.cfg.Enrol.Vouch(ctx, r)
}

func (s *Server) oldDevice(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Elsewhere](body)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.OldDevice(ctx, r, in.Without, in.Replaces)
}

func (s *Server) guardian(ctx context.Context, r enrol.Ref, body []byte) error {
	if _, err := problem.Parse[wire.None](body); err != nil {
		return err
	}
	return s.cfg.Enrol.Guardian(ctx, r)
}

func (s *Server) pins(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Keys](body)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.PINs(ctx, r, in.Login, in.Sign)
}

// code needs nothing done: the status shows it.
func (s *Server) code(ctx context.Context, r enrol.Ref, body []byte) error {
	_, err := problem.Parse[wire.None](body)
	return err
}

func (s *Server) card(ctx context.Context, r enrol.Ref, body []byte) error {
	if _, err := problem.Parse[wire.None](body); err != nil {
		return err
	}
	return s.cfg.Enrol.Card(ctx, r)
}

func (s *Server) isMe(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.IsMe](body)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.IsMe(ctx, r, in.Accepted, in.Replaces)
}

// officer takes what an officer has found; that there is nothing yet is no failure.
func (s *Server) officer(ctx context.Context, r enrol.Ref, body []byte) error {
	if _, err := problem.Parse[wire.None](body); err != nil {
		return err
	}
	err := s.cfg.Enrol.Officer(ctx, r)
	if code := tunnus.CodeOf(err); code == tunnus.CodeStateConflict || code == tunnus.CodeNotFound {
		return nil
	}
	return err
}

func (s *Server) activation(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Code](body)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.Activate(ctx, r, in.Code)
}

func (s *Server) recalled(ctx context.Context, r enrol.Ref, body []byte) error {
	if _, err := problem.Parse[wire.None](body); err != nil {
		return err
	}
	return s.cfg.Enrol.Recalled(ctx, r)
}

func (s *Server) replacement(ctx context.Context, r enrol.Ref, body []byte) error {
	in, err := problem.Parse[wire.Agree](body)
	if err != nil {
		return err
	}
	return s.cfg.Enrol.Replace(ctx, r, in.Accepted)
}

// confirm lets the account of this device follow the link of another one, or
// refuse what it asks.
func (s *Server) confirm(ctx context.Context, c caller) (any, error) {
	in, err := problem.Parse[wire.Confirm](c.signed.Request.Body)
	if err != nil {
		return nil, err
	}
	if s.cfg.Confirm == nil {
		return nil, tunnus.NotFound(errors.New("server: nobody asks other devices here"))
	}
	a, err := s.own(ctx, c)
	if err != nil {
		return nil, err
	}
	if in.Refuse {
		return wire.None{}, s.cfg.Confirm.Refuse(ctx, in.Link, a)
	}
	asked, err := s.cfg.Confirm.Claim(ctx, in.Link, a)
	return wire.Confirming{About: string(asked.About), Login: asked.Login, Sign: asked.Sign, Until: asked.Until}, err
}
