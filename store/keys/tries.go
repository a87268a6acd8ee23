package keys

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var _ keyshare.Evaluations = (*Evaluations)(nil)

// Evaluations implements [keyshare.Evaluations].
type Evaluations struct{ d *engine.Database }

// Reserve implements [keyshare.Evaluations].
func (e *Evaluations) Reserve(ctx context.Context, k keyshare.Key, v keyshare.EvaluationRow, events []tunnus.Event) error {
	return e.d.Write(ctx, func(t *engine.Tx) error {
		if err := saveKey(ctx, t, k); err != nil {
			return err
		}
		if err := addTry(ctx, t, v); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

func addTry(ctx context.Context, t *engine.Tx, v keyshare.EvaluationRow) error {
	err := t.AddEvaluation(ctx, db.AddEvaluationParams{
		Key: v.Key, Seq: v.Seq, Generation: int64(v.Generation), Txn: v.Transaction, Nonce: engine.Full(v.Nonce),
		Body: engine.Full(v.Body), State: v.State, At: engine.Millis(v.At), Answer: engine.Full(v.Answer),
	})
	if err != nil {
		return engine.Added("evaluation", err)
	}
	return copies.Try(t, v)
}

// Update implements [keyshare.Evaluations].
func (e *Evaluations) Update(ctx context.Context, k keyshare.Key, v keyshare.EvaluationRow, events []tunnus.Event) error {
	return e.d.Write(ctx, func(t *engine.Tx) error {
		if err := saveKey(ctx, t, k); err != nil {
			return err
		}
		n, err := t.AnswerEvaluation(ctx, db.AnswerEvaluationParams{
			Key: v.Key, Seq: v.Seq, State: v.State, Answer: engine.Full(v.Answer),
		})
		if err := engine.Exists("evaluation", n, err); err != nil {
			return err
		}
		if err := copyTry(ctx, t, v.Key, v.Seq); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// Since implements [keyshare.Evaluations].
func (e *Evaluations) Since(ctx context.Context, key string, seq int64) ([]keyshare.EvaluationRow, error) {
	rows, err := e.d.Read().EvaluationsSince(ctx, db.EvaluationsSinceParams{Key: key, Seq: seq})
	return engine.Each("evaluations", rows, err, toEvaluation)
}

// ByNonce implements [keyshare.Evaluations].
func (e *Evaluations) ByNonce(ctx context.Context, key string, nonce []byte) (keyshare.EvaluationRow, error) {
	r, err := e.d.Read().EvaluationByNonce(ctx, db.EvaluationByNonceParams{Key: key, Nonce: engine.Full(nonce)})
	if err != nil {
		return keyshare.EvaluationRow{}, engine.Found("evaluation", err)
	}
	return toEvaluation(r), nil
}

func toEvaluation(r db.KeyshareEvaluation) keyshare.EvaluationRow {
	return keyshare.EvaluationRow{
		Key: r.Key, Seq: r.Seq, Generation: int(r.Generation), Transaction: r.Txn, Nonce: engine.Some(r.Nonce),
		Body: engine.Some(r.Body), State: r.State, At: engine.Moment(r.At), Answer: engine.Some(r.Answer),
	}
}

// copyTry leaves a copy of a try as it stands now.
func copyTry(ctx context.Context, t *engine.Tx, key string, seq int64) error {
	r, err := t.EvaluationAt(ctx, db.EvaluationAtParams{Key: key, Seq: seq})
	if err != nil {
		return engine.Found("evaluation", err)
	}
	return copies.Try(t, toEvaluation(r))
}
