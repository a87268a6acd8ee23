package stamp

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/pki"
	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// signingHash digests what a token's signature is about.
const signingHash = crypto.SHA512

// An Authority makes time-stamps. It is safe for concurrent use.
type Authority struct {
	Certificate *x509.Certificate   // from trust/issue: RSA, for time-stamps only
	Chain       []*x509.Certificate // the CAs above it but the root; they go into tokens
	Key         crypto.Signer
	Policy      string // dotted; "" is [pki.PolicyStamp]
	Clock       tunnus.Clock
	// Accuracy is how far the clock may be off. Tokens tell a second more,
	// since their time is cut to whole seconds.
	Accuracy time.Duration
}

// Answer answers a TimeStampReq (RFC 3161 §2.4.1) with a TimeStampResp. There
// is always an answer; if it is a refusal the error says why, for the log: a
// [Failure], wrapped, which tells nothing of the digest.
func (a Authority) Answer(request []byte) (response []byte, err error) {
	q, err := ParseRequest(request)
	if err != nil {
		return refuse(err)
	}
	token, err := a.Make(q)
	if err != nil {
		return refuse(err)
	}
	response, err = build(inside(der.SEQUENCE, inside(der.SEQUENCE, number(0)), raw(token)))
	if err != nil {
		return refuse(err)
	}
	return response, nil
}

// refuse turns an error into a refusal.
func refuse(why error) ([]byte, error) {
	f, ok := errors.AsType[Failure](why)
	if !ok {
		f = SystemFailure
		why = fmt.Errorf("%w: %w", SystemFailure, why)
	}
	answer, err := f.encode()
	return answer, errors.Join(why, err)
}

// Token makes the time-stamp of a digest in process, with its certificates.
func (a Authority) Token(h crypto.Hash, digest []byte) ([]byte, error) {
	return a.Make(Request{Hash: h, Digest: digest, Certificates: true})
}

// Make answers a request with a TimeStampToken. It fails with a [Failure],
// wrapped, if the request cannot be answered.
func (a Authority) Make(q Request) ([]byte, error) {
	key, ok := a.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: an RSA key expected", SystemFailure)
	}
	now := a.Clock.Now().UTC().Truncate(time.Second)
	if now.Before(a.Certificate.NotBefore) || now.After(a.Certificate.NotAfter) {
		return nil, fmt.Errorf("%w: the authority's certificate is not valid now", TimeNotAvailable)
	}
	info, err := a.info(q, now)
	if err != nil {
		return nil, err
	}
	attributes, err := a.attributes(info, now)
	if err != nil {
		return nil, err
	}
	set, err := build(inside(der.SET, raw(attributes)))
	if err != nil {
		return nil, err
	}
	digest := sum(signingHash, set)
	signature, err := a.Key.Sign(rand.Reader, digest, signingHash)
	if err != nil {
		return nil, fmt.Errorf("%w: the authority's key: %w", SystemFailure, err)
	}
	if err := rsa.VerifyPKCS1v15(key, signingHash, digest, signature); err != nil { // a fault of the hardware does not leave
		return nil, fmt.Errorf("%w: own signature: %w", SystemFailure, err)
	}
	return a.signedData(info, attributes, signature, q.Certificates)
}

// info writes TSTInfo (RFC 3161 §2.4.2).
func (a Authority) info(q Request, now time.Time) ([]byte, error) {
	own := a.Policy
	if own == "" {
		own = pki.PolicyStamp
	}
	if q.Policy != "" && q.Policy != own {
		return nil, fmt.Errorf("%w: %s", UnacceptedPolicy, q.Policy)
	}
	policy, err := encodePolicy(own)
	if err != nil {
		return nil, err
	}
	imprint, err := imprintOf(q.Hash, q.Digest)
	if err != nil {
		return nil, err
	}
	serial, err := pki.NewSerial() // 128 random bits: no two tokens ever have the same, and no counter to lose
	if err != nil {
		return nil, err
	}
	return build(inside(der.SEQUENCE, number(1), raw(policy), raw(imprint), func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(serial)
		b.AddASN1GeneralizedTime(now)
		addAccuracy(b, a.Accuracy+time.Second)
		if q.Nonce != nil {
			b.AddASN1BigInt(q.Nonce)
		}
	}))
}

// addAccuracy writes seconds and milliseconds; what is less is rounded up.
func addAccuracy(b *cryptobyte.Builder, d time.Duration) {
	ms := int64((d + time.Millisecond - 1) / time.Millisecond)
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		if s := ms / 1000; s > 0 {
			b.AddASN1Int64(s)
		}
		if rest := ms % 1000; rest > 0 {
			b.AddASN1Int64WithTag(rest, tag(0))
		}
	})
}

// attributes writes what is signed (RFC 3161 §2.4.2, RFC 5816 §2.2.1): the
// contents of a SET OF, in DER's order.
func (a Authority) attributes(info []byte, now time.Time) ([]byte, error) {
	issuer := inside(der.SEQUENCE, inside(wrap(4), raw(a.Certificate.RawIssuer))) // GeneralNames: one directoryName
	serial := func(b *cryptobyte.Builder) { b.AddASN1BigInt(a.Certificate.SerialNumber) }
	var elements [][]byte
	for _, p := range []cryptobyte.BuilderContinuation{
		inside(der.SEQUENCE, oid(oidContentType), inside(der.SET, oid(oidTSTInfo))),
		inside(der.SEQUENCE, oid(oidMessageDigest), inside(der.SET, octets(sum(signingHash, info)))),
		inside(der.SEQUENCE, oid(oidSigningTime), inside(der.SET, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(now) })),
		inside(der.SEQUENCE, oid(oidSigningCertV2), inside(der.SET, inside(der.SEQUENCE, inside(der.SEQUENCE, inside(der.SEQUENCE,
			algorithm(crypto.SHA512), octets(sum(crypto.SHA512, a.Certificate.Raw)), inside(der.SEQUENCE, issuer, serial)))))),
	} {
		e, err := build(p)
		if err != nil {
			return nil, err
		}
		elements = append(elements, e)
	}
	return sorted(elements...), nil
}

// signedData writes the whole token (RFC 5652 §5.1).
func (a Authority) signedData(info, attributes, signature []byte, certificates bool) ([]byte, error) {
	signer := inside(der.SEQUENCE,
		number(1),
		inside(der.SEQUENCE, raw(a.Certificate.RawIssuer), func(b *cryptobyte.Builder) { b.AddASN1BigInt(a.Certificate.SerialNumber) }),
		algorithm(signingHash),
		inside(wrap(0), raw(attributes)),
		inside(der.SEQUENCE, oid(oidRSA), func(b *cryptobyte.Builder) { b.AddASN1NULL() }),
		octets(signature),
	)
	embedded := func(b *cryptobyte.Builder) {
		if !certificates {
			return
		}
		list := [][]byte{a.Certificate.Raw}
		for _, c := range a.Chain {
			list = append(list, c.Raw)
		}
		all(b, wrap(0), raw(sorted(list...)))
	}
	return build(inside(der.SEQUENCE, oid(oidSignedData), inside(wrap(0), inside(der.SEQUENCE,
		number(3),
		inside(der.SET, algorithm(signingHash)),
		inside(der.SEQUENCE, oid(oidTSTInfo), inside(wrap(0), octets(info))),
		embedded,
		inside(der.SET, signer),
	))))
}

// A Stamp is what a token says, verified.
type Stamp struct {
	Time      time.Time
	Accuracy  time.Duration // how far Time may be off; 0 if it was not told
	Policy    string        // dotted
	Serial    *big.Int
	Nonce     *big.Int // nil if there is none; who sent one compares it
	Hash      crypto.Hash
	Authority *x509.Certificate
	Chain     []*x509.Certificate // the other certificates in the token
}
