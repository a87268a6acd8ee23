package keys

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

var _ keyshare.Transactions = (*Transactions)(nil)

// Transactions implements [keyshare.Transactions].
type Transactions struct{ d *engine.Database }

// Put implements [keyshare.Transactions].
func (x *Transactions) Put(ctx context.Context, v keyshare.Transaction, events []tunnus.Event) error {
	return x.d.Write(ctx, func(t *engine.Tx) error {
		p := transactionParams(v)
		p.Rev = 1
		if err := t.AddTransaction(ctx, db.AddTransactionParams(p)); err != nil {
			return engine.Added("transaction", err)
		}
		return t.Events(ctx, events)
	})
}

// Transaction implements [keyshare.Transactions].
func (x *Transactions) Transaction(ctx context.Context, id string) (keyshare.Transaction, error) {
	r, err := x.d.Read().Transaction(ctx, id)
	if err != nil {
		return keyshare.Transaction{}, engine.Found("transaction", err)
	}
	return toTransaction(r), nil
}

// LiveOf implements [keyshare.Transactions].
func (x *Transactions) LiveOf(ctx context.Context, key string, now time.Time, limit int) ([]keyshare.Transaction, error) {
	rows, err := x.d.Read().LiveTransactions(ctx, db.LiveTransactionsParams{Key: key, Now: engine.Millis(now), Many: engine.Many(limit)})
	return engine.Each("transactions", rows, err, toTransaction)
}

// SaveTransaction implements [keyshare.Transactions].
func (x *Transactions) SaveTransaction(ctx context.Context, v keyshare.Transaction, events []tunnus.Event) error {
	return x.d.Write(ctx, func(t *engine.Tx) error {
		if err := saveTransaction(ctx, t, v); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

// Finish implements [keyshare.Transactions].
func (x *Transactions) Finish(ctx context.Context, k keyshare.Key, e keyshare.EvaluationRow, v keyshare.Transaction, events []tunnus.Event) error {
	return x.d.Write(ctx, func(t *engine.Tx) error {
		if err := saveKey(ctx, t, k); err != nil {
			return err
		}
		if err := saveTransaction(ctx, t, v); err != nil {
			return err
		}
		n, err := t.MarkEvaluation(ctx, db.MarkEvaluationParams{Key: e.Key, Seq: e.Seq, State: e.State})
		if err := engine.Exists("evaluation", n, err); err != nil {
			return err
		}
		if err := copyTry(ctx, t, e.Key, e.Seq); err != nil {
			return err
		}
		return t.Events(ctx, events)
	})
}

func saveTransaction(ctx context.Context, t *engine.Tx, v keyshare.Transaction) error {
	n, err := t.SaveTransaction(ctx, transactionParams(v))
	return engine.Swapped("transaction", n, err)
}

func transactionParams(v keyshare.Transaction) db.SaveTransactionParams {
	return db.SaveTransactionParams{
		ID: v.ID, Rev: v.Rev, Key: v.Key, Kind: v.Kind, Record: engine.Full(v.Record), Hash: string(v.Hash), Salt: engine.Full(v.Salt),
		Freshness: engine.Full(v.Freshness), State: v.State, CreatedAt: engine.Millis(v.CreatedAt), ExpiresAt: engine.Millis(v.ExpiresAt),
		Completion: engine.Full(v.Completion), Answer: engine.Full(v.Answer), Approval: engine.Full(v.Approval), Signature: engine.Full(v.Signature),
		SignedAt: engine.Millis(v.SignedAt), Padding: string(v.Padding),
	}
}

func toTransaction(r db.KeyshareTransaction) keyshare.Transaction {
	return keyshare.Transaction{
		ID: r.ID, Rev: r.Rev, Key: r.Key, Kind: r.Kind, Record: engine.Some(r.Record), Hash: splitkey.Hash(r.Hash),
		Salt: engine.Some(r.Salt), Freshness: engine.Some(r.Freshness), State: r.State, CreatedAt: engine.Moment(r.CreatedAt),
		ExpiresAt: engine.Moment(r.ExpiresAt), Completion: engine.Some(r.Completion), Answer: engine.Some(r.Answer), Approval: engine.Some(r.Approval),
		Signature: engine.Some(r.Signature), SignedAt: engine.Moment(r.SignedAt),
		Padding: splitkey.Padding(r.Padding),
	}
}
