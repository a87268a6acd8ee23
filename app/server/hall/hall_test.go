package hall

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// Who comes while every seat is taken waits for one: twenty people at a time are no
// reason to send anybody away. Too many who wait are, and so is too long a wait.
func TestHall(t *testing.T) {
	h := New(1, 1)
	leave, ok := h.Enter(t.Context(), 0)
	if !ok {
		t.Fatal("nobody is there, and nobody is let in")
	}
	second := make(chan bool)
	go func() {
		leave, ok := h.Enter(t.Context(), time.Minute)
		if ok {
			leave()
		}
		second <- ok
	}()
	for len(h.queue) == 0 {
		runtime.Gosched()
	}
	third := make(chan bool, 1)
	go func() { _, ok := h.Enter(t.Context(), time.Minute); third <- ok }()
	select {
	case ok := <-third:
		if ok {
			t.Error("let in though all is full")
		}
	case <-time.After(10 * time.Second):
		t.Error("who finds the queue full is not sent away")
	}
	leave()
	if !<-second {
		t.Error("who waited was sent away though a seat came free")
	}
	if leave, ok = h.Enter(t.Context(), 0); !ok {
		t.Fatal("a seat was not given back")
	}
	if _, ok := h.Enter(t.Context(), time.Millisecond); ok || len(h.queue) != 0 {
		t.Errorf("let in %v without a seat, %d still wait", ok, len(h.queue))
	}
	gone, hang := context.WithCancel(t.Context())
	hang()
	if _, ok := h.Enter(gone, time.Minute); ok || len(h.queue) != 0 {
		t.Errorf("who hung up was let in (%v), %d still wait", ok, len(h.queue))
	}
	leave()
}

// One caller takes the own seats and no others, waits for them in the own queue, and is
// forgotten when the last has left.
func TestHalls(t *testing.T) {
	h := Each(2, 1)
	var leave []func()
	for range 2 {
		for _, who := range []string{"a", "b"} {
			l, ok := h.Enter(t.Context(), who, 0)
			if !ok {
				t.Fatalf("%s is not let in", who)
			}
			leave = append(leave, l)
		}
	}
	if _, ok := h.Enter(t.Context(), "a", 0); ok {
		t.Error("a has a seat too many")
	}
	waits := make(chan bool)
	go func() {
		l, ok := h.Enter(t.Context(), "a", time.Minute)
		if ok {
			defer l()
		}
		waits <- ok
	}()
	if l, ok := h.Enter(t.Context(), "c", 0); !ok {
		t.Error("c is kept out by others")
	} else {
		l()
	}
	leave[0]()
	if !<-waits {
		t.Error("a was sent away though a seat came free")
	}
	for _, l := range leave[1:] {
		l()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for who, n := range h.known {
		if who != "a" || n.people > 1 { // whoever waited may just be leaving
			t.Errorf("%s is remembered, with %d people", who, n.people)
		}
	}
}
