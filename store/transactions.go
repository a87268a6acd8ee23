package store

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/store/db"
)

var _ keyshare.Transactions = (*Transactions)(nil)

// Transactions implements [keyshare.Transactions].
type Transactions struct{ s *Store }

// Put implements [keyshare.Transactions].
func (x *Transactions) Put(ctx context.Context, v keyshare.Transaction, events []tunnus.Event) error {
	return x.s.write(ctx, func(t tx) error {
		p := transactionParams(v)
		p.Rev = 1
		if err := t.AddTransaction(ctx, db.AddTransactionParams(p)); err != nil {
			return added("transaction", err)
		}
		return t.events(ctx, events)
	})
}

// Transaction implements [keyshare.Transactions].
func (x *Transactions) Transaction(ctx context.Context, id string) (keyshare.Transaction, error) {
	r, err := x.s.read.Transaction(ctx, id)
	if err != nil {
		return keyshare.Transaction{}, found("transaction", err)
	}
	return toTransaction(r), nil
}

// LiveOf implements [keyshare.Transactions].
func (x *Transactions) LiveOf(ctx context.Context, key string, now time.Time, limit int) ([]keyshare.Transaction, error) {
	rows, err := x.s.read.LiveTransactions(ctx, db.LiveTransactionsParams{Key: key, Now: millis(now), Many: many(limit)})
	return each("transactions", rows, err, toTransaction)
}

// SaveTransaction implements [keyshare.Transactions].
func (x *Transactions) SaveTransaction(ctx context.Context, v keyshare.Transaction, events []tunnus.Event) error {
	return x.s.write(ctx, func(t tx) error {
		if err := t.saveTransaction(ctx, v); err != nil {
			return err
		}
		return t.events(ctx, events)
	})
}

// Finish implements [keyshare.Transactions].
func (x *Transactions) Finish(ctx context.Context, k keyshare.Key, e keyshare.EvaluationRow, v keyshare.Transaction, events []tunnus.Event) error {
	return x.s.write(ctx, func(t tx) error {
		if err := t.saveKey(ctx, k); err != nil {
			return err
		}
		if err := t.saveTransaction(ctx, v); err != nil {
			return err
		}
		n, err := t.MarkEvaluation(ctx, db.MarkEvaluationParams{Key: e.Key, Seq: e.Seq, State: e.State})
		if err := exists("evaluation", n, err); err != nil {
			return err
		}
		return t.events(ctx, events)
	})
}

func (t tx) saveTransaction(ctx context.Context, v keyshare.Transaction) error {
	n, err := t.SaveTransaction(ctx, transactionParams(v))
	return swapped("transaction", n, err)
}

func transactionParams(v keyshare.Transaction) db.SaveTransactionParams {
	return db.SaveTransactionParams{
		ID: v.ID, Rev: v.Rev, Key: v.Key, Kind: v.Kind, Record: full(v.Record), Hash: string(v.Hash), Salt: full(v.Salt),
		Freshness: full(v.Freshness), State: v.State, CreatedAt: millis(v.CreatedAt), ExpiresAt: millis(v.ExpiresAt),
		Completion: full(v.Completion), Answer: full(v.Answer), Approval: full(v.Approval), Signature: full(v.Signature),
		SignedAt: millis(v.SignedAt),
	}
}

func toTransaction(r db.KeyshareTransaction) keyshare.Transaction {
	return keyshare.Transaction{
		ID: r.ID, Rev: r.Rev, Key: r.Key, Kind: r.Kind, Record: some(r.Record), Hash: splitkey.Hash(r.Hash),
		Salt: some(r.Salt), Freshness: some(r.Freshness), State: r.State, CreatedAt: moment(r.CreatedAt),
		ExpiresAt: moment(r.ExpiresAt), Completion: some(r.Completion), Answer: some(r.Answer), Approval: some(r.Approval),
		Signature: some(r.Signature), SignedAt: moment(r.SignedAt),
	}
}
