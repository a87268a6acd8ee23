package idcard

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// Ask takes a card's signing certificate as the page sends it ([ParseOffer]) and asks
// for a signature over a text. It fails as [Validator.CheckSigner] does.
func (v *Validator) Ask(ctx context.Context, offer []byte, text string, holder tunnus.PersonCode, now time.Time) (Request, error) {
	o, err := ParseOffer(offer)
	if err != nil {
		return Request{}, err
	}
	signer, err := v.CheckSigner(ctx, o, holder, now)
	if err != nil {
		return Request{}, err
	}
	h := signer.Hash().New()
	h.Write([]byte(text))
	return signer.Request(h.Sum(nil))
}

// Answer takes the reply to what [Validator.Ask] asked for, as the page sends it
// ([ParseReply]). It fails as [Validator.VerifySignature] does.
func (v *Validator) Answer(ctx context.Context, q Request, reply []byte, holder tunnus.PersonCode, now time.Time) (Signed, error) {
	r, err := ParseReply(reply)
	if err != nil {
		return Signed{}, err
	}
	return v.VerifySignature(ctx, q, r, holder, now)
}

// Evidence is all that is needed to judge a signature over a text again.
type Evidence struct {
	Text        string             `json:"text"` // what was shown, and signed to the byte
	Signature   []byte             `json:"signature"`
	Algorithm   SignatureAlgorithm `json:"algorithm"`
	Certificate []byte             `json:"certificate"` // DER
	Issuer      []byte             `json:"issuer"`      // DER
	OCSP        []byte             `json:"ocsp"`        // DER, made after the signature
	OCSPAt      time.Time          `json:"ocsp_at"`
}

// Verify judges the evidence once more, off line: that the card's key has signed the
// text, that the issuer has signed its certificate, for signatures, and has said
// afterwards that it was good. Whether this issuer is one to trust is for the caller to
// say. It returns the certificates of the card and of its issuer.
func (e Evidence) Verify() (card, issuer *x509.Certificate, err error) {
	card, err = pki.ParseForeign(e.Certificate)
	if err != nil {
		return nil, nil, badSignature("%w", err)
	}
	if issuer, err = pki.ParseForeign(e.Issuer); err != nil {
		return nil, nil, badSignature("its issuer: %w", err)
	}
	if card.KeyUsage&forSigning().bit == 0 {
		return nil, nil, badSignature("its certificate is not for signing")
	}
	if err := errors.Join(checkKey(card.PublicKey), card.CheckSignatureFrom(issuer)); err != nil {
		return nil, nil, badSignature("%w", err)
	}
	m, err := methodOf(card.PublicKey, e.Algorithm)
	if err == nil {
		err = m.verify(card.PublicKey, sum(m.hash, []byte(e.Text)), e.Signature)
	}
	if err != nil {
		return nil, nil, badSignature("%w", err)
	}
	word, err := ocsp.Verify(e.OCSP, card, issuer, []*x509.Certificate{issuer}, e.OCSPAt)
	if err != nil {
		return nil, nil, badSignature("its status: %w", err)
	}
	if word.Status != ocsp.Good || !word.Produced.Equal(e.OCSPAt) {
		return nil, nil, badSignature("its certificate was not good then, or that was said at another time")
	}
	return card, issuer, nil
}

// methodOf is how a key has signed, in the words of Web eID.
func methodOf(key crypto.PublicKey, a SignatureAlgorithm) (method, error) {
	m := method{hash: hashFunctions[a.HashFunction], pss: a.PaddingScheme == "PSS"}
	if k, ok := key.(*ecdsa.PublicKey); ok {
		m.bits = k.Curve.Params().BitSize
	}
	if m.hash == 0 || (a.CryptoAlgorithm == "ECC") != (m.bits != 0) {
		return m, errors.New("it was made by an algorithm that is not the key's")
	}
	return m, nil
}

// Evidence is that of a signature over a text, which the caller has asked for.
func (s Signed) Evidence(text string) Evidence {
	return Evidence{text, s.reply.Signature, s.reply.Algorithm, s.certificate.Raw, s.issuer.Raw, s.word.response, s.word.at}
}
