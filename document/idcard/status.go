package idcard

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/trust/ocsp"
)

// A Status carries questions to the responders of issuers.
type Status interface {
	// Answer posts an OCSP request (DER) to the address that a certificate
	// names, and returns the response, of whatever content: nothing of it is
	// believed before it was judged. The address comes from a certificate of a
	// trusted issuer, and may still lead where no request of ours should go:
	// the implementation guards against that. An error means that there was no
	// response in time.
	Answer(ctx context.Context, url string, request []byte) (response []byte, err error)
}

// maxAddress bounds the address of a responder, in bytes.
const maxAddress = 512

// A word is what an issuer said of a certificate that is good.
type word struct {
	response []byte // DER
	at       time.Time
}

// ask asks the issuer of a certificate in this moment. Only good passes.
func (v *Validator) ask(ctx context.Context, f finding, now time.Time) (word, error) {
	if len(f.certificate.OCSPServer) == 0 || len(f.certificate.OCSPServer[0]) > maxAddress {
		return word{}, notAccepted("it does not say where its status is answered")
	}
	address := f.certificate.OCSPServer[0]
	nonce := make([]byte, 32) // RFC 9654 §2.1
	rand.Read(nonce)          // never fails
	// SHA-1 only names the issuer here; every responder knows it.
	request, err := ocsp.NewRequest(f.certificate, f.issuer, crypto.SHA1, nonce)
	if err != nil {
		return word{}, fmt.Errorf("idcard: %w", err)
	}
	response, err := v.status.Answer(ctx, address, request)
	if err != nil {
		return word{}, statusDown(err)
	}
	// The issuer is trusted by configuration, so it is its own root here.
	r, err := ocsp.Verify(response, f.certificate, f.issuer, []*x509.Certificate{f.issuer}, now)
	switch {
	case err != nil:
		return word{}, statusDown(err)
	case !bytes.Equal(r.Nonce, nonce) && (r.Nonce != nil || !slices.Contains(v.noNonce, address)):
		return word{}, statusDown(errors.New("the answer is to another question"))
	case r.ThisUpdate.Before(now.Add(-v.maxAge)):
		return word{}, statusDown(errors.New("the answer is too old"))
	case r.Status != ocsp.Good:
		return word{}, revoked(string(r.Status))
	}
	return word{response, r.Produced}, nil
}
