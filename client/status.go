package client

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
	"net/url"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
)

// Limits of asking a responder.
const (
	statusTime = 10 * time.Second
	maxStatus  = 64 << 10 // bytes of an answer
	nonceSize  = 32       // RFC 9654 §2.1
)

// checkStatus asks the responder that the certificate names whether it is good,
// with a nonce, if the configuration demands it. Whatever is not a fresh,
// signed "good" refuses the log-in.
func (c *Client) checkStatus(cert *x509.Certificate) error {
	if !c.config.CheckStatus {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), statusTime)
	defer cancel()
	got, err := c.askStatus(ctx, cert)
	switch {
	case err != nil:
		return &Refusal{Reason: NoStatus, Cause: err}
	case got.Status == ocsp.Revoked:
		return refuse(Revoked, "since "+got.Revoked.Format(time.RFC3339)+": "+string(got.Reason))
	case got.Status != ocsp.Good:
		return refuse(NoStatus, "the responder does not know the certificate")
	}
	return nil
}

func (c *Client) askStatus(ctx context.Context, cert *x509.Certificate) (ocsp.Result, error) {
	i := slices.IndexFunc(c.config.Issuing, func(i *x509.Certificate) bool { return cert.CheckSignatureFrom(i) == nil })
	if i < 0 || len(cert.OCSPServer) == 0 {
		return ocsp.Result{}, errors.New("client: the certificate names no responder")
	}
	issuer := c.config.Issuing[i]
	nonce := make([]byte, nonceSize)
	if _, err := rand.Read(nonce); err != nil {
		return ocsp.Result{}, err
	}
	question, err := ocsp.NewRequest(cert, issuer, crypto.SHA1, nonce)
	if err != nil {
		return ocsp.Result{}, err
	}
	answer, err := c.postStatus(ctx, cert.OCSPServer[0], question)
	if err != nil {
		return ocsp.Result{}, err
	}
	got, err := ocsp.Verify(answer, cert, issuer, c.config.Roots, c.config.Clock.Now())
	if err != nil {
		return ocsp.Result{}, err
	}
	if !bytes.Equal(got.Nonce, nonce) {
		return ocsp.Result{}, errors.New("client: the responder's answer is not to this question")
	}
	return got, nil
}

func (c *Client) postStatus(ctx context.Context, address string, question []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(question))
	if err != nil {
		return nil, errors.New("client: the responder's address")
	}
	req.Header.Set("Content-Type", "application/ocsp-request")
	resp, err := c.http.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return nil, fmt.Errorf("client: responder: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("client: the responder answered %d", resp.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus+1))
	if err != nil || len(answer) > maxStatus {
		return nil, errors.New("client: the responder's answer broke off, or is too long")
	}
	return answer, nil
}
