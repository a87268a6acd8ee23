package hall

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxKnown is how many callers a meter remembers.
const maxKnown = 50_000

// A Meter slows down each of many callers by itself. It forgets those that have
// been quiet for so long that they may do everything again.
type Meter struct {
	every time.Duration
	burst int

	mu    sync.Mutex
	known map[string]*rate.Limiter
}

// NewMeter lets each caller do something every so often, and a number of times at once.
func NewMeter(every time.Duration, burst int) *Meter {
	return &Meter{every: every, burst: burst, known: map[string]*rate.Limiter{}}
}

// Allow reports whether a caller may do it now, and counts it.
func (m *Meter) Allow(who string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.known[who]
	if !ok {
		if len(m.known) >= maxKnown {
			m.forget(now)
		}
		if len(m.known) >= maxKnown {
			return false
		}
		l = rate.NewLimiter(rate.Every(m.every), m.burst)
		m.known[who] = l
	}
	return l.AllowN(now, 1)
}

// Spent reports whether a caller may not do it now, and counts nothing.
func (m *Meter) Spent(who string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.known[who]
	return ok && l.TokensAt(now) < 1
}

func (m *Meter) forget(now time.Time) {
	for who, l := range m.known {
		if l.TokensAt(now) >= float64(m.burst) {
			delete(m.known, who)
		}
	}
}

// Site is where a caller's address is: of IPv6 the /48, of which one subscriber may have
// every /64; of IPv4 the address.
func Site(address string) string {
	p, err := netip.ParsePrefix(address)
	if err != nil {
		return address
	}
	return netip.PrefixFrom(p.Addr(), 48).Masked().String()
}
