package idcard

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
)

// A Signer is a signing certificate that may be asked for a signature: of the
// person who logged in, and good. Only [Validator.CheckSigner] makes one.
type Signer struct {
	finding
	function string
}

// Person is who will sign.
func (s Signer) Person() Person { return s.person }

// Certificate is the signing certificate.
func (s Signer) Certificate() *x509.Certificate { return s.certificate }

// Hash is the hash with which the card shall sign: SHA-256, SHA-384 or SHA-512.
func (s Signer) Hash() crypto.Hash { return hashFunctions[s.function] }

// Format redacts what is printed.
func (s Signer) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.person) }

// A Request is what the page hands to the card (web-eid:sign). It may wait in a
// session's row until the card's reply comes: the certificate is judged again
// then, the digest must be kept where nobody but the server can change it.
type Request struct {
	Certificate  []byte `json:"certificate"` // DER; base64 in JSON
	Hash         []byte `json:"hash"`        // the digest; base64 in JSON
	HashFunction string `json:"hashFunction"`
}

// Request asks for a signature over a digest that was made with [Signer.Hash].
func (s Signer) Request(digest []byte) (Request, error) {
	if s.certificate == nil || len(digest) != s.Hash().Size() {
		return Request{}, errors.New("idcard: the digest does not fit the hash that was chosen")
	}
	return Request{s.certificate.Raw, digest, s.function}, nil
}

// CheckSigner judges a signing certificate before anything is made for it: its
// issuer, usage and time as at a log-in, the person, who must be the holder
// that logged in, and its status. It chooses the hash from what the card offers.
func (v *Validator) CheckSigner(ctx context.Context, o Offer, holder tunnus.PersonCode, now time.Time) (Signer, error) {
	found, err := v.signing(o.Certificate, holder, now)
	if err != nil {
		return Signer{}, err
	}
	function, err := choose(found.certificate.PublicKey, o.Algorithms)
	if err != nil {
		return Signer{}, notAccepted("%w", err)
	}
	if _, err := v.ask(ctx, found, now); err != nil {
		return Signer{}, err
	}
	return Signer{found, function}, nil
}

// signing judges a signing certificate without its status.
func (v *Validator) signing(der []byte, holder tunnus.PersonCode, now time.Time) (finding, error) {
	if holder.IsZero() {
		return finding{}, errors.New("idcard: nobody has logged in")
	}
	found, err := v.certificate(der, forSigning(), now)
	if err != nil {
		return finding{}, err
	}
	if found.person.Code != holder {
		return finding{}, otherPerson()
	}
	return found, nil
}

// choose takes the hash that fits the key best, of those that the card offers.
func choose(key crypto.PublicKey, offered []SignatureAlgorithm) (string, error) {
	kind, order := "RSA", []string{"SHA-256", "SHA-384", "SHA-512"}
	if k, ok := key.(*ecdsa.PublicKey); ok {
		kind = "ECC"
		switch k.Curve.Params().BitSize {
		case 384:
			order = []string{"SHA-384", "SHA-512", "SHA-256"}
		case 521:
			order = []string{"SHA-512", "SHA-384", "SHA-256"}
		}
	}
	for _, function := range order {
		if slices.ContainsFunc(offered, func(a SignatureAlgorithm) bool {
			return a.CryptoAlgorithm == kind && a.HashFunction == function
		}) {
			return function, nil
		}
	}
	return "", errors.New("its card offers no hash that is taken")
}

// Signed is a signature that was proved. Only [Validator.VerifySignature] makes one.
type Signed struct {
	finding
	word  word
	reply Reply
}

// Person is who has signed.
func (s Signed) Person() Person { return s.person }

// Certificate is the signing certificate.
func (s Signed) Certificate() *x509.Certificate { return s.certificate }

// Issuer is the CA that has signed it.
func (s Signed) Issuer() *x509.Certificate { return s.issuer }

// Status is the responder's answer, DER, and when it was made: after the signature.
func (s Signed) Status() (response []byte, at time.Time) { return s.word.response, s.word.at }

// Signature is the signature with its algorithm. One by ECC is R and S, one
// behind the other, as XML signatures and JWS write it.
func (s Signed) Signature() ([]byte, SignatureAlgorithm) {
	return s.reply.Signature, s.reply.Algorithm
}

// Format redacts what is printed.
func (s Signed) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.person) }

// VerifySignature judges the card's reply to a request: the certificate again,
// the signature over the request's digest, and the status anew, so that what is
// good was good after the signature was made.
func (v *Validator) VerifySignature(ctx context.Context, q Request, r Reply, holder tunnus.PersonCode, now time.Time) (Signed, error) {
	h := hashFunctions[q.HashFunction]
	if h == 0 || len(q.Hash) != h.Size() {
		return Signed{}, errors.New("idcard: the request for the signature is none of ours")
	}
	found, err := v.signing(q.Certificate, holder, now)
	if err != nil {
		return Signed{}, err
	}
	m, err := methodOf(found.certificate.PublicKey, r.Algorithm)
	if err != nil || r.Algorithm.HashFunction != q.HashFunction {
		return Signed{}, badSignature("it was made by another algorithm than was asked for")
	}
	if err := m.verify(found.certificate.PublicKey, q.Hash, r.Signature); err != nil {
		return Signed{}, badSignature("%w", err)
	}
	w, err := v.ask(ctx, found, now)
	if err != nil {
		return Signed{}, err
	}
	return Signed{found, w, r}, nil
}
