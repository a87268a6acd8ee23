package card

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// A Statement is what the holder of the card is shown about the phone, and signs
// (R1). Its text is both: what stands on the page is what is signed, to the byte.
type Statement struct {
	Person, Name string
	Phone        Phone
	Place        string // of the browser, as far as it is known
	Contact      string // masked
	Pairing      string
	Time         time.Time
}

// version begins each text.
const version = "tunnus ID-card statement, version 1"

// Warning stands in each text (R1).
const Warning = "Somebody who dictated this code to you is stealing your identity."

// Text returns what is signed: lines of UTF-8, each ended by a line feed, fields in
// this order, one a line, and nothing in them that is not printable.
func (t Statement) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nI make an account on this phone. It is mine, and I started this myself.\n%s\n\n", version, Warning)
	for _, row := range [][2]string{
		{"Person", t.Person},
		{"Name", t.Name},
		{"Level", string(t.Phone.Level)},
		{"Phone", t.Phone.Model},
		{"Place of the phone", known(t.Phone.Place)},
		{"Place of this browser", known(t.Place)},
		{"Started", t.Phone.Began.UTC().Format(time.DateTime) + " UTC"},
		{"Code beside it", t.Phone.Counter},
		{"Contact", t.Contact},
		{"Device key", t.Phone.Device},
		{"Log-in key", t.Phone.Keys[0]},
		{"Signature key", t.Phone.Keys[1]},
		{"Registration", t.Phone.Session},
		{"Pairing", t.Pairing},
		{"Time", t.Time.UTC().Format(time.DateTime) + " UTC"},
	} {
		fmt.Fprintf(&b, "%s: %s\n", row[0], line(row[1]))
	}
	return b.String()
}

func known(place string) string {
	if place == "" {
		return "unknown"
	}
	return place
}

// line is a value that cannot begin another line, or look like one.
func line(value string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, value)
}

// A Review is what the page shows before the card signs.
type Review struct {
	Statement Statement
	Text      string
	Hold      bool            // the account will be held for a day
	Request   *idcard.Request // what the card is to sign, once its certificate was judged
}

// Review returns what is to be signed in a visit that has matched.
func (s *Service) Review(ctx context.Context, visit string) (Review, error) {
	v, p, err := s.load(ctx, visit)
	if err != nil {
		return Review{}, err
	}
	if v.State != Matched {
		return Review{}, tunnus.Conflict(errors.New("card: nothing is to be signed"))
	}
	t, hold, err := s.statement(v, p)
	return Review{t, t.Text(), hold, p.Request}, err
}

func (s *Service) statement(v Visit, p payload) (t Statement, hold bool, err error) {
	person, err := p.person()
	if err != nil || p.Phone == nil {
		return t, false, errors.Join(errors.New("card: a visit without a phone"), err)
	}
	here := s.cfg.Places.Place(p.Address)
	t = Statement{
		Person: person.SemanticsID(), Name: strings.TrimSpace(p.GivenNames + " " + p.Surname), Phone: *p.Phone, Place: here,
		Contact: mask(p.Contact), Pairing: v.Pairing, Time: p.MatchedAt,
	}
	return t, here == "" || here != p.Phone.Place, nil
}

// paired returns a visit that has matched, and is told its pairing.
func (s *Service) paired(ctx context.Context, visit, pairing string) (Visit, payload, error) {
	v, p, err := s.step(ctx, visit, Sign)
	if err == nil && subtle.ConstantTimeCompare([]byte(v.Pairing), []byte(pairing)) != 1 {
		err = tunnus.Conflict(errors.New("card: another pairing"))
	}
	return v, p, err
}

// Offer takes the card's signing certificate, and says what the card is to sign. It
// fails as [idcard.Validator.CheckSigner] does.
func (s *Service) Offer(ctx context.Context, visit, pairing string, text []byte) (idcard.Request, error) {
	v, p, err := s.paired(ctx, visit, pairing)
	if err != nil {
		return idcard.Request{}, err
	}
	t, _, err := s.statement(v, p)
	if err != nil {
		return idcard.Request{}, err
	}
	p.Text = t.Text()
	person, err := p.person()
	if err != nil {
		return idcard.Request{}, err
	}
	q, err := s.cfg.Cards.Ask(ctx, text, p.Text, person, s.now())
	if err != nil {
		return idcard.Request{}, err
	}
	p.Request = &q
	v.State = Matched // nothing has happened yet
	return q, s.save(ctx, &v, p, nil)
}

// Prepare says what the card of a visit is to sign for a text that is not about the
// visit itself (package consent). It fails as [idcard.Validator.CheckSigner] does.
func (s *Service) Prepare(ctx context.Context, visit string, offer []byte, text string) (idcard.Request, error) {
	g, err := s.Who(ctx, visit)
	if err != nil {
		return idcard.Request{}, err
	}
	return s.cfg.Cards.Ask(ctx, offer, text, g.Person, s.now())
}

// Prove judges the reply to what [Service.Prepare] has asked for, as
// [idcard.Validator.VerifySignature] does, and returns the evidence with its digest and
// that of the certificate.
func (s *Service) Prove(ctx context.Context, visit string, q idcard.Request, reply []byte, text string) (evidence []byte, detail map[string]string, err error) {
	g, err := s.Who(ctx, visit)
	if err != nil {
		return nil, nil, err
	}
	signed, err := s.cfg.Cards.Answer(ctx, q, reply, g.Person, s.now())
	if err != nil {
		return nil, nil, err
	}
	evidence, err = json.Marshal(Record{signed.Evidence(text), g.Login, nil})
	return evidence, map[string]string{"text": digest([]byte(text)), "certificate": digest(signed.Certificate().Raw), "record": digest(evidence)}, err
}

// A Record is the evidence of one signature.
type Record struct {
	idcard.Evidence
	Login     map[string]string `json:"login"` // digests of what proved the log-in
	Questions map[string]string `json:"questions"`
}

func (v Visit) recordPlace() []byte { return []byte("card/record/" + v.ID) }

// Sign takes the card's reply. With it the phone is the person's. It fails as
// [idcard.Validator.VerifySignature] does, and may be tried again then.
func (s *Service) Sign(ctx context.Context, visit, pairing string, text []byte) error {
	if v, _, err := s.load(ctx, visit); err == nil && v.State == Signed && v.Pairing == pairing {
		return nil
	}
	v, p, err := s.paired(ctx, visit, pairing)
	if err != nil {
		return err
	}
	if p.Request == nil {
		return tunnus.Conflict(errors.New("card: the certificate comes first"))
	}
	person, err := p.person()
	if err != nil {
		return err
	}
	signed, err := s.cfg.Cards.Answer(ctx, *p.Request, text, person, s.now())
	if err != nil {
		return err
	}
	c, err := s.cfg.Store.Slip(ctx, v.Slip)
	if err != nil {
		return fmt.Errorf("card: reading a code: %w", err)
	}
	if !s.now().Before(c.Due) {
		return s.end(ctx, &v, old())
	}
	if err := c.move(Sealed); err != nil {
		return err
	}
	if _, p.Hold, err = s.statement(v, p); err != nil {
		return err
	}
	record, err := s.record(&v, p, signed)
	if err != nil {
		return err
	}
	p.Request = nil
	p.Signed = map[string]string{
		"text": digest([]byte(p.Text)), "certificate": digest(signed.Certificate().Raw), "record": record, "pairing": v.Pairing, "hold": fmt.Sprint(p.Hold),
	}
	return s.save(ctx, &v, p, &c, tunnus.Event{At: s.now(), Kind: "card.signed", Subject: v.ID, Detail: p.Signed})
}

// record seals the evidence into the visit and returns its digest.
func (s *Service) record(v *Visit, p payload, signed idcard.Signed) (string, error) {
	plain, err := json.Marshal(Record{signed.Evidence(p.Text), p.Login, p.Questions})
	if err == nil {
		v.Record, err = s.cfg.Sealer.Seal(plain, v.recordPlace())
	}
	if err != nil {
		return "", fmt.Errorf("card: sealing the evidence: %w", err)
	}
	return digest(plain), nil
}

// Record opens the evidence of a visit, or fails with not-found.
func (s *Service) Record(ctx context.Context, visit string) (r Record, err error) {
	v, err := s.cfg.Store.Visit(ctx, visit)
	if err != nil {
		return r, err
	}
	plain, err := v.Evidence(s.cfg.Sealer)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(plain, &r)
}

// Evidence opens what a visit has of its signature, a [Record], byte by byte as its
// digest was made; it fails with not-found if nothing was signed.
func (v Visit) Evidence(sealer otp.Sealer) ([]byte, error) {
	if len(v.Record) == 0 {
		return nil, tunnus.NotFound(errors.New("card: nothing was signed"))
	}
	plain, err := sealer.Open(v.Record, v.recordPlace())
	if err != nil {
		return nil, fmt.Errorf("card: opening the evidence: %w", err)
	}
	return plain, nil
}
