package bridge

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/stamp"
	"github.com/tunnus-id/tunnus/trust/status"
)

// Vouch is what makes a signed container last: time-stamps and answers about
// certificates, of this process ([Vouch.Stamps], [Vouch.Responder]) or, where these
// are nil, of the one that publishes them at URL (trust/publish).
type Vouch struct {
	Stamps    *stamp.Authority
	Responder *status.Responder
	URL       string // of the published pages, without a slash at its end
	Client    *http.Client
	// Roots returns the revocation lists of the roots, DER. Optional.
	Roots func() ([][]byte, error)
}

var (
	_ container.Stamper = Vouch{}
	_ container.Status  = Vouch{}
)

// maxReply bounds a token or an answer.
const maxReply = 64 << 10

// nonceSize is what RFC 9654 §2.1 wants of who asks.
const nonceSize = 32

// Stamp implements [container.Stamper].
func (v Vouch) Stamp(ctx context.Context, digest []byte) ([]byte, error) {
	if v.Stamps != nil {
		return v.Stamps.Token(crypto.SHA512, digest)
	}
	q, err := stamp.Request{Hash: crypto.SHA512, Digest: digest, Certificates: true}.Encode()
	if err != nil {
		return nil, err
	}
	reply, err := v.post(ctx, "/tsa", "application/timestamp-query", q)
	if err != nil {
		return nil, err
	}
	return stamp.FromResponse(reply)
}

// Answer implements [container.Status]. A nonce makes sure that the answer is not
// one that was kept.
func (v Vouch) Answer(ctx context.Context, cert, issuer *x509.Certificate) ([]byte, error) {
	nonce := make([]byte, nonceSize)
	_, _ = rand.Read(nonce) // never fails
	q, err := ocsp.NewRequest(cert, issuer, crypto.SHA256, nonce)
	if err != nil {
		return nil, err
	}
	if v.Responder == nil {
		return v.post(ctx, "/ocsp", "application/ocsp-request", q)
	}
	r, err := v.Responder.Answer(ctx, q)
	if err != nil {
		return nil, err
	}
	if r.Failure != 0 {
		return nil, r.Failure
	}
	return r.DER, nil
}

// Lists implements [container.Status].
func (v Vouch) Lists(context.Context) ([][]byte, error) {
	if v.Roots == nil {
		return nil, nil
	}
	return v.Roots()
}

func (v Vouch) post(ctx context.Context, path, kind string, body []byte) ([]byte, error) {
	if v.URL == "" || v.Client == nil {
		return nil, errors.New("nobody is configured that makes time-stamps and knows of certificates")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	resp, err := v.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d", path, resp.StatusCode)
	}
	return b, err
}
