package idcard

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus"
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

// Evidence is that of a signature over a text, which the caller has asked for.
func (s Signed) Evidence(text string) Evidence {
	return Evidence{text, s.reply.Signature, s.reply.Algorithm, s.certificate.Raw, s.issuer.Raw, s.word.response, s.word.at}
}
