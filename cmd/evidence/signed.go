package evidence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/store"
	"github.com/tunnus-id/tunnus/store/visits"
	"github.com/tunnus-id/tunnus/trust/evidence"
	"github.com/tunnus-id/tunnus/trust/proof"
	"github.com/tunnus-id/tunnus/trust/tlog"
)

// A drawer is where statements are kept that were signed, under the server's keys.
type drawer struct {
	collector
	store  *store.Store
	sealer otp.Sealer
	kept   confirm.Kept
}

// confirmations takes out what others have signed, as the facts of a registration say.
func (k collector) confirmations(ctx context.Context, cfg config.Config, s *store.Store, session string, own []tlog.Line) ([]evidence.Confirmation, error) {
	signed := slices.DeleteFunc(slices.Clone(own), func(l tlog.Line) bool {
		e, ok := open(l)
		return !ok || e.Kind != "enrol.fact" || !evidence.SaysSigned(e.Detail)
	})
	if len(signed) == 0 {
		return nil, nil // and no key is needed
	}
	keys, err := recognised(ctx, cfg.Keys.Config, s)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	defer func() { _ = keys.Close() }()
	secret, err := keys.Secret()
	if err != nil {
		return nil, err
	}
	d := drawer{collector: k, store: s, sealer: keys.Sealer(hsm.Session)}
	d.kept = confirm.Kept{Store: s.Questions(), Sealer: d.sealer}
	if d.kept.Secret, err = confirm.Secret(secret); err != nil {
		return nil, err
	}
	var out []evidence.Confirmation
	for _, l := range signed {
		e, _ := open(l)
		c, err := d.confirmation(ctx, session, own[0].Index, l.Index, e)
		if tunnus.CodeOf(err) == tunnus.CodeNotFound {
			err = errors.New("it is not kept yet, or not any more")
		}
		if err != nil {
			return nil, fmt.Errorf("what was signed for the fact %q: %w", e.Detail["fact"], err)
		}
		out = append(out, c)
	}
	return out, nil
}

// recognised opens the keys of a database, and makes none.
func recognised(ctx context.Context, cfg hsm.Config, s *store.Store) (*hsm.Custody, error) {
	marks, err := s.Marks(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := hsm.Open(cfg, hsm.Session, hsm.Ledger)
	if err != nil {
		return nil, err
	}
	if err := keys.Recognise(marks); err != nil {
		return nil, errors.Join(err, keys.Close())
	}
	return keys, nil
}

// abouts are the questions to other devices, by the facts that their answers make.
var abouts = map[way.Fact]statement.About{
	way.AccountVouches: statement.Vouch, way.DeviceConfirms: statement.Replace, way.GuardianAgrees: statement.Guardian,
}

// confirmation takes out what was signed for one fact, whose line stands at an index;
// the registration begins at another.
func (d drawer) confirmation(ctx context.Context, session string, first, at uint64, e tunnus.Event) (c evidence.Confirmation, err error) {
	c.Fact = e.Detail["fact"]
	about, asked := abouts[way.Fact(c.Fact)]
	if !asked {
		c.Record, err = d.visit(ctx, first, at, e.Detail["record"])
		return c, err
	}
	if c.Record, err = d.kept.Of(ctx, session, about); err != nil || e.Detail["pin2"] == "" {
		return c, err
	}
	by, err := d.store.Accounts().Get(ctx, e.Detail["confirmed_by"])
	if err != nil {
		return c, err
	}
	i := slices.IndexFunc(by.Certificates, func(k account.Certificate) bool { return k.Purpose == "signature" })
	if i < 0 {
		return c, errors.New("the account that confirmed has no signature certificate")
	}
	c.Certificate = by.Certificates[i].DER
	lines, err := d.lines.Of(ctx, by.ID)
	if err != nil {
		return c, err
	}
	i = slices.IndexFunc(lines, func(l tlog.Line) bool {
		issued, ok := open(l)
		return ok && issued.Kind == proof.CertificateIssued && strings.EqualFold(issued.Detail["serial"], by.Certificates[i].Serial)
	})
	if i < 0 {
		return c, errors.New("the log has no line of the certificate of the account that confirmed")
	}
	proofs, err := d.prove(ctx, lines[i:i+1])
	if err == nil {
		c.Line = &proofs[0]
	}
	return c, err
}

// visit finds the visit to the portal whose card has signed: its line stands between the
// two, and names the same record.
func (d drawer) visit(ctx context.Context, first, last uint64, record string) ([]byte, error) {
	for at := first; at < last; {
		lines, err := d.lines.Page(ctx, at, page)
		if err != nil || len(lines) == 0 {
			return nil, errors.Join(err, errors.New("the log has no line of the visit"))
		}
		for _, l := range lines {
			e, ok := open(l)
			if !ok || e.Kind != "card.signed" || e.Detail["record"] != record {
				continue
			}
			v, err := visits.New(d.store.Database()).Visit(ctx, e.Subject)
			if err != nil {
				return nil, err
			}
			return v.Evidence(d.sealer)
		}
		at = lines[len(lines)-1].Index + 1
	}
	return nil, errors.New("the log has no line of the visit")
}
