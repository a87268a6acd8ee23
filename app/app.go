package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/life"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/problem/phrases"
)

// An App is one phone: its vault, its device key, and its line to the server.
type App struct {
	vault  *vault.Vault
	key    *ecdsa.PrivateKey
	server *line.Line
	screen Screen
	body   Body
	clock  tunnus.Clock

	language phrases.Language // of failures
}

// Config is what an [App] is made of.
type Config struct {
	Vault  *vault.Vault
	Server string       // base address, such as "https://127.0.0.1:8443"
	Client *http.Client // trusts the server's authority; its redirects are not followed
	Screen Screen
	Body   Body // nil if the phone has neither camera nor reader
	Claim  line.Claim
	Clock  tunnus.Clock

	Language phrases.Language // of failures; "" is English
}

// New makes the app of a vault; at its first start it makes the device key.
func New(c Config) (*App, error) {
	a := &App{vault: c.Vault, screen: c.Screen, body: c.Body, clock: c.Clock, language: c.Language}
	var err error
	if a.vault.State.Device != nil {
		a.key, err = x509.ParseECPrivateKey(a.vault.State.Device)
	} else if a.key, err = device.GenerateKey(); err == nil {
		a.vault.State.Device, err = x509.MarshalECPrivateKey(a.key)
		err = errors.Join(err, a.vault.Save())
	}
	if err != nil {
		return nil, fmt.Errorf("app: device key: %w", err)
	}
	c.Claim.Language = string(c.Language)
	a.server = line.New(c.Server, c.Client, a.key, c.Claim)
	return a, nil
}

// Start settles what was under way when the app ended, before anything else is asked.
func (a *App) Start(ctx context.Context) error { return a.settle(ctx) }

// Accounts asks the server for the accounts of this phone.
func (a *App) Accounts(ctx context.Context) ([]wire.Account, error) {
	var out wire.Accounts
	err := a.server.Call(ctx, wire.PathAccounts, wire.None{}, &out)
	return out.Accounts, err
}

// Phone is what the holder does on this phone with accounts, contacts and history.
func (a *App) Phone() (life.Phone, error) {
	held, err := a.held()
	return life.Phone{Line: a.server, Prover: a, Document: held.Document}, err
}

// Prove has PIN1 typed for a request of the service itself, and signs what is shown.
func (a *App) Prove(ctx context.Context, r wire.Request) error {
	held, err := a.held()
	if err != nil {
		return err
	}
	key, ok := a.vault.State.Key(held.Login)
	if !ok || r.Service != held.Scheme {
		return errors.New("app: not a request of this account's own service")
	}
	a.screen.Tell("  | " + r.Text)
	_, err = a.approve(ctx, held, key, r, r.Code)
	return err
}

// held returns the account of this phone that can answer requests.
func (a *App) held() (vault.Account, error) {
	if len(a.vault.State.Accounts) == 0 {
		return vault.Account{}, errors.New("app: no account on this phone; please register first")
	}
	return a.vault.State.Accounts[len(a.vault.State.Accounts)-1], nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
