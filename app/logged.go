package app

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// Logged is a certificate of the holder, and what the transparency log shows of it.
type Logged struct {
	Purpose splitkey.Purpose
	Print   [sha256.Size]byte // SHA-256 of the certificate
	Shown   proof.Logged
	Entry   uint64 // place in the log, 0 is the first
	Err     error  // why nothing is shown: the proof fails, or there is none
}

// Logged asks for both certificates of this phone's account and for the proof
// that each is logged, and checks both here: that the certificate is for a key
// of this phone, and that the log contains it. That shows that these are logged,
// not that no other one exists (security.md A2).
func (a *App) Logged(ctx context.Context) ([]Logged, error) {
	held, err := a.held()
	if err != nil {
		return nil, err
	}
	list, err := a.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	var out []Logged
	for _, acc := range list {
		if acc.Document != held.Document {
			continue
		}
		for _, k := range acc.Keys {
			one := Logged{Purpose: splitkey.Purpose(k.Purpose)}
			if one.Err = a.ourCertificate(held, k); one.Err == nil {
				one.Print = sha256.Sum256(k.Certificate[0])
				one.Err = a.prove(ctx, held, k, &one)
			}
			out = append(out, one)
		}
	}
	if len(out) != 2 {
		return out, errors.New("app: the server does not show both certificates of this account")
	}
	return out, a.vault.Save()
}

// ourCertificate sees that a certificate is for the key of this phone.
func (a *App) ourCertificate(held vault.Account, k wire.Key) error {
	if len(k.Certificate) == 0 {
		return errors.New("app: the server shows no certificate")
	}
	cert, err := x509.ParseCertificate(k.Certificate[0])
	if err != nil {
		return fmt.Errorf("app: the certificate cannot be read: %w", err)
	}
	id := map[splitkey.Purpose]string{splitkey.Login: held.Login, splitkey.Signature: held.Sign}[splitkey.Purpose(k.Purpose)]
	own, ok := a.vault.State.Key(id)
	public, isRSA := cert.PublicKey.(*rsa.PublicKey)
	if !ok || !isRSA || public.E != splitkey.Exponent || string(public.N.Bytes()) != string(own.Modulus) {
		return errors.New("app: the certificate is for a key that is not of this phone")
	}
	return nil
}

// prove fetches and checks one proof, and keeps the checkpoint.
func (a *App) prove(ctx context.Context, held vault.Account, k wire.Key, one *Logged) error {
	var got wire.Logged
	if err := a.server.Call(ctx, wire.PathLogged, wire.LoggedOf{Document: held.Document, Purpose: k.Purpose}, &got); err != nil {
		return err
	}
	key, err := proof.ParseKey(got.Key)
	if err != nil {
		return err
	}
	one.Entry = got.Inclusion.Index
	if one.Shown, err = proof.Certificate(k.Certificate[0], got.Inclusion, key); err != nil {
		return err
	}
	return a.keepCheckpoint(got.Key, key, one.Shown.Checkpoint)
}

// keepCheckpoint keeps the newest checkpoint of a log. A log that has become
// shorter, or that says two things of one size, was rewritten.
func (a *App) keepCheckpoint(name string, key proof.Key, now proof.Checkpoint) error {
	own := &a.vault.State.Accounts[len(a.vault.State.Accounts)-1]
	if before, ok := own.Logs[name]; ok {
		earlier, err := key.Open(before)
		if err != nil {
			return err
		}
		if now.Size < earlier.Size {
			return fmt.Errorf("%w: it had %d lines and has %d", proof.ErrInconsistent, earlier.Size, now.Size)
		}
		if now.Size == earlier.Size {
			return proof.Consistent(earlier, now, nil)
		}
	} else if len(own.Logs) >= maxLogs {
		return errors.New("app: the server names one more log than there can be; its key has changed")
	}
	if own.Logs == nil {
		own.Logs = map[string][]byte{}
	}
	own.Logs[name] = now.Signed
	return nil
}

// maxLogs is how many logs the certificates of an account stand in: the
// authority's, which has one.
const maxLogs = 1
