package enrol

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/face"
)

// world is a flow with everything around it that can be turned.
type world struct {
	t      *testing.T
	flow   *Flow
	cfg    Config
	mem    *memory
	now    time.Time
	people map[tunnus.PersonCode]Person
	down   bool

	faces   func() (face.Result, error) // what the engine says
	keys    *fakeKeys
	revoked map[string]bool // accounts whose certificates were withdrawn
	issued  map[string]account.Certificate

	owner     map[string]string // of a certificate, by serial number: its account
	withdrawn map[string]bool   // serial numbers
}

func newWorld(t *testing.T) *world {
	t.Helper()
	trust, err := emrtd.NewTrustList(utopia().CSCA())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, mem: newMemory(), now: start, keys: newKeys(), revoked: map[string]bool{}, issued: map[string]account.Certificate{}}
	w.owner, w.withdrawn = map[string]string{}, map[string]bool{}
	w.faces = verdict(face.Match)
	p := person(t, "PNOXX-199002140017")
	birth, _ := p.BirthDate()
	w.people = map[tunnus.PersonCode]Person{p: {Code: p, Surname: "Åsk", GivenNames: "Ada Maria", Birth: birth}}
	w.cfg = Config{
		Rules: sandboxRules(), Trust: trust, Secret: tunnus.NewSecret(make([]byte, 32)),
		Clock: tunnus.ClockFunc(func() time.Time { return w.now }),
		Store: w.mem, Locks: w.mem, Sheets: w.mem, Accounts: w.mem, Sealer: mask{},
		Population: w, Faces: w, Keys: binding.Keys{Halves: w.keys, Signatures: w.keys}, Issuer: w,
	}
	w.restart()
	return w
}

// restart makes a new flow over the same stores.
func (w *world) restart() {
	w.t.Helper()
	var err error
	if w.flow, err = New(w.cfg); err != nil {
		w.t.Fatal(err)
	}
}

func verdict(v face.Verdict) func() (face.Result, error) {
	return func() (face.Result, error) { return face.Result{Verdict: v, Frames: 3, Engine: "fake"}, nil }
}

func (w *world) Compare(_ context.Context, portrait []byte, frames [][]byte) (face.Result, error) {
	if len(portrait) == 0 || len(frames) == 0 {
		return face.Result{}, errors.New("nothing to compare")
	}
	return w.faces()
}

func (w *world) ByCode(_ context.Context, c tunnus.PersonCode) (Person, error) {
	if w.down {
		return Person{}, errors.New("no answer")
	}
	p, ok := w.people[c]
	if !ok {
		return Person{}, ErrNoPerson
	}
	return p, nil
}

var throwaway = sync.OnceValue(func() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
})

func (w *world) Issue(_ context.Context, r binding.Request) (account.Certificate, error) {
	if c, ok := w.issued[r.ID]; ok {
		if w.withdrawn[c.Serial] {
			return account.Certificate{}, tunnus.Conflict(errors.New("revoked"))
		}
		return c, nil
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(int64(len(w.issued) + 1)), NotBefore: w.now, NotAfter: w.now.AddDate(3, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, r.PublicKey, throwaway())
	if err != nil {
		return account.Certificate{}, err
	}
	c := account.Certificate{Purpose: string(r.Purpose), Serial: fmt.Sprintf("%032x", template.SerialNumber), DER: der}
	w.issued[r.ID] = c
	w.owner[c.Serial] = r.Account
	return c, nil
}

func (w *world) Withdraw(_ context.Context, id string) error {
	w.revoked[id] = true
	for _, c := range w.issued {
		if w.owner[c.Serial] == id {
			w.withdrawn[c.Serial] = true
		}
	}
	return nil
}

// standing counts the certificates that nobody has revoked.
func (w *world) standing() int { return len(w.issued) - len(w.withdrawn) }

// fakeKeys holds whole keys; everything else is as the port says.
type fakeKeys struct {
	offers    map[string]binding.Offer
	signed    map[string]binding.Signed
	cancelled map[string]bool
	revoked   map[string]bool
	assigned  []string
}

func newKeys() *fakeKeys {
	return &fakeKeys{map[string]binding.Offer{}, map[string]binding.Signed{}, map[string]bool{}, map[string]bool{}, nil}
}

var rsaKeys = sync.OnceValue(func() map[binding.Purpose]*rsa.PrivateKey {
	out := map[binding.Purpose]*rsa.PrivateKey{}
	for _, p := range []binding.Purpose{binding.ForLogin, binding.ForSignature} {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		out[p] = k
	}
	return out
})

// Check knows a key by its name: device, purpose, and perhaps more.
func (k *fakeKeys) Check(_ context.Context, _, device, id string, p binding.Purpose) error {
	if !strings.HasPrefix(id, device+"-"+string(p)) {
		return tunnus.Conflict(errors.New("a key of another device or purpose"))
	}
	return nil
}

func (k *fakeKeys) Assign(ctx context.Context, session, device, id string, p binding.Purpose) (*rsa.PublicKey, error) {
	if err := k.Check(ctx, session, device, id, p); err != nil {
		return nil, err
	}
	if !slices.Contains(k.assigned, id) {
		k.assigned = append(k.assigned, id)
	}
	return &rsaKeys()[p].PublicKey, nil
}

func (k *fakeKeys) Offer(_ context.Context, o binding.Offer) (string, error) {
	id := fmt.Sprint("tx", len(k.offers)+1)
	k.offers[id] = o
	return id, nil
}

// sign is what the phone does with PIN2; what is no record is signed as it is.
func (k *fakeKeys) sign(tx string, record []byte) {
	o := k.offers[tx]
	payload, err := application.Format{}.Payload(record, nil)
	if err != nil {
		payload = record
	}
	sig, err := rsa.SignPKCS1v15(rand.Reader, rsaKeys()[binding.ForSignature], o.Hash.Crypto(), o.Hash.Sum(payload))
	if err != nil {
		panic(err)
	}
	k.signed[tx] = binding.Signed{Payload: payload, Signature: sig, Hash: o.Hash}
}

func (k *fakeKeys) Outcome(_ context.Context, tx string) (binding.Signed, bool, error) {
	s, ok := k.signed[tx]
	return s, ok, nil
}

func (k *fakeKeys) Cancel(_ context.Context, tx string) error {
	if _, ok := k.signed[tx]; ok {
		return tunnus.Conflict(errors.New("signed"))
	}
	k.cancelled[tx] = true
	return nil
}

func (k *fakeKeys) Revoke(_ context.Context, _, id string) error { k.revoked[id] = true; return nil }

// ref is the session number n of a device.
func ref(device string, n int) Ref {
	return Ref{Session: fmt.Sprintf("%s-session-%d", device, n), Device: device}
}

// frames are what stands for live frames: the fake engine does not look.
var frames = [][]byte{{1}, {2}, {3}}

// chip reads the passport and hands it in.
func (w *world) chip(r Ref, p *virtual.Passport) error {
	w.t.Helper()
	challenge, _, err := w.flow.Challenge(w.t.Context(), r)
	if err != nil {
		return err
	}
	return w.flow.Chip(w.t.Context(), r, read(w.t, p, challenge))
}

// code is the newest one-time code in the outbox.
func (w *world) code() string {
	w.t.Helper()
	for i := len(w.mem.outbox) - 1; i >= 0; i-- {
		if m, err := otp.OpenLetter(mask{}, w.mem.outbox[i]); err == nil && m.Code != "" {
			return m.Code
		}
	}
	w.t.Fatal("no code was sent")
	return ""
}

// step does what brings one fact, as an honest applicant would.
func (w *world) step(r Ref, f Fact, p *virtual.Passport) (err error) {
	w.t.Helper()
	ctx := w.t.Context()
	switch f {
	case Versions:
		_, err = w.flow.Start(ctx, r, claim())
	case Terms:
		err = w.flow.Terms(ctx, r, w.cfg.Rules.Terms)
	case Consent:
		err = w.flow.Consent(ctx, r, w.cfg.Rules.Consent, true)
	case FormFilled:
		err = w.flow.Form(ctx, r, adasForm())
	case ChipProved:
		err = w.chip(r, p)
	case ContactConfirmed:
		if _, err = w.flow.SendCode(ctx, r, "ada@example.org"); err == nil {
			err = w.flow.ConfirmCode(ctx, r, w.code())
		}
	case RegisterAgrees:
		err = w.flow.Register(ctx, r)
	case FaceMatches:
		err = w.flow.Face(ctx, r, frames)
	case KeysMade:
		_, err = w.flow.MakeKeys(ctx, r, r.Device+"-login", r.Device+"-signature")
	case ApplicationSigned:
		st, serr := w.flow.Status(ctx, r)
		if serr != nil {
			return serr
		}
		if o, ok := w.keys.offers[st.Transaction]; ok {
			w.keys.sign(st.Transaction, o.Record)
		}
		_, err = w.flow.Finish(ctx, r)
	}
	return err
}

// upTo goes the way until the fact is the next one.
func (w *world) upTo(r Ref, f Fact, p *virtual.Passport) {
	w.t.Helper()
	for _, have := range ways[Passport] {
		if have == f {
			return
		}
		if err := w.step(r, have, p); err != nil {
			w.t.Fatalf("%s: %v", have, err)
		}
	}
}
