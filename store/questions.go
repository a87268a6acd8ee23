package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/confirm"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var _ confirm.Store = (*Questions)(nil)

// Questions implements [confirm.Store].
type Questions struct{ d *engine.Database }

// Questions returns what holders are asked to confirm on their other devices.
func (s *Store) Questions() *Questions { return &Questions{s.d} }

// Question implements [confirm.Store].
func (q *Questions) Question(ctx context.Context, id string) (confirm.Question, error) {
	r, err := q.d.Read().Question(ctx, id)
	if err != nil {
		return confirm.Question{}, engine.Found("question", err)
	}
	return asked(r), nil
}

func asked(r db.EnrolQuestion) confirm.Question {
	return confirm.Question{
		ID: r.ID, About: statement.About(r.About), Session: r.Session, Device: r.Device, Child: r.Child, State: confirm.State(r.State),
		Account: r.Account, Login: r.Login, Sign: r.Sign, Sealed: engine.Some(r.Sealed), Record: engine.Some(r.Record), Due: engine.Moment(r.Due), Rev: r.Rev,
	}
}

// OfChild implements [confirm.Store].
func (q *Questions) OfChild(ctx context.Context, child string, limit int) (out []confirm.Question, err error) {
	list, err := q.d.Read().QuestionsOfChild(ctx, db.QuestionsOfChildParams{Child: child, Many: engine.Many(limit)})
	if err != nil {
		return nil, fmt.Errorf("store: questions about a child: %w", err)
	}
	for _, r := range list {
		out = append(out, asked(r))
	}
	return out, nil
}

// Unheard implements [confirm.Store].
func (q *Questions) Unheard(ctx context.Context, due time.Time, limit int) ([]string, error) {
	ids, err := q.d.Read().QuestionsUnheard(ctx, db.QuestionsUnheardParams{Due: engine.Millis(due), Many: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("store: overdue questions: %w", err)
	}
	return ids, nil
}

// Save implements [confirm.Store].
func (q *Questions) Save(ctx context.Context, v confirm.Question, events []tunnus.Event) error {
	p := db.SaveQuestionParams{
		ID: v.ID, Rev: v.Rev, About: string(v.About), Session: v.Session, Device: v.Device, State: string(v.State),
		Account: v.Account, Login: v.Login, Sign: v.Sign, Sealed: engine.Full(v.Sealed), Due: engine.Millis(v.Due),
		Child: v.Child, Record: engine.Full(v.Record),
	}
	return q.d.Write(ctx, func(t *engine.Tx) error {
		if v.Rev == 0 {
			add := db.AddQuestionParams(p)
			add.Rev = 1
			if err := t.AddQuestion(ctx, add); err != nil {
				return engine.Added("question", err)
			}
			return t.Events(ctx, events)
		}
		n, err := t.SaveQuestion(ctx, p)
		if err := engine.Swapped("question", n, err); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}
