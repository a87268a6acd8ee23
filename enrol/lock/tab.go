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
	Documents *Ledger   // of the phase Judgement
	Devices   *Ledger   // of the phase Proof
	Addresses Addresses // of the phase Proof; one without Paces slows nobody
}

// A Bearer is who pays for a proof: until a chip has proved itself its document
// pays for nothing.
type Bearer struct {
	Device  Key
	Account Key // of an account that has proved itself in this session, or "" (L7)
	Address Key // where the request came from, or ""
}

// ChargeProof opens a proof: the address is slowed, then device and account are
// charged as [Ledger.Charge] does, all of them before anything is judged.
func (t Tab) ChargeProof(ctx context.Context, b Bearer, attempt string) error {
	if b.Address != "" && t.Addresses.Paces != nil {
		if err := t.Addresses.Enter(ctx, b.Address); err != nil {
			return err
		}
	}
	for _, k := range b.keys() {
		if _, err := t.Devices.Charge(ctx, k, attempt, false); err != nil {
			return err
		}
	}
	return nil
}

// CloseProof writes the verdict of a proof, Passed or Failed, as [Ledger.Close] does.
func (t Tab) CloseProof(ctx context.Context, b Bearer, attempt string, verdict Kind, code tunnus.Code) error {
	for _, k := range b.keys() {
		if _, err := t.Devices.Close(ctx, k, attempt, verdict, code); err != nil {
			return err
		}
	}
	if verdict == Failed {
		return nil
	}
	return t.well(ctx, b)
}

// VoidProof refunds a proof as [Ledger.Void] does.
func (t Tab) VoidProof(ctx context.Context, b Bearer, attempt string, why tunnus.Code, in Input) error {
	for _, k := range b.keys() {
		if err := t.Devices.Void(ctx, k, attempt, why, in); err != nil {
			return err
		}
	}
	return t.well(ctx, b)
}

func (t Tab) well(ctx context.Context, b Bearer) error {
	if b.Address == "" || t.Addresses.Paces == nil {
		return nil
	}
	return t.Addresses.Well(ctx, b.Address)
}

func (b Bearer) keys() []Key {
	if b.Account == "" {
		return []Key{b.Device}
	}
	return []Key{b.Device, b.Account}
}

// Note writes down a mishap that counts when repeated, on the device and, if it is
// known, the document: the third within a day on either of them counts there.
func (t Tab) Note(ctx context.Context, d Debtor, evidence string, code tunnus.Code) error {
	if err := t.Devices.Note(ctx, d.Device, evidence, code, false); err != nil || d.Document == "" {
		return err
	}
	return t.Documents.Note(ctx, d.Document, evidence, code, d.Copyable)
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
func (t Tab) Void(ctx context.Context, d Debtor, attempt string, why tunnus.Code, in Input) error {
	err := t.Documents.Void(ctx, d.Document, attempt, why, in)
	if err == nil && d.Copyable {
		err = t.Devices.Void(ctx, d.Device, attempt, why, in)
	}
	return err
}
