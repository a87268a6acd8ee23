//go:build pkcs11

package token

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"

	"github.com/tunnus-id/tunnus/key/hsm/secretfile"
)

// Built says whether this binary knows key modules.
const Built = true

// A Token is one token of a key module, logged in to. It is safe for use by
// several goroutines.
//
// Closing it closes its sessions only. The module itself stays initialised until
// the process ends: others in this process may use it, and PKCS #11 counts
// initialisation and log-in by process.
type Token struct {
	ctx      *pkcs11.Ctx
	slot     uint
	pin      string
	sessions chan pkcs11.SessionHandle // that nobody uses now
}

// maxIdle is how many sessions are kept open.
const maxIdle = 16

const maxPIN = 256

// Open loads a module, finds the token and logs in.
func Open(c Config) (*Token, error) {
	pin, err := secretfile.Read(c.PINFile, maxPIN)
	if err != nil {
		return nil, fmt.Errorf("token: PIN: %w", err)
	}
	ctx := pkcs11.New(c.Module)
	if ctx == nil {
		return nil, fmt.Errorf("token: the module %s cannot be loaded", c.Module)
	}
	if err := ctx.Initialize(); err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		return nil, fmt.Errorf("token: module %s: %w", c.Module, err)
	}
	t := &Token{ctx: ctx, pin: string(bytes.TrimRight(pin, "\r\n")), sessions: make(chan pkcs11.SessionHandle, maxIdle)}
	if t.slot, err = find(ctx, c.Label); err != nil {
		return nil, err
	}
	// The first session stays open, and so does the log-in.
	s, err := t.session()
	if err != nil {
		return nil, err
	}
	t.sessions <- s
	return t, nil
}

// find finds the slot of a token by its label.
func find(ctx *pkcs11.Ctx, label string) (uint, error) {
	slots, err := ctx.GetSlotList(true)
	if err != nil {
		return 0, fmt.Errorf("token: %w", err)
	}
	var found []uint
	for _, s := range slots {
		if info, err := ctx.GetTokenInfo(s); err == nil && info.Label == label {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("token: %d tokens with the label %q; one is expected", len(found), label)
	}
	return found[0], nil
}

// session opens a session and logs in, if the process is not logged in yet.
func (t *Token) session() (pkcs11.SessionHandle, error) {
	s, err := t.ctx.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return 0, fmt.Errorf("token: %w", err)
	}
	err = t.ctx.Login(s, pkcs11.CKU_USER, t.pin)
	if err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
		return 0, fmt.Errorf("token: logging in: %w", errors.Join(err, t.ctx.CloseSession(s)))
	}
	return s, nil
}

// with does something in a session that nobody else uses meanwhile. After a
// failure the session is not used again: it may hold half an operation.
func (t *Token) with(do func(pkcs11.SessionHandle) error) error {
	var s pkcs11.SessionHandle
	select {
	case s = <-t.sessions:
	default:
		var err error
		if s, err = t.session(); err != nil {
			return err
		}
	}
	if err := do(s); err != nil {
		_ = t.ctx.CloseSession(s) // it may be gone already
		return fmt.Errorf("token: %w", err)
	}
	select {
	case t.sessions <- s:
		return nil
	default:
		return t.ctx.CloseSession(s)
	}
}

// Close closes the sessions that nobody uses. The token must not be used any more.
func (t *Token) Close() error {
	var errs []error
	for {
		select {
		case s := <-t.sessions:
			errs = append(errs, t.ctx.CloseSession(s))
		default:
			return errors.Join(errs...)
		}
	}
}

// attributes finds the objects that have all of a template.
func (t *Token) objects(s pkcs11.SessionHandle, template ...*pkcs11.Attribute) ([]pkcs11.ObjectHandle, error) {
	if err := t.ctx.FindObjectsInit(s, template); err != nil {
		return nil, err
	}
	found, _, err := t.ctx.FindObjects(s, 2)
	return found, errors.Join(err, t.ctx.FindObjectsFinal(s))
}

// one finds the only object that has all of a template.
func (t *Token) one(s pkcs11.SessionHandle, what string, template ...*pkcs11.Attribute) (pkcs11.ObjectHandle, error) {
	found, err := t.objects(s, template...)
	if err != nil {
		return 0, err
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("%d keys %s in the token; one is expected", len(found), what)
	}
	return found[0], nil
}

func attribute(kind uint, value any) *pkcs11.Attribute { return pkcs11.NewAttribute(kind, value) }
