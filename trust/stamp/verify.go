package stamp

import (
	"bytes"
	"crypto"
	"crypto/sha1" // ESSCertID of older authorities (RFC 2634 §5.4); the signature covers it by a better hash
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/trust/pki"
	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// skew is how much the clocks of authority and verifier may differ.
const skew = 2 * time.Minute

// Limits of a token that is read.
const (
	maxToken        = 64 << 10
	maxCertificates = 8
)

// What is wrong with a token. [Verify] returns one of these, wrapped.
var (
	ErrFormat    = errors.New("stamp: not a time-stamp token")
	ErrImprint   = errors.New("stamp: the time-stamp is about something else")
	ErrAuthority = errors.New("stamp: not made by a time-stamp authority that is trusted")
	ErrSignature = errors.New("stamp: the signature is wrong")
	ErrTime      = errors.New("stamp: the time cannot be")
	ErrEnded     = errors.New("stamp: its authority's certificate has ended, so that it proves nothing any more")
)

// Verify judges a token (TimeStampToken, DER) about a digest: its signature,
// that its signer's certificate is for time-stamps only and the one that it
// names, and that this leads to one of roots at the time given, through the
// certificates in the token. With a zero time the chain is judged at the
// token's own time, for who accepts a time-stamp whose authority has ended
// since. The certificate was valid at the token's time in any case. Whether it
// was revoked is not seen here.
func Verify(token, digest []byte, roots []*x509.Certificate, at time.Time) (Stamp, error) {
	t, err := parse(token)
	if err != nil {
		return Stamp{}, err
	}
	out, err := t.readInfo()
	if err != nil {
		return Stamp{}, err
	}
	if subtle.ConstantTimeCompare(t.digest, digest) != 1 {
		return Stamp{}, ErrImprint
	}
	if err := t.checkSigner(); err != nil {
		return Stamp{}, err
	}
	out.Authority = t.signer
	for _, c := range t.certificates {
		if !c.Equal(t.signer) {
			out.Chain = append(out.Chain, c)
		}
	}
	if err := t.chain(roots, out.Time, at); err != nil {
		return Stamp{}, err
	}
	return out, nil
}

// VerifyAsOf judges a token as [Verify] does at the token's own time, and besides
// whether it still proves something now: whoever gets hold of an authority's
// key once its certificate has ended can stamp what they like as of before
// (EN 319 102-1 §5.4). If it does not, it fails with [ErrEnded], and returns
// what the token says all the same. Whether it is of the future is not seen here.
func VerifyAsOf(token, digest []byte, roots []*x509.Certificate, now time.Time) (Stamp, error) {
	out, err := Verify(token, digest, roots, time.Time{})
	if err != nil || !now.After(out.Time) {
		return out, err
	}
	if _, err := Verify(token, digest, roots, now); err != nil {
		return out, fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return out, nil
}

// FromResponse takes the token out of a TimeStampResp. It fails with the
// [Failure] that the authority told, or [ErrFormat].
func FromResponse(response []byte) (token []byte, err error) {
	in := cryptobyte.String(response)
	var outer, info, text, raw cryptobyte.String
	var status int
	var there bool
	if len(response) > maxToken || !in.ReadASN1(&outer, der.SEQUENCE) || !in.Empty() || !outer.ReadASN1(&info, der.SEQUENCE) ||
		!info.ReadASN1Integer(&status) || !info.ReadOptionalASN1(&text, &there, der.SEQUENCE) {
		return nil, fmt.Errorf("%w: response", ErrFormat)
	}
	if status != 0 && status != 1 { // granted, granted with modifications
		var bits asn1.BitString
		if info.ReadASN1BitString(&bits) {
			for i := range bits.BitLength {
				if bits.At(i) == 1 {
					return nil, Failure(i)
				}
			}
		}
		return nil, fmt.Errorf("%w: status %d", ErrFormat, status)
	}
	if !outer.ReadASN1Element(&raw, der.SEQUENCE) || !outer.Empty() {
		return nil, fmt.Errorf("%w: no token in the response", ErrFormat)
	}
	return raw, nil
}

// A token is what was read, with nothing judged but its form.
type token struct {
	info         []byte // DER of TSTInfo
	digest       []byte
	certificates []*x509.Certificate
	signer       *x509.Certificate
	signingHash  crypto.Hash
	algorithm    x509.SignatureAlgorithm
	attributes   map[string][]byte // the one value of each, by identifier
	set          []byte            // DER of the attributes as a SET OF, which is signed
	signature    []byte
}

// parse reads ContentInfo and SignedData (RFC 5652 §3, §5.1).
func parse(b []byte) (*token, error) {
	in := cryptobyte.String(b)
	var outer, wrapped, signed, digests, content, eContent, info, signers cryptobyte.String
	var kind, eKind asn1.ObjectIdentifier
	var version int
	if len(b) > maxToken || !in.ReadASN1(&outer, der.SEQUENCE) || !in.Empty() || !outer.ReadASN1ObjectIdentifier(&kind) ||
		!kind.Equal(oidSignedData) || !outer.ReadASN1(&wrapped, wrap(0)) || !outer.Empty() ||
		!wrapped.ReadASN1(&signed, der.SEQUENCE) || !wrapped.Empty() {
		return nil, fmt.Errorf("%w: content info", ErrFormat)
	}
	if !signed.ReadASN1Integer(&version) || version != 3 || !signed.ReadASN1(&digests, der.SET) ||
		!signed.ReadASN1(&content, der.SEQUENCE) || !content.ReadASN1ObjectIdentifier(&eKind) || !eKind.Equal(oidTSTInfo) ||
		!content.ReadASN1(&eContent, wrap(0)) || !content.Empty() || !eContent.ReadASN1(&info, der.OCTET_STRING) || !eContent.Empty() {
		return nil, fmt.Errorf("%w: signed data", ErrFormat)
	}
	t := &token{info: info}
	if err := t.readCertificates(&signed); err != nil {
		return nil, err
	}
	var lists cryptobyte.String
	var there bool
	if !signed.ReadOptionalASN1(&lists, &there, wrap(1)) || !signed.ReadASN1(&signers, der.SET) || !signed.Empty() {
		return nil, fmt.Errorf("%w: signers", ErrFormat)
	}
	if err := t.readSigner(&signers); err != nil {
		return nil, err
	}
	if !signers.Empty() {
		return nil, fmt.Errorf("%w: one signer expected", ErrFormat)
	}
	return t, nil
}

func (t *token) readCertificates(signed *cryptobyte.String) error {
	var list cryptobyte.String
	var there bool
	if !signed.ReadOptionalASN1(&list, &there, wrap(0)) {
		return fmt.Errorf("%w: certificates", ErrFormat)
	}
	for !list.Empty() {
		var one cryptobyte.String
		if len(t.certificates) == maxCertificates || !list.ReadASN1Element(&one, der.SEQUENCE) {
			return fmt.Errorf("%w: certificates", ErrFormat)
		}
		c, err := pki.ParseForeign(one)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrFormat, err)
		}
		t.certificates = append(t.certificates, c)
	}
	return nil
}

// readSigner reads a SignerInfo (RFC 5652 §5.3).
func (t *token) readSigner(in *cryptobyte.String) error {
	var s, sid, issuer, digest, attributes, algorithm, id cryptobyte.String
	var version int
	serial := new(big.Int)
	if !in.ReadASN1(&s, der.SEQUENCE) || !s.ReadASN1Integer(&version) || version != 1 ||
		!s.ReadASN1(&sid, der.SEQUENCE) || !sid.ReadASN1Element(&issuer, der.SEQUENCE) || !sid.ReadASN1Integer(serial) || !sid.Empty() ||
		!s.ReadASN1(&digest, der.SEQUENCE) || !s.ReadASN1(&attributes, wrap(0)) || !s.ReadASN1(&algorithm, der.SEQUENCE) ||
		!algorithm.ReadASN1(&id, der.OBJECT_IDENTIFIER) || !s.ReadASN1Bytes(&t.signature, der.OCTET_STRING) {
		return fmt.Errorf("%w: signer", ErrFormat)
	}
	var unsigned cryptobyte.String
	var there bool
	if !s.ReadOptionalASN1(&unsigned, &there, wrap(1)) || !s.Empty() {
		return fmt.Errorf("%w: signer", ErrFormat)
	}
	i := slices.IndexFunc(t.certificates, func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawIssuer, issuer) && c.SerialNumber.Cmp(serial) == 0
	})
	if i < 0 {
		return fmt.Errorf("%w: its certificate is not in the token", ErrAuthority)
	}
	t.signer = t.certificates[i]
	var err error
	if t.signingHash, err = readHash(digest); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	name, err := dotted(id)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	t.algorithm = signings[name][t.signingHash]
	return t.readAttributes(attributes)
}

func (t *token) readAttributes(attributes cryptobyte.String) error {
	var err error
	if t.set, err = build(inside(der.SET, raw(attributes))); err != nil {
		return err
	}
	t.attributes = map[string][]byte{}
	for !attributes.Empty() {
		var a, values, value cryptobyte.String
		var id asn1.ObjectIdentifier
		var kind der.Tag
		if !attributes.ReadASN1(&a, der.SEQUENCE) || !a.ReadASN1ObjectIdentifier(&id) || !a.ReadASN1(&values, der.SET) || !a.Empty() ||
			!values.ReadAnyASN1Element(&value, &kind) || !values.Empty() {
			return fmt.Errorf("%w: attribute", ErrFormat)
		}
		if _, twice := t.attributes[id.String()]; twice {
			return fmt.Errorf("%w: an attribute twice", ErrFormat)
		}
		t.attributes[id.String()] = value
	}
	return nil
}

// readInfo reads TSTInfo.
func (t *token) readInfo() (Stamp, error) {
	in := cryptobyte.String(t.info)
	var info, policy, imprint, algorithm cryptobyte.String
	var version int
	s := Stamp{Serial: new(big.Int)}
	if !in.ReadASN1(&info, der.SEQUENCE) || !in.Empty() || !info.ReadASN1Integer(&version) || version != 1 ||
		!info.ReadASN1(&policy, der.OBJECT_IDENTIFIER) || !info.ReadASN1(&imprint, der.SEQUENCE) ||
		!imprint.ReadASN1(&algorithm, der.SEQUENCE) || !imprint.ReadASN1Bytes(&t.digest, der.OCTET_STRING) || !imprint.Empty() ||
		!info.ReadASN1Integer(s.Serial) {
		return Stamp{}, fmt.Errorf("%w: time-stamp info", ErrFormat)
	}
	var err error
	if s.Policy, err = dotted(policy); err != nil {
		return Stamp{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if s.Hash, err = readHash(algorithm); err != nil || len(t.digest) != s.Hash.Size() {
		return Stamp{}, fmt.Errorf("%w: imprint", ErrFormat)
	}
	if s.Time, err = readTime(&info); err != nil {
		return Stamp{}, err
	}
	if s.Accuracy, err = readAccuracy(&info); err != nil {
		return Stamp{}, err
	}
	ordering := false
	if info.PeekASN1Tag(der.BOOLEAN) && !info.ReadASN1Boolean(&ordering) {
		return Stamp{}, fmt.Errorf("%w: ordering", ErrFormat)
	}
	if info.PeekASN1Tag(der.INTEGER) {
		s.Nonce = new(big.Int)
		if !info.ReadASN1Integer(s.Nonce) {
			return Stamp{}, fmt.Errorf("%w: nonce", ErrFormat)
		}
	}
	return s, readRest(&info)
}

// readRest reads the authority's name, which the certificate tells better, and
// extensions, of which none may be critical.
func readRest(info *cryptobyte.String) error {
	var name, extensions cryptobyte.String
	var there bool
	if !info.ReadOptionalASN1(&name, &there, wrap(0)) || !info.ReadOptionalASN1(&extensions, &there, wrap(1)) || !info.Empty() {
		return fmt.Errorf("%w: time-stamp info", ErrFormat)
	}
	for !extensions.Empty() {
		var e, value cryptobyte.String
		var id asn1.ObjectIdentifier
		critical := false
		if !extensions.ReadASN1(&e, der.SEQUENCE) || !e.ReadASN1ObjectIdentifier(&id) ||
			e.PeekASN1Tag(der.BOOLEAN) && !e.ReadASN1Boolean(&critical) || !e.ReadASN1(&value, der.OCTET_STRING) || !e.Empty() {
			return fmt.Errorf("%w: extension", ErrFormat)
		}
		if critical {
			return fmt.Errorf("%w: a critical extension that is not known", ErrFormat)
		}
	}
	return nil
}

// readTime reads a GeneralizedTime, with or without a fraction (RFC 3161 §2.4.2).
func readTime(in *cryptobyte.String) (time.Time, error) {
	var text cryptobyte.String
	if !in.ReadASN1(&text, der.GeneralizedTime) {
		return time.Time{}, fmt.Errorf("%w: time", ErrFormat)
	}
	const form = "20060102150405.999999999Z"
	t, err := time.Parse(form, string(text))
	if err != nil || t.Format(form) != string(text) {
		return time.Time{}, fmt.Errorf("%w: time", ErrFormat)
	}
	return t, nil
}

func readAccuracy(info *cryptobyte.String) (time.Duration, error) {
	var a cryptobyte.String
	var there bool
	if !info.ReadOptionalASN1(&a, &there, der.SEQUENCE) {
		return 0, fmt.Errorf("%w: accuracy", ErrFormat)
	}
	var seconds, parts [2]int64
	if a.PeekASN1Tag(der.INTEGER) && (!a.ReadASN1Integer(&seconds[0]) || seconds[0] < 0 || seconds[0] > 1<<31) {
		return 0, fmt.Errorf("%w: accuracy", ErrFormat)
	}
	for i := range parts { // milliseconds, microseconds
		if t := tag(uint8(i)); a.PeekASN1Tag(t) && (!a.ReadASN1Int64WithTag(&parts[i], t) || parts[i] < 1 || parts[i] > 999) {
			return 0, fmt.Errorf("%w: accuracy", ErrFormat)
		}
	}
	if !a.Empty() {
		return 0, fmt.Errorf("%w: accuracy", ErrFormat)
	}
	return time.Duration(seconds[0])*time.Second + time.Duration(parts[0])*time.Millisecond + time.Duration(parts[1])*time.Microsecond, nil
}

// checkSigner sees that the attributes bind info and certificate, and that the
// certificate's key has signed them.
func (t *token) checkSigner() error {
	content, err := build(oid(oidTSTInfo))
	if err != nil {
		return err
	}
	digest, err := build(octets(sum(t.signingHash, t.info)))
	if err != nil {
		return err
	}
	switch {
	case !bytes.Equal(t.attributes[oidContentType.String()], content):
		return fmt.Errorf("%w: content type", ErrSignature)
	case !bytes.Equal(t.attributes[oidMessageDigest.String()], digest):
		return fmt.Errorf("%w: message digest", ErrSignature)
	case !t.namesSigner():
		return fmt.Errorf("%w: the certificate is not the one that was signed for", ErrSignature)
	case t.algorithm == x509.UnknownSignatureAlgorithm:
		return fmt.Errorf("%w: algorithm", ErrSignature)
	}
	if err := t.signer.CheckSignature(t.algorithm, t.set, t.signature); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return nil
}

// namesSigner reads the first ESSCertIDv2 (RFC 5035 §4) or ESSCertID, and
// compares its hash with the certificate's.
func (t *token) namesSigner() bool {
	value, v2 := t.attributes[oidSigningCertV2.String()]
	if !v2 {
		value = t.attributes[oidSigningCert.String()]
	}
	in := cryptobyte.String(value)
	var outer, list, id, algorithm cryptobyte.String
	var hash []byte
	if !in.ReadASN1(&outer, der.SEQUENCE) || !outer.ReadASN1(&list, der.SEQUENCE) || !list.ReadASN1(&id, der.SEQUENCE) {
		return false
	}
	h := crypto.SHA256 // the default
	if v2 && id.PeekASN1Tag(der.SEQUENCE) {
		var err error
		if !id.ReadASN1(&algorithm, der.SEQUENCE) {
			return false
		}
		if h, err = readHash(algorithm); err != nil {
			return false
		}
	}
	if !id.ReadASN1Bytes(&hash, der.OCTET_STRING) {
		return false
	}
	if !v2 {
		want := sha1.Sum(t.signer.Raw)
		return bytes.Equal(hash, want[:])
	}
	return bytes.Equal(hash, sum(h, t.signer.Raw))
}

// chain wants an authority for time-stamps and nothing else (RFC 3161 §2.3),
// valid when it made the token, that leads to a root.
func (t *token) chain(roots []*x509.Certificate, made, at time.Time) error {
	if at.IsZero() {
		at = made
	}
	switch {
	case made.After(at.Add(skew)):
		return fmt.Errorf("%w: it lies ahead", ErrTime)
	case made.Before(t.signer.NotBefore) || made.After(t.signer.NotAfter):
		return fmt.Errorf("%w: the authority's certificate was not valid", ErrTime)
	case len(t.signer.UnknownExtKeyUsage) > 0 || !slices.Equal(t.signer.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) || !critical(t.signer):
		return fmt.Errorf("%w: its certificate is not for time-stamps only", ErrAuthority)
	}
	anchors, middle := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range roots {
		anchors.AddCert(c)
	}
	for _, c := range t.certificates {
		middle.AddCert(c)
	}
	_, err := t.signer.Verify(x509.VerifyOptions{
		Roots: anchors, Intermediates: middle, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAuthority, err)
	}
	return nil
}

// critical reports whether the extended key usage is marked so.
func critical(c *x509.Certificate) bool {
	return slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Critical && e.Id.Equal(oidExtKeyUsage) })
}
