package login

import "sync"

// A Hub is a [Notifier] inside one process.
type Hub struct {
	mu        sync.Mutex
	listeners map[string]map[chan struct{}]struct{} // by topic; a topic without listeners has no entry
}

// NewHub returns a hub that nobody listens to.
func NewHub() *Hub { return &Hub{listeners: map[string]map[chan struct{}]struct{}{}} }

// Listen implements [Notifier].
func (h *Hub) Listen(topic string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners[topic] == nil {
		h.listeners[topic] = map[chan struct{}]struct{}{}
	}
	h.listeners[topic][ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners[topic], ch)
		if len(h.listeners[topic]) == 0 {
			delete(h.listeners, topic)
		}
	}
}

// Wake implements [Notifier].
func (h *Hub) Wake(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wake(h.listeners[topic])
}

// WakeAll wakes all who listen to whatever topic: somebody may have missed
// something.
func (h *Hub) WakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, topic := range h.listeners {
		wake(topic)
	}
}

func wake(all map[chan struct{}]struct{}) {
	for ch := range all {
		select {
		case ch <- struct{}{}:
		default: // it has a value already
		}
	}
}
