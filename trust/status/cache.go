package status

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
)

// maxForms is how many ways of asking for one certificate are kept: by SHA-1 or
// SHA-256, each with or without parameters.
const maxForms = 4

// An entry is one signed answer without a nonce.
type entry struct {
	asked string // DER of the certificate id
	der   []byte
	said  verdict
	read  time.Time // when the status was last read, and was this
	made  time.Time // thisUpdate
	used  time.Time // when somebody last asked for it
}

// A cache keeps answers, by the serial number that they are about. It forgets
// those longest not asked for.
type cache struct {
	mu     sync.Mutex
	limit  int
	epoch  uint64 // rises with each change of any status
	items  map[string]*list.Element
	recent *list.List // of item, newest first
}

type item struct {
	serial string
	forms  []entry
}

func newCache(limit int) *cache {
	return &cache{limit: limit, items: map[string]*list.Element{}, recent: list.New()}
}

// get returns what is kept for whoever asks now, and the epoch, which put wants back.
func (c *cache) get(serial, asked string, now time.Time) (e entry, ok bool, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.form(serial, asked)
	if el := c.items[serial]; el != nil {
		c.recent.MoveToFront(el)
	}
	if f == nil {
		return entry{}, false, c.epoch
	}
	f.used = now
	return *f, true, c.epoch
}

// find is get of somebody who has not been asked.
func (c *cache) find(serial, asked string) (e entry, ok bool, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.form(serial, asked); f != nil {
		return *f, true, c.epoch
	}
	return entry{}, false, c.epoch
}

// form is one way of asking for a certificate. The lock is held.
func (c *cache) form(serial, asked string) *entry {
	el := c.items[serial]
	if el == nil {
		return nil
	}
	forms := el.Value.(*item).forms
	for i := range forms {
		if forms[i].asked == asked {
			return &forms[i]
		}
	}
	return nil
}

// due returns answers that grow old and were asked for lately, at most limit,
// those of the certificates that were last asked for first.
func (c *cache) due(now time.Time, limit int) (out []wanted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for el := c.recent.Front(); el != nil && len(out) < limit; el = el.Next() {
		for _, f := range el.Value.(*item).forms {
			if within(now, f.made, early) || !within(now, f.used, lately) {
				continue
			}
			if id, err := ocsp.ParseCertID([]byte(f.asked)); err == nil && len(out) < limit {
				out = append(out, wanted{id, f.used})
			}
		}
	}
	return out
}

// put keeps an answer whose status was read at an epoch. If a status changed
// since, the reading may be older than the change, and nothing is kept.
func (c *cache) put(serial string, e entry, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		return
	}
	el := c.items[serial]
	if el == nil {
		el = c.recent.PushFront(&item{serial: serial})
		c.items[serial] = el
	}
	it := el.Value.(*item)
	it.forms = slices.DeleteFunc(it.forms, func(f entry) bool { return f.asked == e.asked })
	if len(it.forms) == maxForms {
		it.forms = it.forms[1:]
	}
	it.forms = append(it.forms, e)
	for c.recent.Len() > c.limit {
		last := c.recent.Back()
		delete(c.items, last.Value.(*item).serial)
		c.recent.Remove(last)
	}
}

// drop forgets what is kept of a certificate, and what is being made of any.
func (c *cache) drop(serial string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	if el := c.items[serial]; el != nil {
		delete(c.items, serial)
		c.recent.Remove(el)
	}
}
