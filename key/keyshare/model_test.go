package keyshare

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/keyshare/sealed"
	"github.com/tunnus-id/tunnus/key/splitkey"
	"pgregory.net/rapid"
)

// A lab runs honest phones and thieves against two nodes on one store, loses,
// repeats and crosses messages, lets both sides crash, and keeps books of its own:
// what was charged, which shares were made by somebody who knew the PIN, which
// one-time value is current. It sees all that goes over the network.
type lab struct {
	*world
	rt       *rapid.T
	nodes    [2]*Service
	stranger *ecdsa.PrivateKey

	c          uint64             // of the current one-time value
	rotated    time.Time          // when it became that
	charged    map[string]*charge // by nonce
	order      []*charge
	hardened   map[string]bool // bodies of hardenings of the change under way
	extra      int             // hardenings that led to nothing, over life
	base       int             // the same, of the generation that lives
	last       []byte          // body of the newest message that rotated the value
	newest     []byte          // nonce of the newest try that was charged, or confirmation
	lastChange string          // transaction of the newest change that was confirmed
	shares     map[string]bool // transactions for which the right share was made
	kept       []byte          // a right share of an earlier transaction
	checked    map[string]bool // signatures that were verified
	first      *handset
	second     *handset // the copy, once there is one
	copied     bool
	line       transport
}

// A charge is a try as the books have it.
type charge struct {
	nonce      []byte
	generation int
	at         time.Time
	opened     bool // by the right PIN, on some phone
	confirmed  bool
}

func (l *lab) coin(label string, sides int) bool {
	return rapid.IntRange(1, sides).Draw(l.rt, label) == sides // small numbers are drawn more often
}

func (l *lab) node() int { return rapid.IntRange(0, 1).Draw(l.rt, "node") }

// A head is what the network sees of a message.
type head struct {
	Type        string `json:"type"`
	Generation  int    `json:"generation"`
	OneTime     []byte `json:"one_time"`
	Nonce       []byte `json:"nonce"`
	Transaction string `json:"transaction"`
	Change      string `json:"change"`
}

// resend sends the pending message with whatever fault is drawn, and keeps the books.
func (l *lab) resend(h *handset, out any) error {
	var m head
	l.must(json.Unmarshal(h.pending, &m))
	if l.coin("something late before", 4) {
		l.late()
	}
	faults := []string{"", "", "", "", "lost", "held back", "kept", "held back", "kept", "answer lost", "twice", "race", "Reserve", "Update", "Finish", "Save"}
	fault := rapid.SampledFrom(faults).Draw(l.rt, "fault of "+m.Type)
	sent := l.post(h, m)
	if fault == "held back" || fault == "kept" {
		l.line.held = append(l.line.held, sent)
	}
	if fault == "lost" || fault == "held back" {
		return l.crash(h)
	}
	if !l.line.takes(sent) {
		l.rt.Fatal("the newest request of a phone was refused")
	}
	r := sent.signed
	ready, stale := l.row().State == Ready, l.stale(m, h.pending)
	node := l.node()
	switch fault {
	case "race":
		l.store.conflict = func(string) {
			l.store.conflict = nil
			_, _ = l.serve(1-node, m, r)
		}
	case "Reserve", "Update", "Finish", "Save":
		l.store.fail[fault] = errors.New("killed")
	}
	answer, err := l.serve(node, m, r)
	l.store.conflict = nil
	delete(l.store.fail, fault)
	if fault == "twice" {
		again, err2 := l.serve(1-node, m, r)
		if err == nil && (err2 != nil || m.Type != splitkey.TypeStatus && m.Type != splitkey.TypeChangeHarden && !bytes.Equal(answer, again)) {
			l.rt.Fatalf("%s again: %v, or another answer", m.Type, err2)
		}
	}
	l.book(m, h.pending, answer, err, fault)
	l.audit()
	code := tunnus.CodeOf(err)
	// Of two at once the other may have alarmed, and this one found its stored answer.
	alarm := code == tunnus.CodeAccCloned || fault == "race" && err == nil && l.row().State == Held
	if ready && code != tunnus.CodeInternal && stale != alarm {
		l.rt.Fatalf("%s: stale %v, but %v", m.Type, stale, err)
	}
	if code == tunnus.CodeAccCloned && !l.copied && !l.line.alarmed {
		l.rt.Fatalf("%s: a false alarm", m.Type)
	}
	if fault == "answer lost" || code == tunnus.CodeInternal {
		return l.crash(h)
	}
	if code == tunnus.CodeStateConflict && m.Type == splitkey.TypeEvaluate {
		l.pass(11 * time.Second)
		return errCrashed // it asks again
	}
	h.pending = nil
	if err == nil && out != nil {
		l.must(json.Unmarshal(answer, out))
		h.heard(out)
	}
	return err
}

// serve hands a message to a node.
func (l *lab) serve(node int, m head, r device.Signed) (answer []byte, err error) {
	s, ctx := l.nodes[node], l.ctx
	var v any
	switch m.Type {
	case splitkey.TypeStatus:
		v, err = s.Status(ctx, r)
	case splitkey.TypeEvaluate:
		v, err = s.Evaluate(ctx, r)
	case splitkey.TypeComplete:
		_, err = s.Complete(ctx, r)
	case splitkey.TypeChange:
		v, err = s.BeginChange(ctx, r)
	case splitkey.TypeChangeProve:
		v, err = s.ProveChange(ctx, r)
	case splitkey.TypeChangeHarden:
		v, err = s.HardenChange(ctx, r)
	case splitkey.TypeChangeConfirm:
		v, err = s.ConfirmChange(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	answer, err = json.Marshal(v)
	l.must(err)
	return answer, nil
}

// stale says by the books whether a message shows an old value without excuse: it
// is not the newest try or confirmation once more, and no poll that crossed one.
func (l *lab) stale(m head, body []byte) bool {
	n := l.c - count(m.OneTime)
	switch {
	case n == 0:
		return false
	case n == 1 && bytes.Equal(body, l.last) && bytes.Equal(m.Nonce, l.newest):
		return false
	case n == 1 && m.Type == splitkey.TypeStatus && l.clock().Sub(l.rotated) < pollGrace:
		return false
	case n == 1 && m.Type == splitkey.TypeStatus && m.Change != "" && m.Change == l.lastChange && m.Generation == l.row().Generation-1:
		return false
	}
	return true
}

// book notes what a message has done, by its answer, or by where it was killed.
func (l *lab) book(m head, body, answer []byte, err error, fault string) {
	killed := tunnus.CodeOf(err) == tunnus.CodeInternal
	switch m.Type {
	case splitkey.TypeEvaluate:
		if (err == nil || killed && fault == "Update") && l.charged[string(m.Nonce)] == nil {
			if l.locked() {
				l.rt.Fatal("a try was served while the key was locked")
			}
			c := &charge{nonce: m.Nonce, generation: m.Generation, at: l.clock()}
			l.charged[string(m.Nonce)], l.order, l.newest = c, append(l.order, c), m.Nonce
		}
	case splitkey.TypeChangeProve:
		if err == nil && !l.hardened[m.Transaction] {
			l.extra += len(l.hardened) - 1
			l.hardened = map[string]bool{m.Transaction: true}
		}
	case splitkey.TypeChangeHarden:
		if err == nil {
			l.hardened[string(body)] = true
		}
	}
	if err != nil || m.Type != splitkey.TypeEvaluate && m.Type != splitkey.TypeChangeConfirm {
		return
	}
	var v struct {
		OneTime []byte `json:"one_time"`
	}
	l.must(json.Unmarshal(answer, &v))
	if bytes.Equal(body, l.last) {
		return
	}
	if count(v.OneTime) != l.c+1 {
		l.rt.Fatalf("%s: the value went from %d to %d", m.Type, l.c, count(v.OneTime))
	}
	l.c, l.rotated, l.last = l.c+1, l.clock(), bytes.Clone(body)
	if m.Type == splitkey.TypeChangeConfirm {
		l.base = len(l.hardened) - 2 // one of them, besides the transaction, led to the blob
		l.extra += l.base
		l.hardened, l.lastChange, l.newest = map[string]bool{"": true}, m.Transaction, m.Nonce
	}
}

// wrong folds the books: how many failures stand, and until when they lock.
func (l *lab) wrong() (failures int, until time.Time) {
	for _, c := range l.order {
		if failures++; c.confirmed {
			failures, until = 0, time.Time{}
		}
		switch failures {
		case 3:
			until = c.at.Add(3 * time.Hour)
		case 6:
			until = c.at.Add(24 * time.Hour)
		}
	}
	return failures, until
}

func (l *lab) locked() bool {
	failures, until := l.wrong()
	return failures >= 9 || l.clock().Before(until)
}

// locks sees that an offer is refused just while the books say so.
func (l *lab) locks(err error) {
	code := tunnus.CodeOf(err)
	refused := code == tunnus.CodePINLock1 || code == tunnus.CodePINLock2 || code == tunnus.CodePINLockPerm
	if l.row().State == Ready && refused != l.locked() {
		failures, until := l.wrong()
		l.rt.Fatalf("offer: %v after %d wrong, locked until %s, now %s", err, failures, until, l.clock())
	}
}

// audit compares rows and books after each message.
func (l *lab) audit() {
	k := l.row()
	rows, err := l.store.Since(l.ctx, k.ID, 0)
	l.must(err)
	if len(rows) != len(l.order) {
		l.rt.Fatalf("%d tries in the rows, %d in the books", len(rows), len(l.order))
	}
	life, generation := 0, 0
	for i, r := range rows {
		c := l.order[i]
		if !bytes.Equal(c.nonce, r.Nonce) {
			l.rt.Fatal("the rows have another order")
		}
		if c.confirmed && r.State != Confirmed || r.State == Confirmed && !c.opened {
			l.rt.Fatalf("a try is %s; opened %v, confirmed before %v", r.State, c.opened, c.confirmed)
		}
		if c.confirmed = r.State == Confirmed; !c.confirmed {
			life++
			if r.Generation == k.Generation {
				generation++
			}
		}
	}
	life += l.extra + len(l.hardened) - 1
	if k.LifeCount != life || k.Unconfirmed != generation+l.base {
		l.rt.Fatalf("%d for life, %d of the generation; the books have %d, %d", k.LifeCount, k.Unconfirmed, life, generation+l.base)
	}
	if k.State != Ended && k.State != Held && k.Counter != l.c {
		l.rt.Fatalf("the value is %d; the books have %d", k.Counter, l.c)
	}
	for _, record := range [][]byte{k.SealedVOPRF, k.Next.SealedVOPRF} {
		if _, err := sealed.Open(l.SealVOPRF, sealed.Owner{Key: k.ID, Generation: k.Generation - 1}, record); err == nil {
			l.rt.Fatal("the VOPRF key of the generation before is still there")
		}
	}
	for id, t := range l.store.txns {
		if t.State != Signed || t.Kind == splitkey.ChangeKind || l.checked[id] {
			continue
		}
		if !l.shares[id] {
			l.rt.Fatal("something was signed without the right PIN")
		}
		l.verify(t, k)
		l.checked[id] = true
	}
}

// verify checks a signature by the standard library.
func (l *lab) verify(t Transaction, k Key) {
	payload, err := echo{}.Payload(t.Record, t.Answer)
	l.must(err)
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(k.Product), E: splitkey.Exponent}
	if err := rsa.VerifyPSS(pub, crypto.SHA256, t.Hash.Sum(payload), t.Signature, nil); err != nil {
		l.rt.Fatalf("a signature that was released: %v", err)
	}
}

// step is one thing that happens.
func (l *lab) step(i int) {
	h := l.phones()[rapid.IntRange(0, len(l.phones())-1).Draw(l.rt, "phone")]
	pin := h.pin
	if l.coin("wrong PIN", 4) {
		pin = "9999"
	}
	switch rapid.SampledFrom([]string{"change", "sign", "sign", "change", "ask", "copy", "time", "forge", "spoil", "late"}).Draw(l.rt, fmt.Sprint("step ", i)) {
	case "sign":
		l.sign(h, pin, "")
	case "change":
		l.changePIN(h, pin, fmt.Sprint("pin", i))
	case "ask":
		l.ask(h)
	case "late":
		l.late()
	case "copy":
		if !l.copied {
			l.second, l.copied = h.copied(), true
		}
	case "time":
		l.pass(rapid.SampledFrom([]time.Duration{2 * time.Minute, 2 * time.Minute, 4 * time.Hour, 25 * time.Hour}).Draw(l.rt, "passes"))
	case "forge":
		l.forge(h, rapid.SampledFrom([]string{"value made up", "value of the future", "another device", "changed on the way"}).Draw(l.rt, "how"))
	case "spoil":
		l.sign(h, pin, rapid.SampledFrom([]string{"spoilt", "another transaction's"}).Draw(l.rt, "how"))
	}
}

func (l *lab) phones() []*handset {
	if l.second != nil {
		return []*handset{l.first, l.second}
	}
	return []*handset{l.first}
}

// Whatever is lost, repeated, held back and delivered after newer messages, crossed
// or forged, whoever crashes where, with two nodes and two copies of the phone and
// PIN changes in between: nothing is signed without the right PIN, no try is served
// for nothing or taken back, no alarm is false, and every copy is found by the first
// request of whichever comes second. Where a late message gets past the counter of
// its session, all the same but one: it may alarm, and does just where its one-time
// value is stale by the rules of doc/splitkey.md.
func TestProtocolByModel(t *testing.T) {
	w := newWorld(t)
	other, err := New(w.Config)
	w.must(err)
	stranger, err := device.GenerateKey()
	w.must(err)
	fresh, oneTime, start, id := w.row(), w.oneTime, w.now, w.id
	seal := w.sealOf("4711")
	seen := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w.store.keys, w.store.rows, w.store.txns = map[string]Key{fresh.ID: fresh}, nil, map[string]Transaction{}
		w.store.events, w.now = nil, start
		l := &lab{
			world: w, rt: rt, nodes: [2]*Service{w.Service, other}, stranger: stranger, c: fresh.Counter,
			charged: map[string]*charge{}, shares: map[string]bool{}, checked: map[string]bool{}, hardened: map[string]bool{"": true},
			first: &handset{id: id, pin: "4711", seal: seal, oneTime: oneTime}, line: transport{seen: seen},
		}
		for i := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			l.step(i)
			l.audit()
			if s := l.row().State; s != Ready {
				l.stopped(s)
				return
			}
		}
	})
	t.Logf("late messages: %v", seen)
	if !t.Failed() && (seen["refused"] == 0 || seen["in order"] == 0 || seen["slipped"] == 0) {
		t.Error("late messages are not of all sorts: the model has lost its sense")
	}
}

// sealOf is what a PIN is hardened to by the key as it is.
func (w *world) sealOf(pin string) []byte {
	w.Helper()
	b, blinded, err := splitkey.Blind(w.id, []byte(pin))
	w.must(err)
	x, err := w.openSecrets(w.row())
	w.must(err)
	e, err := x.Evaluate(w.id.Public, blinded)
	w.must(err)
	hardened, err := b.Finish(e)
	w.must(err)
	return hash(hardened)
}

// stopped sees that a key that is held or has ended serves nobody.
func (l *lab) stopped(s State) {
	if s == Held && !l.copied && !l.line.alarmed {
		l.rt.Fatal("held without a copy")
	}
	for _, h := range l.phones() {
		if _, err := l.nodes[0].Offer(l.ctx, OfferRequest{KeyID: h.id.Key, Kind: "echo", Hash: "SHA-256", ExpiresAt: l.clock().Add(1)}); err == nil {
			l.rt.Fatalf("a key that is %s has an offer", s)
		}
	}
}
