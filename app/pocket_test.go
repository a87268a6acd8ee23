package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/line"
	"github.com/tunnus-id/tunnus/app/vault"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/door"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/problem"
	"github.com/tunnus-id/tunnus/store"
)

// plain seals nothing: what is sealed is not the matter here.
type plain struct{}

func (plain) Seal(b, _ []byte) ([]byte, error) { return append([]byte("sealed "), b...), nil }
func (plain) Open(b, _ []byte) ([]byte, error) {
	return []byte(strings.TrimPrefix(string(b), "sealed ")), nil
}

// A pocket is a phone with an account, its PINs 4719 and 83052, and a server
// that serves the messages of keys: the real keyshare over SQLite.
type pocket struct {
	*testing.T
	dir   string
	keys  *keyshare.Service
	peer  *peer
	vault *vault.Vault
	hand  *hand
	login string // key id

	// trouble is asked before a message is served; it may end the phone's life.
	trouble func(kind string) trouble
	die     context.CancelFunc
	sent    []string // types of the messages that came

	pages  map[string]func(body []byte) any      // answers to other paths than that of keys
	refuse func(path string, body []byte) string // a problem, or "": before anything else

	// front changes the answer to a message, nil if nobody meddles.
	front func(kind string, asked, said []byte) []byte
}

// A trouble is what goes wrong with one message.
type trouble string

const (
	none    trouble = ""
	notSent trouble = "stored and not sent"
	lost    trouble = "served, answer lost"
	unsaved trouble = "answer heard and not written"
	asleep  trouble = "server dead for a while" // the phone lives on
)

// furnished is a folder with the files of a pocket, made once.
var furnished = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "tunnus-pocket-") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := furnished(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func newPocket(t *testing.T) *pocket {
	t.Helper()
	top, err := furnished()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(top, "phone")); err != nil {
		p := openPocket(t, top)
		p.enrol()
		_ = p.vault.Close()
	}
	dir := t.TempDir()
	for _, name := range []string{"phone", "keys.db", "keys.db-wal"} {
		b, err := os.ReadFile(filepath.Join(top, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return openPocket(t, dir)
}

func openPocket(t *testing.T, dir string) *pocket {
	t.Helper()
	rows, err := store.Open(t.Context(), filepath.Join(dir, "keys.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	p := &pocket{T: t, dir: dir, trouble: func(string) trouble { return none }}
	p.keys, err = keyshare.New(keyshare.Config{
		Store: rows.Keyshare(), Clock: tunnus.SystemClock{}, SealVOPRF: plain{}, SealModulus: plain{},
		Formats: map[string]keyshare.Format{statement.Kind: statement.Format{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.peer, _ = newPeer(t, p.serve)
	return p
}

// serve answers a message of a key, and makes the trouble that is due.
func (p *pocket) serve(w http.ResponseWriter, n int) {
	r := p.peer.calls[n-1]
	if p.refuse != nil {
		if problem := p.refuse(r.Request.Path, r.Request.Body); problem != "" {
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(problem))
			return
		}
	}
	if page := p.pages[r.Request.Path]; page != nil {
		_ = json.NewEncoder(w).Encode(page(r.Request.Body))
		return
	}
	var m struct{ Type string }
	_ = json.Unmarshal(r.Request.Body, &m)
	p.sent = append(p.sent, m.Type)
	how := p.trouble(m.Type)
	if how == notSent {
		p.die()
		panic(http.ErrAbortHandler)
	}
	if how == asleep {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	reply, err := door.Door{Keys: p.keys}.Message(context.Background(), r)
	switch {
	case how == lost:
		p.die()
		panic(http.ErrAbortHandler)
	case how == unsaved: // a folder stands where the new file should be
		if err := os.Mkdir(filepath.Join(p.dir, "phone.new"), 0o700); err != nil {
			p.Error(err)
		}
	}
	if refused, ok := errors.AsType[*tunnus.Error](err); ok {
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(problem.Document{Code: refused.Code, Detail: refused.Public, Left: refused.Left, Until: refused.Until})
		return
	}
	if err != nil {
		p.Errorf("%s: %v", m.Type, err)
	}
	body := []byte(reply.Body)
	if p.front != nil {
		body = p.front(m.Type, r.Request.Body, body)
	}
	_, _ = w.Write(body)
}

// phone starts the app on what is in its file.
func (p *pocket) phone(types ...string) (*App, context.Context) {
	p.Helper()
	if p.vault != nil {
		_ = p.vault.Close()
	}
	_ = os.Remove(filepath.Join(p.dir, "phone.new"))
	var err error
	if p.vault, err = vault.Open(filepath.Join(p.dir, "phone"), tunnus.NewSecret([]byte("x"))); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _ = p.vault.Close() })
	p.hand = &hand{types: types}
	a, err := New(Config{
		Vault: p.vault, Server: p.peer.http.URL, Client: p.peer.http.Client(), Screen: p.hand, Clock: tunnus.SystemClock{},
		Claim: line.Claim{Version: "0.1.0"},
	})
	if err != nil {
		p.Fatal(err)
	}
	ctx, die := context.WithCancel(p.Context())
	p.die = die
	if n := len(p.vault.State.Accounts); n > 0 {
		p.login = p.vault.State.Accounts[n-1].Login
	}
	return a, ctx
}

// enrol makes both keys and an account of them.
func (p *pocket) enrol() {
	p.Helper()
	a, ctx := p.phone()
	account := vault.Account{Document: "PNOXX-199002140017-AAAA-Q", Scheme: "tunnus-demo"}
	for _, k := range []struct {
		purpose splitkey.Purpose
		pin     string
		id      *string
	}{{splitkey.Login, "4719", &account.Login}, {splitkey.Signature, "83052", &account.Sign}} {
		key, err := a.makeKey(ctx, k.purpose, tunnus.NewSecret([]byte(k.pin)))
		if err != nil {
			p.Fatal(err)
		}
		*k.id = key.Blob.Key
		_, err = p.keys.AssignModulus(ctx, key.Blob.Key)
		if err := errors.Join(err, p.keys.Bind(ctx, key.Blob.Key, "acc-1")); err != nil {
			p.Fatal(err)
		}
	}
	p.vault.State.Accounts = append(p.vault.State.Accounts, account)
	if err := p.vault.Save(); err != nil {
		p.Fatal(err)
	}
}

// holds demands that a PIN is the one of the log-in key, by one more change to
// it that is given up once the old PIN has been proved.
func (p *pocket) holds(want string) {
	p.Helper()
	p.trouble = func(string) trouble { return none }
	a, ctx := p.phone()
	if err := a.Start(ctx); err != nil {
		p.Fatalf("Start = %v", err)
	}
	key, _ := p.vault.State.Key(p.login)
	if _, err := a.status(ctx, key); err != nil {
		p.Fatalf("status = %v", err)
	}
	if key.Next != nil || p.vault.State.Pending != nil {
		p.Error("something is still open")
	}
	if view, err := p.keys.Key(ctx, p.login); err != nil || view.State != keyshare.Ready {
		p.Errorf("the key is %q, %v", view.State, err)
	}
	m := &splitkey.Change{Key: key.Blob.Key, Generation: key.Blob.Generation, OneTime: key.OneTime, Nonce: random(splitkey.NonceSize)}
	var open splitkey.Changing
	if err := a.ask(ctx, key, m, &open); err != nil {
		p.Fatal(err)
	}
	half, _, err := a.unlock(ctx, key, splitkey.Fields{Transaction: open.Transaction, Freshness: open.Freshness}, tunnus.NewSecret([]byte(want)))
	if err != nil {
		p.Fatalf("%s does not hold: %v", want, err)
	}
	half.Wipe()
}
