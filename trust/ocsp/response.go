package ocsp

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/trust/pki"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A Status is what a responder says of a certificate (RFC 6960 §2.2).
type Status string

// The statuses.
const (
	Good    Status = "good"
	Revoked Status = "revoked" // for ever or, with [pki.Hold], until it is lifted
	Unknown Status = "unknown" // not one that the issuer has made
)

// A Failure is an answer without a status, unsigned (RFC 6960 §2.3). As an
// error it is what [Verify] says of such an answer.
type Failure int

// The failures that are used here.
const (
	Malformed     Failure = 1 // the question cannot be read
	InternalError Failure = 2
	TryLater      Failure = 3
	Unauthorized  Failure = 6 // asked about somebody else's certificates
)

// Error implements error.
func (f Failure) Error() string {
	names := map[Failure]string{Malformed: "malformedRequest", InternalError: "internalError", TryLater: "tryLater", 5: "sigRequired", Unauthorized: "unauthorized"}
	if n, ok := names[f]; ok {
		return "ocsp: the responder said " + n
	}
	return fmt.Sprintf("ocsp: the responder said status %d", int(f))
}

// Encode returns the answer as DER.
func (f Failure) Encode() []byte { return []byte{0x30, 3, 0x0a, 1, byte(f)} }

// An Answer is the status of one certificate.
type Answer struct {
	ID         CertID // as asked; only Raw is written
	Status     Status
	Revoked    time.Time  // if it is revoked
	Reason     pki.Reason // if it is revoked
	ThisUpdate time.Time  // when the status was known to be right
	// NextUpdate is when newer information will be there. Zero leaves it out: there
	// always is some (RFC 6960 §4.2.2.1).
	NextUpdate time.Time
	// ArchiveCutoff is the date since which statuses are kept, beyond the end
	// of the certificates too (RFC 6960 §4.4.4). Zero leaves it out.
	ArchiveCutoff time.Time
}

// A Draft is an answer that waits for its signature. Times are written in
// whole seconds.
type Draft struct {
	Answers  []Answer
	Nonce    []byte // of the question; nil if it had none
	Produced time.Time
}

// A Signer is the responder's certificate with its key, RSA: there are clients
// that take no other (facts: the PHP client of Smart-ID).
type Signer struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// sha256WithRSA is the AlgorithmIdentifier (RFC 4055 §5), whole.
const sha256WithRSA = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"

// Sign makes the answer: signed by RSA with SHA-256, the responder's
// certificate embedded. It checks its own signature, so that a fault of the
// key's hardware does not leave. It fails if nothing is answered.
func Sign(d Draft, by Signer) ([]byte, error) {
	key, ok := by.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok || len(d.Answers) == 0 {
		return nil, errors.New("ocsp: an RSA key and an answer are needed")
	}
	tbs, err := d.encode(by.Certificate)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(tbs)
	signature, err := by.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("ocsp: the responder's key: %w", err)
	}
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature); err != nil {
		return nil, fmt.Errorf("ocsp: own signature: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Enum(0) // successful
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(oidBasic)) })
				b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddBytes(tbs)
						b.AddBytes([]byte(sha256WithRSA))
						b.AddASN1BitString(signature)
						b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
							b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(by.Certificate.Raw) })
						})
					})
				})
			})
		})
	})
	return b.Bytes()
}

// encode writes ResponseData (RFC 6960 §4.2.1), the responder named by its key.
func (d Draft) encode(responder *x509.Certificate) ([]byte, error) {
	_, keyHash, ok := issuerHashes(crypto.SHA1, responder)
	if !ok {
		return nil, errors.New("ocsp: the responder's key cannot be read")
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1OctetString(keyHash) })
		b.AddASN1GeneralizedTime(seconds(d.Produced))
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, a := range d.Answers {
				a.add(b)
			}
		})
		if d.Nonce != nil {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addNonce(b, d.Nonce) })
			})
		}
	})
	return b.Bytes()
}

// add writes a SingleResponse.
func (a Answer) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(a.ID.Raw)
		switch a.Status {
		case Good:
			b.AddASN1(asn1.Tag(0).ContextSpecific(), func(*cryptobyte.Builder) {})
		case Revoked:
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { // IMPLICIT, of a SEQUENCE
				b.AddASN1GeneralizedTime(seconds(a.Revoked))
				if c := a.Reason.Code(); c != 0 { // RFC 5280 §5.3.1: unspecified is left out
					b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(c)) })
				}
			})
		case Unknown:
			b.AddASN1(asn1.Tag(2).ContextSpecific(), func(*cryptobyte.Builder) {})
		default:
			b.SetError(fmt.Errorf("ocsp: no such status: %q", a.Status))
		}
		b.AddASN1GeneralizedTime(seconds(a.ThisUpdate))
		if !a.NextUpdate.IsZero() {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(seconds(a.NextUpdate)) })
		}
		if !a.ArchiveCutoff.IsZero() {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addExtension(b, oidArchiveCutoff, func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(seconds(a.ArchiveCutoff)) })
				})
			})
		}
	})
}

func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
