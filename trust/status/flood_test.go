package status_test

import (
	"context"
	"crypto"
	"runtime"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/status"
)

// A dam is a source that lets nobody through until it is opened.
type dam struct {
	status.Source
	come, open chan struct{}
}

func (d dam) Standing(ctx context.Context, serial string) (status.Standing, error) {
	d.come <- struct{}{}
	<-d.open
	return d.Source.Standing(ctx, serial)
}

// Anybody may ask, as often as they like: only so many questions are with the
// database or the key at once, and what is kept is answered all the same.
func TestFloodOfQuestions(t *testing.T) {
	most := 2 * runtime.GOMAXPROCS(0)
	d := dam{come: make(chan struct{}, most+2), open: make(chan struct{}, most+2)}
	a, err := theAuthority()
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *status.Config) {
		d.Source = c.Source
		c.Source = d
		c.Signer = func(context.Context) (ocsp.Signer, error) { return a.responder, nil } // the rig's own counts, for one
	})
	d.open <- struct{}{}
	r.ask(t, r.leaves[0], crypto.SHA1, nil) // is kept
	<-d.come
	replies := make(chan status.Reply, most+1)
	fresh := r.question(t, r.leaves[1], crypto.SHA1, []byte("fresh"))
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	for range most + 1 {
		go func() {
			reply, _ := r.Answer(ctx, fresh) // the reply tells enough
			replies <- reply
		}()
	}
	for range most {
		<-d.come
	}
	if reply := <-replies; reply.Failure != ocsp.TryLater {
		t.Errorf("one too many: %+v", reply)
	}
	if got := r.ask(t, r.leaves[0], crypto.SHA1, nil); got.Status != ocsp.Good {
		t.Errorf("what is kept: %+v", got)
	}
	close(d.open)
	for range most {
		if reply := <-replies; reply.Failure != 0 {
			t.Errorf("in its turn: %+v", reply)
		}
	}
}
