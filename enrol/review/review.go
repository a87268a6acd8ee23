package review

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/staff"
)

// Rules are the numbers of the queue.
type Rules struct {
	Life     time.Duration // how long a case waits; the scheme says
	Pictures time.Duration // how long pictures are kept at most: 24 h (product.md §7)
	Claim    time.Duration // how long a reviewer may look
}

// DefaultRules are those of a scheme that says nothing else.
var DefaultRules = Rules{Life: 7 * 24 * time.Hour, Pictures: 24 * time.Hour, Claim: 30 * time.Minute}

// maxPictures bounds what one case holds, in bytes.
const maxPictures = 12 << 20

// A Service keeps the queue.
type Service struct {
	store  Store
	sealer otp.Sealer
	rules  Rules
	clock  tunnus.Clock
}

// New makes a queue. Pictures are never kept longer than 24 h, whatever the rules say.
func New(store Store, sealer otp.Sealer, rules Rules, clock tunnus.Clock) *Service {
	rules.Pictures = min(rules.Pictures, DefaultRules.Pictures)
	return &Service{store, sealer, rules, clock}
}

func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Millisecond) }

// Pictures are what reviewers compare.
type Pictures struct {
	Portrait []byte   `json:"portrait"` // of the chip, as it is stored (package document/portrait)
	Frames   [][]byte `json:"frames"`   // live, JPEG
}

// A Folder is what reviewers read beside them.
type Folder struct {
	Zone    string            `json:"zone"`    // code line of the chip
	Results map[string]string `json:"results"` // of the engine and of the chip's checks
}

// A Parcel is what a sitting hands over to be looked at.
type Parcel struct {
	Session  string
	Kind     Kind
	Mark     string // of the applicant: staff.Marker
	Contact  string // where the decision is told; "" if none is confirmed
	Language string // of the letter, such as "et"; empty is English
	Device   string // model of the phone, as it says itself: the letter names it
	Pictures Pictures
	Folder   Folder
}

// what a letter needs later.
type contact struct {
	To       string `json:"to"`
	Device   string `json:"device"`
	Language string `json:"language"`
}

// Draft makes a case of a parcel, with its audit line. Nothing is stored: whoever
// parks a sitting writes both in one transaction, or calls [Service.Park].
func (s *Service) Draft(p Parcel) (Case, tunnus.Event, error) {
	now := s.now()
	size := len(p.Pictures.Portrait)
	for _, f := range p.Pictures.Frames {
		size += len(f)
	}
	if p.Session == "" || p.Mark == "" || size > maxPictures || !slices.Contains(Kinds(), p.Kind) {
		return Case{}, tunnus.Event{}, errors.New("review: a parcel needs a sitting, a kind, the applicant's mark and pictures that fit")
	}
	c := Case{
		ID: staff.Reference(), Session: p.Session, Kind: p.Kind, State: Open, Mark: p.Mark,
		ParkedAt: now, Until: now.Add(s.rules.Pictures), Expires: now.Add(s.rules.Life),
	}
	err := errors.Join(
		s.seal(c, "pictures", p.Pictures, &c.Pictures), s.seal(c, "folder", p.Folder, &c.Folder),
		s.seal(c, "contact", contact{p.Contact, p.Device, p.Language}, &c.Contact))
	line := tunnus.Event{At: now, Kind: "review.park", Subject: c.ID, Detail: map[string]string{"session": c.Session, "kind": string(c.Kind)}}
	return c, line, err
}

// Park puts a sitting into the queue and returns its case. Repeating it for a
// sitting that waits returns the case that it has.
func (s *Service) Park(ctx context.Context, p Parcel) (Case, error) {
	if have, err := s.store.Of(ctx, p.Session); err == nil && !have.State.Ended() {
		return have, nil
	} else if err != nil && tunnus.CodeOf(err) != tunnus.CodeNotFound {
		return Case{}, err
	}
	c, line, err := s.Draft(p)
	if err != nil {
		return Case{}, err
	}
	return c, s.save(ctx, &c, nil, line)
}

// Of tells the case of a sitting, for the app: not-found if it has none.
func (s *Service) Of(ctx context.Context, session string) (Case, error) {
	return s.store.Of(ctx, session)
}

// Wants reports whether the case of a sitting waits for new pictures: those that it
// had are over. One without a case, or whose case has ended, waits for none.
func (s *Service) Wants(ctx context.Context, session string) (bool, error) {
	c, err := s.store.Of(ctx, session)
	if tunnus.CodeOf(err) == tunnus.CodeNotFound {
		return false, nil
	}
	return err == nil && s.wants(c), err
}

func (s *Service) wants(c Case) bool {
	now := s.now()
	return !c.State.Ended() && now.Before(c.Expires) && (c.Pictures == nil || !now.Before(c.Until))
}

// Renew takes new pictures for a case whose pictures are over. While there are
// some it fails with [tunnus.CodeStateConflict]: nobody swaps what was looked at. The
// results take the place of those that machines found in the pictures before.
func (s *Service) Renew(ctx context.Context, session string, p Pictures, results map[string]string) error {
	c, err := s.store.Of(ctx, session)
	if err != nil {
		return err
	}
	now := s.now()
	if !s.wants(c) {
		return tunnus.Conflict(errors.New("review: no pictures are asked for"))
	}
	var f Folder
	if err := s.open(c, "folder", c.Folder, &f); err != nil {
		return err
	}
	f.Results = results
	if err := errors.Join(s.seal(c, "pictures", p, &c.Pictures), s.seal(c, "folder", f, &c.Folder)); err != nil {
		return err
	}
	c.Until = now.Add(s.rules.Pictures)
	// Whoever approved has seen other pictures: both have to look at the same ones.
	c.State, c.First, c.Claimant, c.ClaimedAt = Open, "", "", time.Time{}
	return s.save(ctx, &c, nil, tunnus.Event{At: now, Kind: "review.renew", Subject: c.ID})
}

// seal seals a part of a case for its place.
func (s *Service) seal(c Case, part string, v any, into *[]byte) error {
	plain, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("review: writing a case: %w", err)
	}
	if *into, err = s.sealer.Seal(plain, c.place(part)); err != nil {
		return fmt.Errorf("review: sealing a case: %w", err)
	}
	return nil
}

func (s *Service) open(c Case, part string, sealed []byte, v any) error {
	plain, err := s.sealer.Open(sealed, c.place(part))
	if err != nil {
		return fmt.Errorf("review: opening a case: %w", err)
	}
	return json.Unmarshal(plain, v)
}

// place binds a seal to its case and part.
func (c Case) place(part string) []byte { return []byte("review/" + c.ID + "/" + part) }

func (s *Service) save(ctx context.Context, c *Case, letters []otp.Letter, lines ...tunnus.Event) error {
	if err := s.store.Save(ctx, *c, letters, lines); err != nil {
		return fmt.Errorf("review: writing a case: %w", err)
	}
	c.Rev++
	return nil
}

// Brief tells of a case what a list shows.
func (c Case) Brief() Brief {
	return Brief{c.ID, c.Kind, c.State, c.Claimant != "", c.Pictures != nil, c.ParkedAt, c.Expires}
}
