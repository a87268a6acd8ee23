package store

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/store/db"
)

var _ keyshare.Evaluations = (*Evaluations)(nil)

// Evaluations implements [keyshare.Evaluations].
type Evaluations struct{ s *Store }

// Reserve implements [keyshare.Evaluations].
func (e *Evaluations) Reserve(ctx context.Context, k keyshare.Key, v keyshare.EvaluationRow, events []tunnus.Event) error {
	return e.s.write(ctx, func(t tx) error {
		if err := t.saveKey(ctx, k); err != nil {
			return err
		}
		err := t.AddEvaluation(ctx, db.AddEvaluationParams{
			Key: v.Key, Seq: v.Seq, Generation: int64(v.Generation), Txn: v.Transaction, Nonce: full(v.Nonce),
			Body: full(v.Body), State: v.State, At: millis(v.At), Answer: full(v.Answer),
		})
		if err != nil {
			return added("evaluation", err)
		}
		return t.events(ctx, events)
	})
}

// Update implements [keyshare.Evaluations].
func (e *Evaluations) Update(ctx context.Context, k keyshare.Key, v keyshare.EvaluationRow, events []tunnus.Event) error {
	return e.s.write(ctx, func(t tx) error {
		if err := t.saveKey(ctx, k); err != nil {
			return err
		}
		n, err := t.AnswerEvaluation(ctx, db.AnswerEvaluationParams{
			Key: v.Key, Seq: v.Seq, State: v.State, Answer: full(v.Answer),
		})
		if err := exists("evaluation", n, err); err != nil {
			return err
		}
		return t.events(ctx, events)
	})
}

// Since implements [keyshare.Evaluations].
func (e *Evaluations) Since(ctx context.Context, key string, seq int64) ([]keyshare.EvaluationRow, error) {
	rows, err := e.s.read.EvaluationsSince(ctx, db.EvaluationsSinceParams{Key: key, Seq: seq})
	return each("evaluations", rows, err, toEvaluation)
}

// ByNonce implements [keyshare.Evaluations].
func (e *Evaluations) ByNonce(ctx context.Context, key string, nonce []byte) (keyshare.EvaluationRow, error) {
	r, err := e.s.read.EvaluationByNonce(ctx, db.EvaluationByNonceParams{Key: key, Nonce: full(nonce)})
	if err != nil {
		return keyshare.EvaluationRow{}, found("evaluation", err)
	}
	return toEvaluation(r), nil
}

func toEvaluation(r db.KeyshareEvaluation) keyshare.EvaluationRow {
	return keyshare.EvaluationRow{
		Key: r.Key, Seq: r.Seq, Generation: int(r.Generation), Transaction: r.Txn, Nonce: some(r.Nonce),
		Body: some(r.Body), State: r.State, At: moment(r.At), Answer: some(r.Answer),
	}
}
