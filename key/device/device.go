// Package device makes and checks the signature by which a device stands behind
// each of its requests.
//
// The device key hk is an ECDSA P-256 key, made at the app's first start. It
// signs the canonical bytes of a [Request]: method, path, hash of the body,
// session, counter and the server's nonce. Public keys are passed as DER
// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7); a device is known by its
// [Thumbprint].
//
// Nothing here keeps counters or knows sessions: that a counter rises and that
// a nonce is the session's own is for the server that holds the session to
// check. Nothing here knows what a request means.
package device

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// The first words of what is hashed, so that a hash made for one purpose is
// good for no other.
const (
	requestTag = "tunnus/device/request/v1"
	sessionTag = "tunnus/device/session/v1"
)

// MaxBody is the size of the largest body that is signed or verified, in bytes.
const MaxBody = 8 << 20

// A Request is what a device signs: one call of the server's API.
type Request struct {
	Method  string `json:"method"`  // as in HTTP: "POST"
	Path    string `json:"path"`    // as sent, with the query if there is one
	Session string `json:"session"` // [SessionID]; "" before there is a session
	Counter uint64 `json:"counter"` // rises with each request of the session
	Nonce   string `json:"nonce"`   // the server's nonce of the session
	Body    []byte `json:"body"`
}

// A Signed is a request with the device's public key and its signature: all that
// somebody needs who wants to see for himself that this device asked for this.
type Signed struct {
	Request   Request `json:"request"`
	Key       []byte  `json:"key"`       // SubjectPublicKeyInfo, DER
	Signature []byte  `json:"signature"` // ECDSA, ASN.1 DER, over SHA-256 of the canonical bytes
}

// GenerateKey makes a device key.
func GenerateKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("device: making a key: %w", err)
	}
	return key, nil
}

// Canonical returns the bytes that are signed: a tag, then method, path, session
// and nonce, each behind its length in four bytes, the counter in eight, and the
// SHA-256 of the body. No two requests have the same bytes.
func (r Request) Canonical() []byte {
	b := []byte(requestTag)
	for _, s := range []string{r.Method, r.Path, r.Session, r.Nonce} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	b = binary.BigEndian.AppendUint64(b, r.Counter)
	sum := sha256.Sum256(r.Body)
	return append(b, sum[:]...)
}

// Sign signs a request with a device key, which must be ECDSA on P-256.
func Sign(key crypto.Signer, r Request) (Signed, error) {
	spki, err := Public(key)
	if err != nil {
		return Signed{}, err
	}
	sum := sha256.Sum256(r.Canonical())
	sig, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return Signed{}, fmt.Errorf("device: signing: %w", err)
	}
	return Signed{Request: r, Key: spki, Signature: sig}, nil
}

// Public returns the SubjectPublicKeyInfo of a device key.
func Public(key crypto.Signer) ([]byte, error) {
	pub, ok := key.Public().(*ecdsa.PublicKey)
	if !ok || pub.Curve != elliptic.P256() {
		return nil, errors.New("device: the key is not ECDSA on P-256")
	}
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("device: encoding the key: %w", err)
	}
	return spki, nil
}

// Verify checks that the request was signed by the key it carries. Whether that
// is the key of a device one knows is told by [Signed.Thumbprint]. It fails with
// [tunnus.CodeBadSignature].
func (s Signed) Verify() error { return Verify(s.Key, s.Request, s.Signature) }

// Thumbprint names the device that the request says it is from.
func (s Signed) Thumbprint() string { return Thumbprint(s.Key) }

// Verify checks a signature over a request under a public key given as
// SubjectPublicKeyInfo. It fails with [tunnus.CodeBadSignature].
func Verify(spki []byte, r Request, sig []byte) error {
	if len(r.Body) > MaxBody {
		return Refused(errors.New("device: the body is too large to be signed"))
	}
	pub, err := parse(spki)
	if err != nil {
		return Refused(err)
	}
	sum := sha256.Sum256(r.Canonical())
	if !ecdsa.VerifyASN1(pub, sum[:], sig) {
		return Refused(errors.New("device: the signature does not fit the request"))
	}
	return nil
}

// Check refuses what cannot be a device's public key: anything but a point of
// P-256, in its one encoding. It fails with [tunnus.CodeBadSignature].
func Check(spki []byte) error {
	if _, err := parse(spki); err != nil {
		return Refused(err)
	}
	return nil
}

// Refused is the failure of a request that its device did not sign, or not for
// here and now: a counter that does not rise, a nonce of another session.
func Refused(cause error) error { return tunnus.Fail(tunnus.CodeBadSignature, cause) }

// parse reads a device's public key. It takes one encoding only, so that a key
// has one thumbprint.
func parse(spki []byte) (*ecdsa.PublicKey, error) {
	any, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, fmt.Errorf("device: public key: %w", err)
	}
	pub, ok := any.(*ecdsa.PublicKey)
	if !ok || pub.Curve != elliptic.P256() {
		return nil, errors.New("device: the public key is not ECDSA on P-256")
	}
	again, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil || string(again) != string(spki) {
		return nil, errors.New("device: the public key is not encoded as it should be")
	}
	return pub, nil
}

// Thumbprint names a device: SHA-256 of its SubjectPublicKeyInfo, in base64url
// without padding (43 characters).
func Thumbprint(spki []byte) string {
	sum := sha256.Sum256(spki)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// SessionID returns the name of a session between a device and a server that
// drew the nonce: H(hk ‖ nonce), in base64url (43 characters). Both sides work
// it out, so neither can choose it alone.
func SessionID(spki, serverNonce []byte) string {
	b := binary.BigEndian.AppendUint32([]byte(sessionTag), uint32(len(spki)))
	b = append(append(b, spki...), serverNonce...)
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
