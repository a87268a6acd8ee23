package life

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/problem/phrases"
	"github.com/tunnus-id/tunnus/store/copies"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// SaveAccount writes an account in a transaction, as [account.Store] Save would,
// and leaves a copy of its state for the second place. It leaves it to two unique indexes that
// a document number and a living account of a device stay single.
func SaveAccount(ctx context.Context, t *engine.Tx, v account.Account) error {
	certificates, err := json.Marshal(v.Certificates)
	if err != nil {
		return fmt.Errorf("store: account: %w", err)
	}
	p := db.SaveAccountParams{
		ID: v.ID, Rev: v.Rev, Person: v.Person.SemanticsID(), Document: v.Document,
		Surname: v.Surname, GivenNames: v.GivenNames, Level: string(v.Level), State: string(v.State),
		Device: v.Device, LoginKey: v.LoginKey, SignKey: v.SignKey,
		Certificates: certificates, Contact: engine.Full(v.Contact),
		Application: engine.Full(v.Application), Signature: engine.Full(v.Signature),
		CreatedAt: engine.Millis(v.CreatedAt), ExpiresAt: engine.Millis(v.ExpiresAt),
		Purpose: string(cmp.Or(v.Purpose, account.ForNew)), ProofedBy: string(cmp.Or(v.Proofed, account.ByOther)),
		VouchedBy: v.VouchedBy, Replaces: v.Replaces, ReplacedBy: v.ReplacedBy, Agreed: v.Agreed,
		ActiveAt: engine.Millis(v.ActiveAt), StoppedAt: engine.Millis(v.StoppedAt), FrozenUntil: engine.Millis(v.FrozenUntil),
		RetireAt: engine.Millis(v.RetireAt), Reminded: int64(v.Reminded), Fraud: v.Fraud, Behind: v.Behind, Told: v.Told,
		Language: cmp.Or(v.Language, string(phrases.English)), Model: v.Model,
	}
	if err := copies.AccountState(t, v.ID, string(v.State), v.Rev+1); err != nil {
		return err
	}
	if v.Rev == 0 {
		p.Rev = 1
		return engine.Added("account", t.AddAccount(ctx, db.AddAccountParams(p)))
	}
	n, err := t.SaveAccount(ctx, p)
	return engine.Swapped("account", n, err)
}

// ToAccount reads an account from its row.
func ToAccount(r db.Account) (account.Account, error) {
	person, err := tunnus.ParseSemanticsID(r.Person)
	if err != nil {
		return account.Account{}, fmt.Errorf("store: account %s: the person's code is damaged", r.ID)
	}
	v := account.Account{
		ID: r.ID, Document: r.Document, Person: person, Level: tunnus.Level(r.Level), State: account.State(r.State),
		Surname: r.Surname, GivenNames: r.GivenNames, Device: r.Device, LoginKey: r.LoginKey, SignKey: r.SignKey,
		Contact: engine.Some(r.Contact), Application: engine.Some(r.Application), Signature: engine.Some(r.Signature),
		CreatedAt: engine.Moment(r.CreatedAt), ExpiresAt: engine.Moment(r.ExpiresAt), Rev: r.Rev,
		Purpose: account.Purpose(r.Purpose), Proofed: account.Proof(r.ProofedBy),
		VouchedBy: r.VouchedBy, Replaces: r.Replaces, ReplacedBy: r.ReplacedBy, Agreed: r.Agreed,
		ActiveAt: engine.Moment(r.ActiveAt), StoppedAt: engine.Moment(r.StoppedAt), FrozenUntil: engine.Moment(r.FrozenUntil),
		RetireAt: engine.Moment(r.RetireAt), Reminded: int(r.Reminded), Fraud: r.Fraud, Behind: r.Behind, Told: r.Told, Language: r.Language, Model: r.Model,
	}
	if err := json.Unmarshal(r.Certificates, &v.Certificates); err != nil {
		return account.Account{}, fmt.Errorf("store: account %s: %w", r.ID, err)
	}
	return v, nil
}
