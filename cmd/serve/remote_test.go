package serve

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/server"
	"github.com/tunnus-id/tunnus/cmd/serve/bridge"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare"
	"github.com/tunnus-id/tunnus/key/keyshare/door"
	keyshareremote "github.com/tunnus-id/tunnus/key/keyshare/remote"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/remote"
)

// A recorder notes the messages of phones on their way to keyshare, with what came.
type recorder struct {
	server.Keys
	seen    []device.Signed
	replies []door.Reply
}

// Message implements server.Keys.
func (r *recorder) Message(ctx context.Context, m device.Signed) (door.Reply, error) {
	out, err := r.Keys.Message(ctx, m)
	if err == nil {
		r.seen, r.replies = append(r.seen, m), append(r.replies, out)
	}
	return out, err
}

// self makes the certificate of a process, and what it is known by.
func self(t *testing.T) (remote.Identity, remote.Peer) {
	t.Helper()
	key := sure(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der := sure(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(t)
	sum := sha256.Sum256(der)
	return remote.Identity{Certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, Clock: tunnus.SystemClock{}}, remote.Peer{SHA256: sum[:]}
}

// distant puts keyshare behind a line with mutual TLS.
func (h *house) distant() (bridge.Keyshare, *recorder) {
	h.t.Helper()
	front, knowsFront := self(h.t)
	back, knowsBack := self(h.t)
	srv := httptest.NewUnstartedServer(keyshareremote.Handler(h.keys, slog.New(slog.DiscardHandler)))
	srv.TLS = sure(back.ServerTLS(knowsFront))(h.t)
	srv.StartTLS()
	h.t.Cleanup(srv.Close)
	keys := sure(bridge.RemoteKeyshare(front, srv.URL, knowsBack))(h.t)
	rec := &recorder{Keys: keys.Keys}
	keys.Keys = rec
	h.far = &keys
	h.line.to = h.join().Routes()
	return keys, rec
}

// A log-in goes the same way when keyshare is another process; and whoever plays the
// messages of it again gets the same answers and changes nothing: no try is
// charged twice, no value is stale, nothing is signed anew.
func TestReplayedRemoteCallsChangeNothing(t *testing.T) {
	h, p, phone := withAda(t)
	_, rec := h.distant()
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	if got, err := phone.Next(t.Context()); err != nil || got != app.Confirmed {
		t.Fatalf("verdict %q, %v", got, err)
	}
	h.ended(session, login.OK)
	before, n := h.loginKey(p), 0
	for i, m := range rec.seen {
		var is struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(m.Request.Body, &is); err != nil {
			t.Fatal(err)
		}
		if is.Type != splitkey.TypeEvaluate && is.Type != splitkey.TypeComplete {
			continue
		}
		n++
		again, err := rec.Keys.Message(t.Context(), m)
		if err != nil || !reflect.DeepEqual(again, rec.replies[i]) {
			t.Errorf("%s again: %v, %s; want %s", is.Type, err, again.Body, rec.replies[i].Body)
		}
	}
	if n != 2 {
		t.Fatalf("%d messages of a log-in were seen: this run proves nothing", n)
	}
	if after := h.loginKey(p); !reflect.DeepEqual(after, before) {
		t.Errorf("the key stands as %+v; before %+v", after, before)
	}
}

// The same offer with the same id is one transaction, however often it is sent;
// with another content the id is refused.
func TestRepeatedOfferIsOneTransaction(t *testing.T) {
	h, p, _ := withAda(t)
	keys, _ := h.distant()
	o := keyshare.OfferRequest{
		ID: "offer-1", KeyID: h.loginKey(p).ID, Kind: acsp.Kind, Record: []byte(`{}`), Hash: splitkey.SHA512, ExpiresAt: h.clock.Now().Add(time.Minute),
	}
	one := sure(keys.Offer(t.Context(), o))(t)
	if two := sure(keys.Offer(t.Context(), o))(t); two.ID != one.ID {
		t.Errorf("two transactions: %s, %s", one.ID, two.ID)
	}
	o.Record = []byte(`{"other":1}`)
	if _, err := keys.Offer(t.Context(), o); tunnus.CodeOf(err) != tunnus.CodeStateConflict {
		t.Errorf("another offer under the same id: %v", err)
	}
	o.ID = ""
	first, second := sure(keys.Offer(t.Context(), o))(t), sure(keys.Offer(t.Context(), o))(t)
	if first.ID == second.ID || first.ID == one.ID {
		t.Error("offers without an id are each their own")
	}
}

// What other processes see of keyshare is the same as in one process, and there is
// no way to hand it an encoded message, a verdict or a count (K7).
func TestRemoteKeyshareIsTheSame(t *testing.T) {
	h, p, phone := withAda(t)
	far, rec := h.distant()
	session := h.ask(acsp.DisplayTextAndPIN, "Log in to the bank")
	if _, err := phone.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.ended(session, login.OK)
	id := h.loginKey(p).ID
	if got := sure(far.Key(t.Context(), id))(t); !reflect.DeepEqual(got, h.loginKey(p)) {
		t.Errorf("key: %+v", got)
	}
	if got, want := sure(far.AssignModulus(t.Context(), id))(t), sure(h.keys.AssignModulus(t.Context(), id))(t); !reflect.DeepEqual(got, want) {
		t.Error("another modulus")
	}
	for _, r := range rec.replies {
		if r.Signed == "" {
			continue
		}
		got, want := sure(far.Outcome(t.Context(), r.Signed))(t), sure(h.keys.Outcome(t.Context(), r.Signed))(t)
		if !got.SignedAt.Equal(want.SignedAt) || !got.PublicKey.Equal(want.PublicKey) {
			t.Errorf("outcome: %+v; want %+v", got, want)
		}
		got.SignedAt, got.PublicKey = want.SignedAt, want.PublicKey
		if !reflect.DeepEqual(got, want) {
			t.Errorf("outcome: %+v; want %+v", got, want)
		}
	}
	if _, err := far.Outcome(t.Context(), "nothing"); tunnus.CodeOf(err) != tunnus.CodeNotFound {
		t.Errorf("an outcome of nothing: %v", err)
	}
	must(t, far.Suspend(t.Context(), id, "holder"))
	if got := h.loginKey(p).State; got != keyshare.Suspended {
		t.Errorf("suspended: %s", got)
	}
	must(t, far.Resume(t.Context(), id))
	must(t, far.Revoke(t.Context(), id, "test"))
	list := sure(far.Settle(t.Context()))(t)
	if len(list) != 1 || list[0].ID != id || list[0].State != keyshare.Ended {
		t.Fatalf("notices: %+v", list)
	}
	must(t, far.Done(t.Context(), list[0]))
	h.clock.forward(time.Hour)
	if list := sure(h.keys.Settle(t.Context()))(t); len(list) != 0 {
		t.Errorf("still due: %+v", list)
	}
}
