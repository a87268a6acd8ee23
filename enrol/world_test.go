package enrol

import (
	"bytes"
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
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/match"
	"github.com/tunnus-id/tunnus/enrol/otp"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
)

// world is a flow with everything around it that can be turned.
type world struct {
	t      *testing.T
	flow   *Flow
	cfg    Config
	mem    *memory
	now    time.Time
	people map[tunnus.PersonCode]match.Person
	down   bool

	guardians map[tunnus.PersonCode][]match.Relation
	activated []string // accounts that were told of
	channels  match.Channels

	faces   func() (face.Result, error) // what the engine says
	keys    *fakeKeys
	revoked map[string]bool // accounts whose certificates were withdrawn
	issued  map[string]account.Certificate

	others

	between   func()            // is called before a certificate is issued
	owner     map[string]string // of a certificate, by serial number: its account
	withdrawn map[string]bool   // serial numbers
}

func newWorld(t *testing.T) *world {
	t.Helper()
	trust, err := trustlist.Of(utopia().CSCA())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, mem: newMemory(), now: start, keys: nil, revoked: map[string]bool{}, issued: map[string]account.Certificate{}}
	w.owner, w.withdrawn = map[string]string{}, map[string]bool{}
	w.keys = newKeys(w.mem)
	w.faces = verdict(face.Match)
	p := person(t, "PNOXX-199002140017")
	birth, _ := p.BirthDate()
	w.people = map[tunnus.PersonCode]match.Person{p: {Code: p, Surname: "Åsk", GivenNames: "Ada Maria", Birth: birth}}
	w.cfg = Config{
		Rules: sandboxRules(), Trust: trust, Secret: tunnus.NewSecret(make([]byte, 32)),
		Clock: tunnus.ClockFunc(func() time.Time { return w.now }),
		Store: w.mem, Locks: w.mem, Sheets: w.mem, Accounts: w.mem, Contacts: w, Sealer: mask{},
		Population: w, Faces: w, Keys: binding.Keys{Halves: w.keys, Signatures: w.keys}, Issuer: w,
	}
	w.cfg.Activated = func(_ context.Context, id string) error { w.activated = append(w.activated, id); return nil }
	w.openElsewhere()
	w.restart()
	return w
}

// All implements [Contacts]: the contacts of a person's live accounts.
func (w *world) All(ctx context.Context, p tunnus.PersonCode) (out []contact.Contact, err error) {
	accounts, err := w.mem.ByPerson(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		if !a.State.Live() || len(a.Contact) == 0 || a.State == account.Issued {
			continue
		}
		to, err := mask{}.Open(a.Contact, a.ContactPlace())
		if err != nil {
			return nil, err
		}
		text := strings.ToLower(string(to))
		if !slices.ContainsFunc(out, func(c contact.Contact) bool { return c.Address == text }) {
			out = append(out, contact.Contact{Address: text})
		}
	}
	return out, nil
}

// Usable implements [Contacts].
func (w *world) Usable(ctx context.Context, p tunnus.PersonCode) ([]contact.Contact, error) {
	return w.All(ctx, p)
}

// restart makes a new flow over the same stores.
func (w *world) restart() {
	w.t.Helper()
	w.mem.killAt = 0
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

func (w *world) ByCode(_ context.Context, c tunnus.PersonCode) (match.Person, error) {
	if w.down {
		return match.Person{}, errors.New("no answer")
	}
	p, ok := w.people[c]
	if !ok {
		return match.Person{}, match.ErrNoPerson
	}
	return p, nil
}

func (w *world) Guardians(_ context.Context, child tunnus.PersonCode) (out []match.Relation, err error) {
	if w.down {
		return nil, errors.New("no answer")
	}
	return w.guardians[child], nil
}

func (w *world) Wards(context.Context, tunnus.PersonCode) ([]match.Relation, error) { return nil, nil }

func (w *world) Channels(context.Context, tunnus.PersonCode) (match.Channels, error) {
	if w.down {
		return match.Channels{}, errors.New("no answer")
	}
	return w.channels, nil
}

var throwaway = sync.OnceValue(func() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
})

func (w *world) Issue(_ context.Context, r binding.Request) (c account.Certificate, err error) {
	if w.between != nil {
		w.between()
	}
	err = w.mem.write(func() error { c, err = w.issue(r); return err })
	return c, err
}

func (w *world) issue(r binding.Request) (account.Certificate, error) {
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
	mem       *memory
}

func newKeys(m *memory) *fakeKeys {
	return &fakeKeys{map[string]binding.Offer{}, map[string]binding.Signed{}, map[string]bool{}, map[string]bool{}, nil, m}
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
	return &rsaKeys()[p].PublicKey, k.mem.write(func() error {
		if !slices.Contains(k.assigned, id) {
			k.assigned = append(k.assigned, id)
		}
		return nil
	})
}

// Offer is as keyshare has it: the same offer is the same transaction, another one
// under its id a conflict, also one that ends at another time.
func (k *fakeKeys) Offer(_ context.Context, o binding.Offer) (id string, err error) {
	for old, v := range k.offers {
		if v.KeyID == o.KeyID && v.ID == o.ID && (o.ID != "" || bytes.Equal(v.Record, o.Record)) {
			if !bytes.Equal(v.Record, o.Record) || v.Padding != o.Padding || !v.Expires.Equal(o.Expires) {
				return "", tunnus.Conflict(errors.New("another offer"))
			}
			return old, nil
		}
	}
	return id, k.mem.write(func() error {
		id = fmt.Sprint("tx", len(k.offers)+1)
		k.offers[id] = o
		return nil
	})
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
func ref(device string, n int) sitting.Ref {
	return sitting.Ref{Session: fmt.Sprintf("%s-session-%d", device, n), Device: device}
}

// frames are what stands for live frames: the fake engine does not look.
var frames = [][]byte{{1}, {2}, {3}}

// chip reads the passport and hands it in.
func (w *world) chip(r sitting.Ref, p *virtual.Passport) error {
	w.t.Helper()
	challenge, _, err := w.flow.Challenge(w.t.Context(), r)
	if err != nil {
		return err
	}
	if emrtd.OffersChipAuth(p.Group(14)) {
		if err := w.relayed(r, p); err != nil {
			return err
		}
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
func (w *world) step(r sitting.Ref, f way.Fact, p *virtual.Passport) (err error) {
	w.t.Helper()
	ctx := w.t.Context()
	switch f {
	case way.Versions:
		_, err = w.flow.Start(ctx, r, w.route(), claim(), w.named)
	case way.Terms:
		err = w.flow.Terms(ctx, r, w.cfg.Rules.Terms)
	case way.Consent:
		err = w.flow.Consent(ctx, r, w.cfg.Rules.Consent, true)
	case way.FormFilled:
		err = w.flow.Form(ctx, r, w.form())
	case way.ChipProved:
		if w.goes.Way == way.Desk {
			return w.flow.Officer(ctx, r)
		}
		err = w.chip(r, p)
	case way.ContactConfirmed:
		err = w.confirmContact(r)
	case way.RegisterAgrees:
		err = w.flow.Register(ctx, r)
	case way.FaceMatches:
		err = w.face(r)
	case way.KeysMade:
		_, err = w.flow.MakeKeys(ctx, r, r.Device+"-login", r.Device+"-signature")
	case way.ApplicationSigned:
		st, serr := w.flow.Status(ctx, r)
		if serr != nil {
			return serr
		}
		if o, ok := w.keys.offers[st.Transaction]; ok {
			w.keys.sign(st.Transaction, o.Record)
		}
		_, err = w.flow.Finish(ctx, r)
	default:
		err = w.stepElsewhere(r, f)
	}
	return err
}

// upTo goes the way until the fact is the next one.
func (w *world) upTo(r sitting.Ref, f way.Fact, p *virtual.Passport) {
	w.t.Helper()
	for _, have := range w.facts() {
		if have == f {
			return
		}
		if w.mem.sessions[r.Session].Facts.Has(have) { // one step may bring several
			continue
		}
		if err := w.step(r, have, p); err != nil {
			w.t.Fatalf("%s: %v", have, err)
		}
	}
}
