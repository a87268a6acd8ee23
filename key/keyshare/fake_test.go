package keyshare

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus"
)

// fakeStore keeps everything in memory, with the promises of the ports.
type fakeStore struct {
	mu     sync.Mutex
	keys   map[string]Key
	rows   []EvaluationRow
	txns   map[string]Transaction
	pool   []Pooled
	used   map[string]bool
	epoch  Epoch
	events []tunnus.Event

	fail     map[string]error // by method, once
	conflict func(method string)
}

func newFakeStore() *fakeStore {
	return &fakeStore{keys: map[string]Key{}, txns: map[string]Transaction{}, used: map[string]bool{}, fail: map[string]error{}}
}

// begin locks, and lets a test break or overtake a write.
func (f *fakeStore) begin(method string) error {
	if f.conflict != nil {
		hook := f.conflict
		hook(method)
	}
	f.mu.Lock()
	err := f.fail[method]
	delete(f.fail, method)
	return err
}

func (f *fakeStore) saveKey(k Key) error {
	if f.keys[k.ID].Rev != k.Rev {
		return tunnus.Conflict(errors.New("fake: the key moved"))
	}
	k.Rev++
	f.keys[k.ID] = k
	return nil
}

func (f *fakeStore) Create(_ context.Context, k Key, events []tunnus.Event) error {
	defer f.mu.Unlock()
	if err := f.begin("Create"); err != nil {
		return err
	}
	if _, ok := f.keys[k.ID]; ok {
		return tunnus.Conflict(errors.New("fake: the id is taken"))
	}
	if f.used[string(k.Modulus)] {
		return ErrModulusUsed
	}
	f.used[string(k.Modulus)] = true
	f.events = append(f.events, events...)
	return f.saveKey(k)
}

func (f *fakeStore) Key(_ context.Context, id string) (Key, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, ok := f.keys[id]
	if !ok {
		return Key{}, tunnus.NotFound(errors.New("fake: no key"))
	}
	return k, nil
}

func (f *fakeStore) Save(_ context.Context, k Key, events []tunnus.Event) error {
	defer f.mu.Unlock()
	if err := f.begin("Save"); err != nil {
		return err
	}
	if err := f.saveKey(k); err != nil {
		return err
	}
	f.events = append(f.events, events...)
	return nil
}

func (f *fakeStore) Assign(_ context.Context, k Key, modulus []byte, events []tunnus.Event) error {
	defer f.mu.Unlock()
	if err := f.begin("Assign"); err != nil {
		return err
	}
	i := slices.IndexFunc(f.pool, func(p Pooled) bool { return bytes.Equal(p.Modulus, modulus) })
	if i < 0 {
		return tunnus.Conflict(errors.New("fake: the half is gone"))
	}
	if err := f.saveKey(k); err != nil {
		return err
	}
	f.pool = slices.Delete(f.pool, i, i+1)
	f.events = append(f.events, events...)
	return nil
}

func (f *fakeStore) Due(_ context.Context, now time.Time, limit int) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, id := range slices.Sorted(maps.Keys(f.keys)) {
		if at := f.keys[id].DueAt; !at.IsZero() && !at.After(now) && len(out) < limit {
			out = append(out, id)
		}
	}
	return out, nil
}

func (f *fakeStore) row(key string, nonce []byte) int {
	return slices.IndexFunc(f.rows, func(e EvaluationRow) bool { return e.Key == key && bytes.Equal(e.Nonce, nonce) })
}

func (f *fakeStore) Reserve(_ context.Context, k Key, e EvaluationRow, events []tunnus.Event) error {
	defer f.mu.Unlock()
	if err := f.begin("Reserve"); err != nil {
		return err
	}
	if f.row(e.Key, e.Nonce) >= 0 {
		return tunnus.Conflict(errors.New("fake: the nonce was used"))
	}
	if err := f.saveKey(k); err != nil {
		return err
	}
	f.rows = append(f.rows, e)
	f.events = append(f.events, events...)
	return nil
}

func (f *fakeStore) Update(_ context.Context, k Key, e EvaluationRow, events []tunnus.Event) error {
	defer f.mu.Unlock()
	if err := f.begin("Update"); err != nil {
		return err
	}
	if err := f.saveKey(k); err != nil {
		return err
	}
	f.rows[f.row(e.Key, e.Nonce)] = e
	f.events = append(f.events, events...)
	return nil
}

func (f *fakeStore) Since(_ context.Context, key string, seq int64) ([]EvaluationRow, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []EvaluationRow
	for _, e := range f.rows {
		if e.Key == key && e.Seq > seq {
			out = append(out, e)
		}
	}
	return out, nil
}

func (f *fakeStore) ByNonce(_ context.Context, key string, nonce []byte) (EvaluationRow, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.row(key, nonce)
	if i < 0 {
		return EvaluationRow{}, tunnus.NotFound(errors.New("fake: no evaluation"))
	}
	return f.rows[i], nil
}

func (f *fakeStore) saveTxn(t Transaction) error {
	if f.txns[t.ID].Rev != t.Rev {
		return tunnus.Conflict(errors.New("fake: the transaction moved"))
	}
	t.Rev++
	f.txns[t.ID] = t
	return nil
}

func (f *fakeStore) Put(ctx context.Context, t Transaction, events []tunnus.Event) error {
	return f.SaveTransaction(ctx, t, events)
}

func (f *fakeStore) Transaction(_ context.Context, id string) (Transaction, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.txns[id]
	if !ok {
		return Transaction{}, tunnus.NotFound(errors.New("fake: no transaction"))
	}
	return t, nil
}

func (f *fakeStore) LiveOf(_ context.Context, key string, now time.Time, limit int) ([]Transaction, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Transaction
	for _, t := range f.txns {
		if t.Key == key && t.State == Live && now.Before(t.ExpiresAt) && len(out) < limit {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b Transaction) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return out, nil
}

func (f *fakeStore) SaveTransaction(_ context.Context, t Transaction, events []tunnus.Event) error {
	defer f.mu.Unlock()
	if err := f.begin("SaveTransaction"); err != nil {
		return err
	}
	if err := f.saveTxn(t); err != nil {
		return err
	}
	f.events = append(f.events, events...)
	return nil
}

func (f *fakeStore) Finish(_ context.Context, k Key, e EvaluationRow, t Transaction, events []tunnus.Event) error {
	defer f.mu.Unlock()
	if err := f.begin("Finish"); err != nil {
		return err
	}
	if f.keys[k.ID].Rev != k.Rev || f.txns[t.ID].Rev != t.Rev {
		return tunnus.Conflict(errors.New("fake: key or transaction moved"))
	}
	if err := errors.Join(f.saveKey(k), f.saveTxn(t)); err != nil {
		return err
	}
	f.rows[f.row(e.Key, e.Nonce)] = e
	f.events = append(f.events, events...)
	return nil
}

func (f *fakeStore) Used(_ context.Context, modulus []byte) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.used[string(modulus)], nil
}

func (f *fakeStore) Add(_ context.Context, p Pooled) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.used[string(p.Modulus)] {
		return ErrModulusUsed
	}
	f.used[string(p.Modulus)] = true
	f.pool = append(f.pool, p)
	return nil
}

func (f *fakeStore) Size(context.Context) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.pool), nil
}

func (f *fakeStore) Oldest(context.Context) (Pooled, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.pool) == 0 {
		return Pooled{}, tunnus.NotFound(errors.New("fake: the pool is empty"))
	}
	return f.pool[0], nil
}

// kinds counts the events of a kind.
func (f *fakeStore) kinds(kind string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (f *fakeStore) OfKeys(_ context.Context, after string, limit int) ([]Key, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Key
	for _, id := range slices.Sorted(maps.Keys(f.keys)) {
		if id > after && len(out) < limit {
			out = append(out, Key{ID: id, Modulus: f.keys[id].Modulus, Product: f.keys[id].Product})
		}
	}
	return out, nil
}

func (f *fakeStore) OfPool(_ context.Context, after []byte, limit int) ([][]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all [][]byte
	for _, p := range f.pool {
		if bytes.Compare(p.Modulus, after) > 0 {
			all = append(all, p.Modulus)
		}
	}
	slices.SortFunc(all, bytes.Compare)
	return all[:min(limit, len(all))], nil
}

func (f *fakeStore) Discard(_ context.Context, modulus []byte, events []tunnus.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.pool)
	f.pool = slices.DeleteFunc(f.pool, func(p Pooled) bool { return bytes.Equal(p.Modulus, modulus) })
	if len(f.pool) < n {
		f.events = append(f.events, events...)
	}
	return nil
}

func (f *fakeStore) Declare(_ context.Context, e Epoch, events []tunnus.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epoch, f.pool = e, nil
	f.events = append(f.events, events...)
	return nil
}

func (f *fakeStore) Epoch(context.Context) (Epoch, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.epoch, nil
}

func (f *fakeStore) Reapply(_ context.Context, rev int64, c Copy, events []tunnus.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.keys[c.Key.ID].Rev != rev {
		return tunnus.Conflict(errors.New("fake: the key moved"))
	}
	f.keys[c.Key.ID] = c.Key
	f.used[string(c.Key.Modulus)] = true
	f.rows = slices.DeleteFunc(f.rows, func(e EvaluationRow) bool { return e.Key == c.Key.ID })
	f.rows = append(f.rows, c.Tries...)
	f.events = append(f.events, events...)
	return nil
}
