package status

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/ocsp"
)

// Times of answers. Clients refuse a thisUpdate older than 300 s (facts §9);
// over all nodes a change is answered within 60 s.
const (
	recheck  = 10 * time.Second // how long a reading is believed
	grace    = 45 * time.Second // how long if the database does not answer
	resign   = 4 * time.Minute  // how old a kept answer may get
	validity = 10 * time.Minute // nextUpdate
)

// maxKept is the longest certificate id of which an answer is kept, in bytes;
// what is usual has 59 to 83.
const maxKept = 160

// Config is what a [Responder] is made of.
type Config struct {
	Issuer *x509.Certificate // the issuing CA that is answered for
	// Signer returns the responder's certificate, which Issuer has signed, with
	// its key. It is asked for each signature, so that it can be renewed.
	Signer func(context.Context) (ocsp.Signer, error)
	Source Source
	Clock  tunnus.Clock
	// Own are certificates of the issuer that are not in Source: the
	// responder's and those of time-stamp authorities made at a ceremony.
	// Optional.
	Own []*x509.Certificate
	// Kept bounds how many certificates' answers are kept. Optional; 20,000
	// (some 50 MB).
	Kept int
}

// A Responder answers OCSP questions. It is safe for concurrent use.
type Responder struct {
	cfg   Config
	cache *cache
	own   map[string]bool // by serial number
	// turns holds the questions that are being answered with a reading or a
	// signature, twice as many as there are processors: anybody may ask, and others
	// want the database and the processors too.
	turns chan struct{}

	issued chan []byte   // certificates, for Renew
	due    chan struct{} // that there are some
}

// NewResponder makes a responder.
func NewResponder(c Config) (*Responder, error) {
	if c.Issuer == nil || c.Signer == nil || c.Source == nil || c.Clock == nil {
		return nil, errors.New("status: issuer, signer, source and clock are needed")
	}
	if c.Kept == 0 {
		c.Kept = 20_000
	}
	own := map[string]bool{}
	for _, o := range c.Own {
		if err := o.CheckSignatureFrom(c.Issuer); err != nil {
			return nil, fmt.Errorf("status: an own certificate of another issuer: %w", err)
		}
		own[hexSerial(o.SerialNumber)] = true
	}
	return &Responder{cfg: c, cache: newCache(c.Kept), own: own, turns: make(chan struct{}, 2*runtime.GOMAXPROCS(0)), issued: make(chan []byte, newest), due: make(chan struct{}, 1)}, nil
}

// A Reply is an answer as it goes out.
type Reply struct {
	DER     []byte       // always there
	Failure ocsp.Failure // 0 if the answer holds statuses
	// Keep is how long others may keep the answer; 0 if they may not.
	Keep time.Duration
}

// Answer answers a question in DER, and waits no longer than ctx lasts for its turn
// if many ask at once. There is always a reply. The error is for
// the log: it says why an honest question could not be answered.
func (r *Responder) Answer(ctx context.Context, question []byte) (Reply, error) {
	q, err := ocsp.ParseRequest(question)
	if err != nil {
		return failed(ocsp.Malformed), nil // anybody can send rubbish; the log is not theirs
	}
	if !slices.ContainsFunc(q.IDs, r.mine) {
		return failed(ocsp.Unauthorized), nil
	}
	if len(q.IDs) == 1 && q.Nonce == nil && len(q.IDs[0].Raw) <= maxKept {
		return r.usual(ctx, q.IDs[0])
	}
	done, err := r.turn(ctx)
	defer done()
	if err != nil {
		return failed(ocsp.TryLater), err
	}
	return r.fresh(ctx, q)
}

// Changed throws away what is kept of a certificate. It is called after the
// change is durable, and does not wait.
func (r *Responder) Changed(serial string) { r.cache.drop(serial) }

// mine reports whether the id names the issuer that is answered for.
func (r *Responder) mine(id ocsp.CertID) bool { return id.Of(r.cfg.Issuer) }

func failed(f ocsp.Failure) Reply { return Reply{DER: f.Encode(), Failure: f} }

// usual answers a question about one certificate without a nonce, if possible
// by an answer that is kept.
func (r *Responder) usual(ctx context.Context, id ocsp.CertID) (Reply, error) {
	serial, asked, now := hexSerial(id.Serial), string(id.Raw), r.cfg.Clock.Now()
	kept, ok, epoch := r.cache.get(serial, asked, now)
	if ok && within(now, kept.read, recheck) && within(now, kept.made, resign) {
		return r.keepable(kept.der), nil
	}
	done, err := r.turn(ctx)
	defer done()
	var v verdict
	if err == nil {
		v, err = r.look(ctx, id)
	}
	switch {
	case err != nil && ok && within(now, kept.read, grace):
		return r.keepable(kept.der), err
	case err != nil:
		return failed(ocsp.TryLater), err
	}
	same := ok && kept.said == v
	if same && within(now, kept.made, resign) {
		kept.read, kept.used = now, now
		r.cache.put(serial, kept, epoch)
		return r.keepable(kept.der), nil
	}
	der, err := r.sign(ctx, ocsp.Draft{Answers: []ocsp.Answer{r.answer(id, v, now)}, Produced: now})
	switch {
	case err != nil && same && within(now, kept.made, validity): // still true, and not yet past its time
		return Reply{DER: kept.der}, err
	case err != nil:
		return failed(ocsp.TryLater), err
	}
	if v.status != ocsp.Unknown { // questions about nothing push nobody out
		r.cache.put(serial, entry{asked: asked, der: der, said: v, read: now, made: now, used: now}, epoch)
	}
	return r.keepable(der), nil
}

// keepable lets others keep an answer as long as it is believed here.
func (r *Responder) keepable(der []byte) Reply { return Reply{DER: der, Keep: recheck} }

// within reports whether less than d has passed since t. A t that lies ahead
// is of a clock that was set back: nothing is known of it.
func within(now, t time.Time, d time.Duration) bool {
	age := now.Sub(t)
	return age >= 0 && age < d
}

// fresh answers what has a nonce, or several certificates, or an odd form.
func (r *Responder) fresh(ctx context.Context, q ocsp.Request) (Reply, error) {
	now := r.cfg.Clock.Now()
	d := ocsp.Draft{Nonce: q.Nonce, Produced: now}
	for _, id := range q.IDs {
		v := verdict{status: ocsp.Unknown} // another issuer's, beside ours
		if r.mine(id) {
			var err error
			if v, err = r.look(ctx, id); err != nil {
				return failed(ocsp.TryLater), err
			}
		}
		d.Answers = append(d.Answers, r.answer(id, v, now))
	}
	der, err := r.sign(ctx, d)
	if err != nil {
		return failed(ocsp.TryLater), err
	}
	return Reply{DER: der}, nil
}

// turn waits until there is time for a question, or ctx ends; done is to be called
// in any case.
func (r *Responder) turn(ctx context.Context) (done func(), err error) {
	select {
	case r.turns <- struct{}{}:
		return func() { <-r.turns }, nil
	case <-ctx.Done():
		return func() {}, errors.New("status: too many questions at once")
	}
}

// look reads what is known of a certificate.
func (r *Responder) look(ctx context.Context, id ocsp.CertID) (verdict, error) {
	serial := hexSerial(id.Serial)
	s, err := r.cfg.Source.Standing(ctx, serial)
	switch {
	case tunnus.CodeOf(err) == tunnus.CodeNotFound && r.own[serial]:
		return verdict{status: ocsp.Good}, nil
	case tunnus.CodeOf(err) == tunnus.CodeNotFound:
		return verdict{status: ocsp.Unknown}, nil
	case err != nil:
		return verdict{}, fmt.Errorf("status: source: %w", err)
	}
	return s.judge(id.Serial, r.cfg.Issuer), nil
}

// answer fills in an answer. Statuses are kept for ever, so the archive reaches
// back to the issuer's beginning (RFC 6960 §4.4.4; EN 319 411-2 CSS-6.3.10).
func (r *Responder) answer(id ocsp.CertID, v verdict, now time.Time) ocsp.Answer {
	if v.since.After(now) { // a node whose clock is ahead
		v.since = now
	}
	return ocsp.Answer{
		ID: id, Status: v.status, Revoked: v.since, Reason: v.reason,
		ThisUpdate: now, NextUpdate: now.Add(validity), ArchiveCutoff: r.cfg.Issuer.NotBefore,
	}
}

// sign signs, unless the responder's certificate could not be believed.
func (r *Responder) sign(ctx context.Context, d ocsp.Draft) ([]byte, error) {
	by, err := r.cfg.Signer(ctx)
	if err != nil {
		return nil, fmt.Errorf("status: responder's key: %w", err)
	}
	if d.Produced.Before(by.Certificate.NotBefore) || d.Produced.After(by.Certificate.NotAfter) {
		return nil, errors.New("status: the responder's certificate is not valid now")
	}
	return ocsp.Sign(d, by)
}
