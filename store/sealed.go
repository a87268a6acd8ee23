package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/hsm/rewrap"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/desk"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/keys"
	"github.com/tunnus-id/tunnus/store/life"
	"github.com/tunnus-id/tunnus/store/visits"
)

// Sealed implements [rewrap.Rows].
type Sealed struct{ d *engine.Database }

var _ rewrap.Rows = (*Sealed)(nil)

// Sealed returns the sealed records, as a rotation of keys goes through them.
func (s *Store) Sealed() *Sealed { return &Sealed{s.d} }

// A sealedPlace is how the records of one place are listed and written.
type sealedPlace struct {
	list    func(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error)
	replace func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error)
	copied  bool // the second place has the record too
}

// sealedPlaces are the places that rewrap.Places names, but for the marks.
var sealedPlaces = map[string]sealedPlace{
	"keyshare_key.sealed_voprf": {listVOPRF, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		return t.ResealVOPRF(ctx, db.ResealVOPRFParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
	}, true},
	"keyshare_key.next_voprf": {listNextVOPRF, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		return t.ResealNextVOPRF(ctx, db.ResealNextVOPRFParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
	}, true},
	"keyshare_key.sealed_half": {listHalf, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		return t.ResealHalf(ctx, db.ResealHalfParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
	}, true},
	"keyshare_pool.sealed_half": {listPooled, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		return t.ResealPooled(ctx, db.ResealPooledParams{Fresh: fresh, ID: []byte(r.ID), Sealed: r.Sealed})
	}, false},
	"account.contact": {listContact, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		return t.ResealContact(ctx, db.ResealContactParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
	}, false},
	"enrol_session.payload": {listPayload, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		return t.ResealPayload(ctx, db.ResealPayloadParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
	}, false},
	"enrol_question.sealed": {listQuestion, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		return t.ResealQuestion(ctx, db.ResealQuestionParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
	}, false},
	"enrol_question.record": {listConsent, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		return t.ResealConsent(ctx, db.ResealConsentParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
	}, false},
	"mail_job.sealed": {listLetter, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		return t.ResealLetter(ctx, db.ResealLetterParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed})
	}, false},
	"review_case.folder":    {desk.SealedFolder, desk.ResealFolder, false},
	"review_case.pictures":  {desk.SealedPictures, desk.ResealPictures, false},
	"review_case.contact":   {desk.SealedCaseContact, desk.ResealCaseContact, false},
	"desk_session.payload":  {desk.SealedDesk, desk.ResealDesk, false},
	"appointment.contact":   {desk.SealedAppointment, desk.ResealAppointment, false},
	"card_visit.payload":    {visits.SealedVisits, visits.ResealVisit, false},
	"card_visit.record":     {visits.SealedRecords, visits.ResealRecord, false},
	"card_slip.phone":       {visits.SealedSlips, visits.ResealSlip, false},
	"portal_session.sealed": {visits.SealedBrowsers, visits.ResealBrowser, false},
	"contact.sealed":        {life.SealedContacts, life.ResealContact, false},
	"history.sealed":        {life.SealedHistory, life.ResealHistory, false},
	"app_reply.body": {listReply, func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
		session, counter, err := replyID(r.ID)
		if err != nil {
			return 0, err
		}
		return t.ResealReply(ctx, db.ResealReplyParams{Fresh: fresh, Session: session, Counter: counter, Sealed: r.Sealed})
	}, false},
}

// markPlace is where the mark of a keyset is (Store.Marks).
const markPlace = "custody_mark."

// SealedRows implements [rewrap.Rows].
func (s *Sealed) SealedRows(ctx context.Context, place, after string, limit int) ([]rewrap.Row, error) {
	if name, ok := strings.CutPrefix(place, markPlace); ok {
		return s.mark(ctx, name, after)
	}
	p, ok := sealedPlaces[place]
	if !ok {
		return nil, fmt.Errorf("store: no sealed records at %q", place)
	}
	list, err := p.list(ctx, s.d.Read(), after, engine.Many(limit))
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", place, err)
	}
	return list, nil
}

// ReplaceSealed implements [rewrap.Rows].
func (s *Sealed) ReplaceSealed(ctx context.Context, place string, r rewrap.Row, fresh []byte) error {
	p, ok := sealedPlaces[place]
	if name, mark := strings.CutPrefix(place, markPlace); mark {
		p, ok = sealedPlace{replace: func(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
			return t.ResealMark(ctx, db.ResealMarkParams{Fresh: fresh, ID: name, Sealed: r.Sealed})
		}}, true
	}
	if !ok {
		return fmt.Errorf("store: no sealed records at %q", place)
	}
	return s.d.Write(ctx, func(t *engine.Tx) error {
		n, err := p.replace(ctx, t, r, engine.Full(fresh))
		if err := engine.Swapped(place, n, err); err != nil {
			return err
		}
		if p.copied {
			return keys.Copied(ctx, t, r.ID)
		}
		return nil
	})
}

// Note leaves audit lines of what was done to the keysets themselves.
func (s *Sealed) Note(ctx context.Context, events []tunnus.Event) error {
	return s.d.Write(ctx, func(t *engine.Tx) error { return t.Events(ctx, events) })
}

// mark is the one record of a keyset's mark.
func (s *Sealed) mark(ctx context.Context, name, after string) ([]rewrap.Row, error) {
	marks, err := s.d.Read().CustodyMarks(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: custody marks: %w", err)
	}
	var out []rewrap.Row
	for _, m := range marks {
		if m.Name == name && m.Name > after {
			out = append(out, rewrap.Row{ID: m.Name, Sealed: m.Sealed})
		}
	}
	return out, nil
}

// sealedRows turns what a query gave into records.
func sealedRows[T any](list []T, err error, of func(T) rewrap.Row) ([]rewrap.Row, error) {
	var out []rewrap.Row
	for _, r := range list {
		out = append(out, of(r))
	}
	return out, err
}

func listVOPRF(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedVOPRF(ctx, db.SealedVOPRFParams{After: after, Many: many})
	return sealedRows(list, err, func(r db.SealedVOPRFRow) rewrap.Row { return rewrap.Row(r) })
}

func listNextVOPRF(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedNextVOPRF(ctx, db.SealedNextVOPRFParams{After: after, Many: many})
	return sealedRows(list, err, func(r db.SealedNextVOPRFRow) rewrap.Row { return rewrap.Row(r) })
}

func listHalf(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedHalf(ctx, db.SealedHalfParams{After: after, Many: many})
	return sealedRows(list, err, func(r db.SealedHalfRow) rewrap.Row { return rewrap.Row(r) })
}

func listPooled(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedPooled(ctx, db.SealedPooledParams{After: engine.Full([]byte(after)), Many: many})
	return sealedRows(list, err, func(r db.SealedPooledRow) rewrap.Row { return rewrap.Row{ID: string(r.ID), Sealed: r.Sealed} })
}

func listContact(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedContact(ctx, db.SealedContactParams{After: after, Many: many})
	return sealedRows(list, err, func(r db.SealedContactRow) rewrap.Row { return rewrap.Row(r) })
}

func listPayload(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedPayload(ctx, db.SealedPayloadParams{After: after, Many: many})
	return sealedRows(list, err, func(r db.SealedPayloadRow) rewrap.Row { return rewrap.Row(r) })
}

func listQuestion(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedQuestion(ctx, db.SealedQuestionParams{After: after, Many: many})
	return sealedRows(list, err, func(r db.SealedQuestionRow) rewrap.Row { return rewrap.Row(r) })
}

func listConsent(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedConsent(ctx, db.SealedConsentParams{After: after, Many: many})
	return sealedRows(list, err, func(r db.SealedConsentRow) rewrap.Row { return rewrap.Row(r) })
}

func listLetter(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedLetter(ctx, db.SealedLetterParams{After: after, Many: many})
	return sealedRows(list, err, func(r db.SealedLetterRow) rewrap.Row { return rewrap.Row(r) })
}

func listReply(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	session, counter, err := replyID(after)
	if err != nil {
		return nil, err
	}
	list, err := q.SealedReply(ctx, db.SealedReplyParams{Session: session, Counter: counter, Many: many})
	return sealedRows(list, err, func(r db.SealedReplyRow) rewrap.Row {
		return rewrap.Row{ID: r.SessionID + "/" + strconv.FormatInt(r.Counter, 10), Sealed: r.Body}
	})
}

// replyID reads the ID of a reply: session ‖ "/" ‖ counter. The empty one comes
// before all.
func replyID(id string) (session string, counter int64, err error) {
	if id == "" {
		return "", -1, nil
	}
	at := strings.LastIndexByte(id, '/')
	if at < 0 {
		return "", 0, fmt.Errorf("store: %q is no reply", id)
	}
	counter, err = strconv.ParseInt(id[at+1:], 10, 64)
	return id[:at], counter, err
}
