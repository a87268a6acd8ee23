package card

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus/document/idcard"
)

// A Manner is how a card, or the app that drives it, behaves otherwise than it should.
type Manner string

// The manners. But for Newer and NewerList, they are wrong.
const (
	OtherOrigin Manner = "other-origin" // signs the origin of another page
	OtherNonce  Manner = "other-nonce"  // signs another nonce
	Replay      Manner = "replay"       // gives the token of the last time again
	ClaimRS256  Manner = "claim-rs256"  // names an algorithm of another kind of key
	DER         Manner = "der"          // signatures as SEQUENCE of R and S
	OtherDigest Manner = "other-digest" // signs another digest
	Oversized   Manner = "oversized"    // a token of more than 10,000 bytes
	Format2     Manner = "format-2.0"   // web-eid:2.0
	Format10    Manner = "format-10"    // web-eid:10
	OtherCert   Manner = "other-cert"   // the token has the signing certificate in place of its own

	Newer     Manner = "format-1.1"      // web-eid:1.1, with the signing certificate
	NewerList Manner = "format-1.1-list" // the same, in a list
)

// Misbehave changes how the card behaves from now on; without an argument, it
// behaves as it should.
func (c *Card) Misbehave(m ...Manner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.manners = m
}

// What a card says when a key is not opened.
var (
	ErrPIN     = errors.New("card: wrong PIN")
	ErrBlocked = errors.New("card: the PIN is blocked")
)

// ErrArgument means that a card cannot do what it is asked for.
var ErrArgument = errors.New("card: it cannot do that")

// A Token is the answer to a log-in, in the words of Web eID.
type Token struct {
	Certificate []byte `json:"unverifiedCertificate"`
	Algorithm   string `json:"algorithm"`
	Signature   []byte `json:"signature"`
	Format      string `json:"format"`
	AppVersion  string `json:"appVersion"`

	SigningCertificate  []byte                      `json:"unverifiedSigningCertificate,omitempty"`
	SigningCertificates []Offer                     `json:"unverifiedSigningCertificates,omitempty"`
	Algorithms          []idcard.SignatureAlgorithm `json:"supportedSignatureAlgorithms,omitempty"`
}

// An Offer is the answer to web-eid:get-signing-certificate.
type Offer struct {
	Certificate []byte                      `json:"certificate"`
	Algorithms  []idcard.SignatureAlgorithm `json:"supportedSignatureAlgorithms"`
}

// A Signature is the answer to web-eid:sign.
type Signature struct {
	Signature []byte                    `json:"signature"`
	Algorithm idcard.SignatureAlgorithm `json:"signatureAlgorithm"`
}

// appVersion names the app that a card's token says it was made by.
const appVersion = "https://utopia.invalid/virtual-card/1.0.0"

// Authenticate signs origin and nonce with the log-in key. It fails with
// [ErrPIN], [ErrBlocked], or [ErrArgument] for a nonce that is not of 44 to 128
// characters.
func (c *Card) Authenticate(origin, nonce, pin string) (Token, error) {
	if err := checkNonce(nonce); err != nil {
		return Token{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.pin1.open(pin); err != nil {
		return Token{}, err
	}
	if c.last != nil && c.has(Replay) {
		return *c.last, nil
	}
	if c.has(OtherOrigin) {
		origin = "https://thief.example"
	}
	if c.has(OtherNonce) {
		nonce = strings.Repeat("A", len(nonce))
	}
	h := hashOf(c.algorithm)
	value := slices.Concat(sum(h, []byte(origin)), sum(h, []byte(nonce)))
	signature, err := c.sign(c.login.key, h, sum(h, value))
	if err != nil {
		return Token{}, err
	}
	t := Token{Certificate: c.login.certificate.Raw, Algorithm: c.algorithm, Signature: signature, Format: "web-eid:1.0", AppVersion: appVersion}
	c.bend(&t)
	c.last = &t
	return t, nil
}

func checkNonce(nonce string) error {
	if len(nonce) < 44 || len(nonce) > 128 {
		return fmt.Errorf("%w: a nonce of %d characters", ErrArgument, len(nonce))
	}
	return nil
}

// bend changes a token as the manners want.
func (c *Card) bend(t *Token) {
	for _, m := range c.manners {
		switch m {
		case ClaimRS256:
			t.Algorithm = "RS256"
		case Oversized:
			t.AppVersion += "?" + strings.Repeat("x", 10_000)
		case Format2:
			t.Format = "web-eid:2.0"
		case Format10:
			t.Format = "web-eid:10"
		case OtherCert:
			t.Certificate = c.signature.certificate.Raw
		case Newer:
			t.Format, t.SigningCertificate, t.Algorithms = "web-eid:1.1", c.signature.certificate.Raw, c.algorithms()
		case NewerList:
			t.Format, t.SigningCertificates = "web-eid:1.1", []Offer{c.SigningCertificate()}
		}
	}
}

// SigningCertificate is the certificate of the signature key, with what the card
// can sign. No PIN is asked for.
func (c *Card) SigningCertificate() Offer {
	return Offer{c.signature.certificate.Raw, c.algorithms()}
}

// Sign signs a digest with the signature key. It fails with [ErrPIN],
// [ErrBlocked], or [ErrArgument] for a digest that does not fit the hash
// function, named as in Web eID, or one that the card does not offer.
func (c *Card) Sign(digest []byte, function, pin string) (Signature, error) {
	algorithm, err := c.offered(function, digest)
	if err != nil {
		return Signature{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.pin2.open(pin); err != nil {
		return Signature{}, err
	}
	if c.has(OtherDigest) {
		digest = bytes.Repeat([]byte{0x5a}, len(digest))
	}
	signature, err := c.sign(c.signature.key, functions[function], digest)
	return Signature{signature, algorithm}, err
}

// offered finds the algorithm of a hash function, if the digest fits it.
func (c *Card) offered(function string, digest []byte) (idcard.SignatureAlgorithm, error) {
	for _, a := range c.algorithms() {
		if a.HashFunction == function && len(digest) == functions[function].Size() {
			return a, nil
		}
	}
	return idcard.SignatureAlgorithm{}, fmt.Errorf("%w: hash function or digest", ErrArgument)
}

func (c *Card) has(m Manner) bool { return slices.Contains(c.manners, m) }

// open compares a PIN, and counts.
func (c *counter) open(pin string) error {
	switch {
	case c.Left == 0:
		return ErrBlocked
	case pin != c.PIN:
		c.Left--
		return ErrPIN
	}
	c.Left = tries
	return nil
}

// functions are the hash functions that cards of ours know.
var functions = map[string]crypto.Hash{
	"SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512,
	"SHA3-256": crypto.SHA3_256, "SHA3-384": crypto.SHA3_384, "SHA3-512": crypto.SHA3_512,
}

// algorithms lists what the card offers: ECC takes any digest, RSA those that
// its padding names.
func (c *Card) algorithms() []idcard.SignatureAlgorithm {
	kind, padding, names := "ECC", "NONE", []string{"SHA-256", "SHA-384", "SHA-512", "SHA3-256", "SHA3-384", "SHA3-512"}
	switch c.algorithm {
	case "RS256":
		kind, padding, names = "RSA", "PKCS1.5", names[:3]
	case "PS256":
		kind, padding, names = "RSA", "PSS", names[:3]
	}
	var out []idcard.SignatureAlgorithm
	for _, n := range names {
		out = append(out, idcard.SignatureAlgorithm{CryptoAlgorithm: kind, HashFunction: n, PaddingScheme: padding})
	}
	return out
}

// sign makes a signature over a digest, as the card's algorithm wants.
func (c *Card) sign(key crypto.Signer, h crypto.Hash, digest []byte) ([]byte, error) {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, digest)
		if err != nil {
			return nil, fmt.Errorf("card: %w", err)
		}
		if c.has(DER) {
			return asn1.Marshal(struct{ R, S *big.Int }{r, s})
		}
		n := (k.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, n)), s.FillBytes(make([]byte, n))...), nil
	case *rsa.PrivateKey:
		if c.algorithm == "PS256" {
			return rsa.SignPSS(rand.Reader, k, h, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(nil, k, h, digest)
	}
	return nil, fmt.Errorf("%w: its key", ErrArgument)
}

// hashOf is the hash of a log-in's algorithm.
func hashOf(algorithm string) crypto.Hash {
	switch algorithm[2:] {
	case "384":
		return crypto.SHA384
	case "512":
		return crypto.SHA512
	}
	return crypto.SHA256
}

func sum(h crypto.Hash, message []byte) []byte {
	w := sha512.New()
	switch h {
	case crypto.SHA256:
		w = sha256.New()
	case crypto.SHA384:
		w = sha512.New384()
	}
	w.Write(message)
	return w.Sum(nil)
}
