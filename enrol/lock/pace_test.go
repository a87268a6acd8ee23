package lock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// counts is a [Paces] of one process.
type counts struct {
	mu  sync.Mutex
	all map[Key]Count
}

func (c *counts) Pace(_ context.Context, key Key) (Count, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[key], nil
}

func (c *counts) SavePace(_ context.Context, key Key, v Count) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[key].Rev != v.Rev {
		return tunnus.Conflict(errors.New("moved"))
	}
	v.Rev++
	c.all[key] = v
	return nil
}

func (c *counts) DropPaces(_ context.Context, before time.Time) error {
	for k, v := range c.all {
		if v.Since.Before(before) {
			delete(c.all, k)
		}
	}
	return nil
}

// counter is a tab whose devices never lock, so that addresses are seen alone.
func counter(t *testing.T) (Tab, *counts, *time.Time) {
	t.Helper()
	l, m, now := newLedger()
	rules := documents
	rules.Phase, rules.Ladder = Proof, tunnus.Ladder{{Failures: 1000, Lock: time.Hour}}
	c := &counts{all: map[Key]Count{}}
	devices := New(m, rules, l.secret, l.clock)
	return Tab{
		Documents: l, Devices: devices,
		Addresses: Addresses{Paces: c, Rules: Pace{Window: time.Hour, Free: 3, Every: 20 * time.Second}, Names: devices, Clock: l.clock},
	}, c, now
}

func TestL7AddressesAreSlowedNeverLocked(t *testing.T) {
	tab, _, now := counter(t)
	b := Bearer{Device: tab.Devices.DeviceKey("d"), Address: tab.Addresses.Key("192.0.2.1")}
	attempt := func(i int) error {
		if err := tab.ChargeProof(t.Context(), b, fmt.Sprint(i)); err != nil {
			return err
		}
		return tab.CloseProof(t.Context(), b, fmt.Sprint(i), Failed, tunnus.CodeDocClone)
	}
	for i := range 3 {
		if err := attempt(i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 { // however often it fails, one is let in every 20 seconds
		err := attempt(1000 + 2*i)
		e, ok := errors.AsType[*tunnus.Error](err)
		if !ok || e.Code != tunnus.CodeReqTooOften || e.Until.Sub(*now) > 20*time.Second {
			t.Fatalf("too early: %v", err)
		}
		*now = now.Add(20 * time.Second)
		if err := attempt(1001 + 2*i); err != nil {
			t.Fatalf("after the pause: %v", err)
		}
	}
}

func TestL7GoodProofsSlowNobody(t *testing.T) {
	tab, _, _ := counter(t)
	b := Bearer{Device: tab.Devices.DeviceKey("d"), Address: tab.Addresses.Key("192.0.2.1")}
	for i := range 50 {
		if err := tab.ChargeProof(t.Context(), b, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		if err := tab.CloseProof(t.Context(), b, fmt.Sprint(i), Passed, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := tab.ChargeProof(t.Context(), Bearer{Device: tab.Devices.DeviceKey("e"), Address: tab.Addresses.Key("192.0.2.2")}, "x"); err != nil {
		t.Errorf("another address: %v", err)
	}
}

// Many devices behind one address at once: charged before judged there too.
func TestL7ConcurrentProofsOfOneAddress(t *testing.T) {
	tab, _, _ := counter(t)
	key := tab.Addresses.Key("192.0.2.1")
	var wg sync.WaitGroup
	var mu sync.Mutex
	in := 0
	for range 40 {
		wg.Go(func() {
			if err := tab.Addresses.Enter(t.Context(), key); err == nil {
				mu.Lock()
				in++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if in != 3 {
		t.Errorf("%d were let in at once; want 3", in)
	}
}

func TestL7AddressesAreForgotten(t *testing.T) {
	tab, c, now := counter(t)
	key := tab.Addresses.Key("192.0.2.1")
	if err := tab.Addresses.Enter(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(time.Hour + time.Second)
	if err := tab.Addresses.Sweep(t.Context()); err != nil || len(c.all) != 0 {
		t.Errorf("%d counts are left, %v", len(c.all), err)
	}
}

// A claimed account has no ledger; one that has proved itself pays with its own.
func TestL7ProvenAccountPays(t *testing.T) {
	tab, _, _ := counter(t)
	tab.Devices.rules.Ladder = tunnus.Ladder{{Failures: 1, Lock: time.Hour}}
	account := tab.Devices.AccountKey("id")
	one := Bearer{Device: tab.Devices.DeviceKey("d"), Account: account}
	if err := tab.ChargeProof(t.Context(), one, "a"); err != nil {
		t.Fatal(err)
	}
	if err := tab.CloseProof(t.Context(), one, "a", Failed, tunnus.CodeDocClone); err != nil {
		t.Fatal(err)
	}
	other := Bearer{Device: tab.Devices.DeviceKey("e"), Account: account}
	if err := tab.ChargeProof(t.Context(), other, "b"); tunnus.CodeOf(err) != tunnus.CodeReqTooOften {
		t.Errorf("another device of the account = %v; want req-too-often", err)
	}
	if err := tab.ChargeProof(t.Context(), Bearer{Device: tab.Devices.DeviceKey("f")}, "c"); err != nil {
		t.Errorf("a device of nobody: %v", err)
	}
}

// The third mishap of a day counts, on the document and on the device.
func TestRepeatedMishapsCountOnBoth(t *testing.T) {
	tab, _, now := counter(t)
	document := tab.Documents.DocumentKey("XX", "P", "X1234567", "300101")
	for i := range 4 {
		// Each time another device with this document, and another document on that device.
		d := Debtor{Document: document, Device: tab.Devices.DeviceKey(fmt.Sprint(i))}
		if err := tab.Note(t.Context(), d, fmt.Sprint("s", i), tunnus.CodeSesTimeout); err != nil {
			t.Fatal(err)
		}
		only := Debtor{Device: tab.Devices.DeviceKey("one")}
		if err := tab.Note(t.Context(), only, fmt.Sprint("n", i), tunnus.CodeNFCTimeout); err != nil {
			t.Fatal(err)
		}
		*now = now.Add(time.Hour)
	}
	if s, err := tab.Documents.State(t.Context(), document); err != nil || s.Left != 2 {
		t.Errorf("document: %+v, %v; want one failure", s, err)
	}
	if s, err := tab.Devices.State(t.Context(), tab.Devices.DeviceKey("one")); err != nil || s.Left != 999 {
		t.Errorf("device: %+v, %v; want one failure", s, err)
	}
	if s, err := tab.Devices.State(t.Context(), tab.Devices.DeviceKey("2")); err != nil || s.Left != 1000 {
		t.Errorf("a device with one mishap: %+v, %v", s, err)
	}
}
