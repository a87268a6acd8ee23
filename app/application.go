package app

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// application shows what is applied for and signs it with the new PIN2: the
// first signature of the new key, and the proof that the PIN is remembered.
func (r *registration) application(ctx context.Context, st wire.Status) (wire.Status, error) {
	login, ok1 := r.vault.State.Key(r.vault.State.Making[splitkey.Login])
	sign, ok2 := r.vault.State.Key(r.vault.State.Making[splitkey.Signature])
	if !ok1 || !ok2 {
		return wire.Status{}, errors.New("app: the new keys are gone; please start again")
	}
	if _, err := r.status(ctx, login); err != nil {
		return wire.Status{}, err
	}
	standing, err := r.status(ctx, sign)
	if err != nil {
		return wire.Status{}, err
	}
	if f, err := fieldsOf(standing, st.Transaction); err == nil {
		if err := r.signApplication(ctx, f, login, sign); err != nil {
			return wire.Status{}, err
		}
	} // else it is signed already, and only its end was not heard
	done, err := r.post(ctx, wire.StepApplication, wire.None{})
	if err != nil {
		return done, err
	}
	if done.Account == nil {
		return done, errors.New("app: the server names no account")
	}
	r.vault.State.Accounts = append(r.vault.State.Accounts, vault.Account{
		Document: done.Account.Document, Scheme: r.server.Scheme(), Login: login.Blob.Key, Sign: sign.Blob.Key,
	})
	r.vault.State.DropKeys()
	return done, r.vault.Save()
}

func (r *registration) signApplication(ctx context.Context, f splitkey.Fields, login, sign *vault.Key) error {
	if f.Kind != application.Kind || f.Hash != application.Hash || f.Padding != application.Padding {
		return errors.New("app: that is no application")
	}
	record, err := application.ParseRecord(f.Record)
	if err != nil {
		return err
	}
	if err := r.ours(record.Application, login, sign); err != nil {
		return err
	}
	payload, err := application.Format{}.Payload(f.Record, nil)
	if err != nil {
		return err
	}
	text := record.Application.Text()
	for line := range strings.Lines(text) {
		r.screen.Tell("  " + strings.TrimRight(line, "\n"))
	}
	sum := sha256.Sum256([]byte(text))
	shown := approval{payload: payload, shown: splitkey.Approval{TextHash: sum[:], Service: application.Service}}
	return r.withPIN(ctx, "pin2", "PIN2, to sign the application", func(ctx context.Context, pin tunnus.Secret) error {
		return r.sign(ctx, sign, f, pin, shown)
	})
}

// ours refuses an application that is not for this phone and its keys: a
// server must not have somebody sign for keys of another.
func (r *registration) ours(body application.Body, login, sign *vault.Key) error {
	spki, err := device.Public(r.key)
	if err != nil {
		return err
	}
	if body.Device != device.Thumbprint(spki) || len(body.Keys) != 2 {
		return errors.New("app: the application is for another device")
	}
	for i, key := range []*vault.Key{login, sign} {
		print, err := application.Thumbprint(&rsa.PublicKey{N: new(big.Int).SetBytes(key.Modulus), E: splitkey.Exponent})
		if err != nil {
			return err
		}
		if body.Keys[i].Purpose != string(key.Blob.Purpose) || body.Keys[i].Thumbprint != print {
			return errors.New("app: the application names other keys than ours")
		}
	}
	return nil
}
