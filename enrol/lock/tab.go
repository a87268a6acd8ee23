package lock

import (
	"context"

	"github.com/tunnus-id/tunnus"
)

// A Debtor is who pays for a judgement: a document and, where that could be a
// copy, the device that came with it too (L2).
type Debtor struct {
	Document Key
	Device   Key
	Copyable bool
}

// A Tab charges both.
type Tab struct {
	Documents *Ledger // of the phase Judgement
	Devices   *Ledger // of the phase Proof
}

// Charge opens an attempt as [Ledger.Charge] does, and returns the document's state.
func (t Tab) Charge(ctx context.Context, d Debtor, attempt string) (State, error) {
	if d.Copyable {
		if err := t.Documents.Check(ctx, d.Document); err != nil {
			return State{}, err
		}
		if _, err := t.Devices.Charge(ctx, d.Device, attempt, false); err != nil {
			return State{}, err
		}
	}
	return t.Documents.Charge(ctx, d.Document, attempt, d.Copyable)
}

// Close writes a verdict as [Ledger.Close] does, and returns the document's state.
func (t Tab) Close(ctx context.Context, d Debtor, attempt string, verdict Kind, code tunnus.Code) (State, error) {
	s, err := t.Documents.Close(ctx, d.Document, attempt, verdict, code)
	if err != nil || !d.Copyable {
		return s, err
	}
	if verdict == Succeeded { // ends the document's count, not the device's
		verdict = Passed
	}
	_, err = t.Devices.Close(ctx, d.Device, attempt, verdict, code)
	return s, err
}

// Void refunds an attempt as [Ledger.Void] does.
func (t Tab) Void(ctx context.Context, d Debtor, attempt string, why tunnus.Code) error {
	err := t.Documents.Void(ctx, d.Document, attempt, why)
	if err == nil && d.Copyable {
		err = t.Devices.Void(ctx, d.Device, attempt, why)
	}
	return err
}
