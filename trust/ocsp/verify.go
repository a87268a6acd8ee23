package ocsp

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus/trust/pki"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Skew is how much the clocks of responder and asker may differ.
const Skew = 2 * time.Minute

// maxResponse bounds an answer that is read, in bytes.
const maxResponse = 64 << 10

// What is wrong with an answer. [Verify] returns one of these, [ErrFormat] or a
// [Failure], wrapped.
var (
	ErrOther  = errors.New("ocsp: the answer is not about this certificate")
	ErrSigner = errors.New("ocsp: the answer is not signed by the issuer or a responder it named")
	ErrTime   = errors.New("ocsp: the answer does not hold at this time")
)

// A Result is what a responder says of one certificate, its signature verified.
type Result struct {
	Status        Status
	Revoked       time.Time  // if it is revoked, since when
	Reason        pki.Reason // if it is revoked
	ThisUpdate    time.Time
	NextUpdate    time.Time // zero if the responder always has newer information
	Produced      time.Time // when it was signed
	ArchiveCutoff time.Time // zero if it was not told
	Nonce         []byte    // nil if there is none; who sent one compares it
	Responder     *x509.Certificate
}

// Verify judges an answer about cert, which issuer has signed: the issuer leads
// to one of roots at the time given (or is one), the answer is signed by the
// issuer itself or by a responder to which the issuer gave that right (RFC 6960
// §4.2.2.2), valid when it signed, and holds at the time given, which is now or
// the time of a signature that is being judged. It does not compare nonces.
//
// No error means that the responder has said [Result.Status], not that it is
// [Good].
func Verify(response []byte, cert, issuer *x509.Certificate, roots []*x509.Certificate, at time.Time) (Result, error) {
	if err := cert.CheckSignatureFrom(issuer); err != nil {
		return Result{}, fmt.Errorf("%w: the issuer did not sign the certificate", ErrOther)
	}
	if err := leads(issuer, roots, at); err != nil {
		return Result{}, fmt.Errorf("%w: %w", ErrSigner, err)
	}
	basic, err := parseResponse(response)
	if err != nil {
		return Result{}, err
	}
	responder, err := basic.signer(issuer)
	if err != nil {
		return Result{}, err
	}
	out, err := basic.about(cert, issuer)
	if err != nil {
		return Result{}, err
	}
	out.Nonce, out.Responder, out.Produced = basic.nonce, responder, basic.produced
	if err := out.holds(at); err != nil {
		return Result{}, err
	}
	return out, nil
}

// Told returns the time for which an answer about cert says something, with
// nothing judged: for who wants to hand that time to [Verify]. It fails with
// [ErrOther] if the answer is about another certificate.
func Told(response []byte, cert, issuer *x509.Certificate) (thisUpdate time.Time, err error) {
	basic, err := parseResponse(response)
	if err != nil {
		return time.Time{}, err
	}
	r, err := basic.about(cert, issuer)
	return r.ThisUpdate, err
}

// leads sees that the issuer leads to a root.
func leads(issuer *x509.Certificate, roots []*x509.Certificate, at time.Time) error {
	pool := x509.NewCertPool()
	for _, r := range roots {
		pool.AddCert(r)
	}
	_, err := issuer.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

// holds wants that the answer is neither of the future nor overtaken.
func (r Result) holds(at time.Time) error {
	switch {
	case r.ThisUpdate.After(at.Add(Skew)):
		return fmt.Errorf("%w: it is of a later time", ErrTime)
	case !r.NextUpdate.IsZero() && r.NextUpdate.Before(at.Add(-Skew)):
		return fmt.Errorf("%w: newer information was due", ErrTime)
	case !r.NextUpdate.IsZero() && r.NextUpdate.Before(r.ThisUpdate), r.Produced.Before(r.ThisUpdate.Add(-Skew)):
		return fmt.Errorf("%w: its own times contradict each other", ErrTime)
	}
	return nil
}

// A basicResponse is an answer as read, with nothing judged.
type basicResponse struct {
	tbs          []byte
	byName       []byte // DER of the responder's name, or
	byKey        []byte // SHA-1 of its key
	produced     time.Time
	answers      []single
	nonce        []byte
	algorithm    x509.SignatureAlgorithm
	signature    []byte
	certificates []*x509.Certificate
}

type single struct {
	id     CertID
	result Result
}

// algorithms that an answer may be signed with, by the DER of their identifier.
var algorithms = map[string]x509.SignatureAlgorithm{
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b": x509.SHA256WithRSA,
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c": x509.SHA384WithRSA,
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d": x509.SHA512WithRSA,
	"\x2a\x86\x48\xce\x3d\x04\x03\x02":     x509.ECDSAWithSHA256,
	"\x2a\x86\x48\xce\x3d\x04\x03\x03":     x509.ECDSAWithSHA384,
	"\x2a\x86\x48\xce\x3d\x04\x03\x04":     x509.ECDSAWithSHA512,
}

// maxCertificates is how many embedded certificates are read.
const maxCertificates = 8

func parseResponse(der []byte) (*basicResponse, error) {
	in := cryptobyte.String(der)
	var outer, wrapped, typed, oid, octets, basic cryptobyte.String
	var status int
	if len(der) > maxResponse || !in.ReadASN1(&outer, asn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1Enum(&status) {
		return nil, fmt.Errorf("%w: response", ErrFormat)
	}
	if status != 0 {
		return nil, Failure(status)
	}
	if !outer.ReadASN1(&wrapped, explicit(0)) || !outer.Empty() || !wrapped.ReadASN1(&typed, asn1.SEQUENCE) || !wrapped.Empty() ||
		!typed.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !typed.ReadASN1(&octets, asn1.OCTET_STRING) || !typed.Empty() ||
		string(oid) != oidBasic || !octets.ReadASN1(&basic, asn1.SEQUENCE) || !octets.Empty() {
		return nil, fmt.Errorf("%w: response bytes", ErrFormat)
	}
	var tbs, algorithm, certs, list cryptobyte.String
	var there bool
	r := &basicResponse{}
	if !basic.ReadASN1Element(&tbs, asn1.SEQUENCE) || !basic.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !bare(algorithm) || !basic.ReadASN1BitStringAsBytes(&r.signature) ||
		!basic.ReadOptionalASN1(&certs, &there, explicit(0)) || !basic.Empty() ||
		there && (!certs.ReadASN1(&list, asn1.SEQUENCE) || !certs.Empty()) {
		return nil, fmt.Errorf("%w: basic response", ErrFormat)
	}
	r.tbs, r.algorithm = tbs, algorithms[string(oid)]
	for !list.Empty() {
		var one cryptobyte.String
		if len(r.certificates) == maxCertificates || !list.ReadASN1Element(&one, asn1.SEQUENCE) {
			return nil, fmt.Errorf("%w: embedded certificates", ErrFormat)
		}
		c, err := pki.ParseForeign(one)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		r.certificates = append(r.certificates, c)
	}
	return r, r.readData(tbs)
}

// bare reports whether the parameters of an algorithm are absent or NULL.
func bare(parameters cryptobyte.String) bool {
	var null cryptobyte.String
	return parameters.Empty() || parameters.ReadASN1(&null, asn1.NULL) && null.Empty() && parameters.Empty()
}

// readData reads ResponseData.
func (r *basicResponse) readData(tbs cryptobyte.String) error {
	var data, id, list cryptobyte.String
	version := 0
	if !tbs.ReadASN1(&data, asn1.SEQUENCE) || !data.ReadOptionalASN1Integer(&version, explicit(0), 0) || version != 0 {
		return fmt.Errorf("%w: version", ErrFormat)
	}
	switch {
	case data.PeekASN1Tag(explicit(1)):
		var name cryptobyte.String
		if !data.ReadASN1(&id, explicit(1)) || !id.ReadASN1Element(&name, asn1.SEQUENCE) || !id.Empty() {
			return fmt.Errorf("%w: responder's name", ErrFormat)
		}
		r.byName = name
	default:
		if !data.ReadASN1(&id, explicit(2)) || !id.ReadASN1Bytes(&r.byKey, asn1.OCTET_STRING) || !id.Empty() {
			return fmt.Errorf("%w: responder's key", ErrFormat)
		}
	}
	if !data.ReadASN1GeneralizedTime(&r.produced) || !data.ReadASN1(&list, asn1.SEQUENCE) {
		return fmt.Errorf("%w: response data", ErrFormat)
	}
	for !list.Empty() {
		if len(r.answers) == MaxAsked {
			return fmt.Errorf("%w: more than %d answers", ErrFormat, MaxAsked)
		}
		s, err := readSingle(&list)
		if err != nil {
			return err
		}
		r.answers = append(r.answers, s)
	}
	var err error
	if r.nonce, err = readNonce(&data, 1, true); err != nil {
		return err
	}
	if !data.Empty() {
		return fmt.Errorf("%w: something behind the response data", ErrFormat)
	}
	return nil
}

func readSingle(list *cryptobyte.String) (single, error) {
	var one cryptobyte.String
	if !list.ReadASN1(&one, asn1.SEQUENCE) {
		return single{}, fmt.Errorf("%w: answer", ErrFormat)
	}
	id, err := readCertID(&one)
	if err != nil {
		return single{}, err
	}
	s := single{id: id}
	if err := s.result.readStatus(&one); err != nil {
		return single{}, err
	}
	var next cryptobyte.String
	var there bool
	if !one.ReadASN1GeneralizedTime(&s.result.ThisUpdate) || !one.ReadOptionalASN1(&next, &there, explicit(0)) ||
		there && (!next.ReadASN1GeneralizedTime(&s.result.NextUpdate) || !next.Empty() || s.result.NextUpdate.IsZero()) { // the year 1 is not "none"
		return single{}, fmt.Errorf("%w: times", ErrFormat)
	}
	seen, err := readExtensions(&one, 1, true, []string{oidArchiveCutoff})
	if err != nil {
		return single{}, err
	}
	if v, there := seen[oidArchiveCutoff]; there {
		cut := cryptobyte.String(v)
		if !cut.ReadASN1GeneralizedTime(&s.result.ArchiveCutoff) || !cut.Empty() {
			return single{}, fmt.Errorf("%w: archive cut-off", ErrFormat)
		}
	}
	if !one.Empty() {
		return single{}, fmt.Errorf("%w: something behind an answer", ErrFormat)
	}
	return s, nil
}

// readStatus reads CertStatus.
func (r *Result) readStatus(one *cryptobyte.String) error {
	var body, why cryptobyte.String
	var tag asn1.Tag
	if !one.ReadAnyASN1(&body, &tag) {
		return fmt.Errorf("%w: status", ErrFormat)
	}
	switch tag {
	case asn1.Tag(0).ContextSpecific():
		r.Status = Good
	case asn1.Tag(2).ContextSpecific():
		r.Status = Unknown
	case explicit(1):
		r.Status, r.Reason = Revoked, pki.Unspecified
		var there bool
		if !body.ReadASN1GeneralizedTime(&r.Revoked) || !body.ReadOptionalASN1(&why, &there, explicit(0)) {
			return fmt.Errorf("%w: revocation", ErrFormat)
		}
		code := 0
		if there && (!why.ReadASN1Enum(&code) || !why.Empty()) {
			return fmt.Errorf("%w: reason", ErrFormat)
		}
		r.Reason = pki.ReasonOf(code)
	default:
		return fmt.Errorf("%w: status", ErrFormat)
	}
	if !body.Empty() {
		return fmt.Errorf("%w: status", ErrFormat)
	}
	return nil
}

// signer finds who signed, sees that it may, and verifies the signature.
func (r *basicResponse) signer(issuer *x509.Certificate) (*x509.Certificate, error) {
	if r.algorithm == x509.UnknownSignatureAlgorithm {
		return nil, fmt.Errorf("%w: signature algorithm", ErrSigner)
	}
	for _, c := range append([]*x509.Certificate{issuer}, r.certificates...) {
		if !r.names(c) {
			continue
		}
		if err := r.may(c, issuer); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSigner, err)
		}
		if err := c.CheckSignature(r.algorithm, r.tbs, r.signature); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSigner, err)
		}
		return c, nil
	}
	return nil, fmt.Errorf("%w: its certificate is not there", ErrSigner)
}

// names reports whether the answer says that c has signed it.
func (r *basicResponse) names(c *x509.Certificate) bool {
	if r.byName != nil {
		return bytes.Equal(r.byName, c.RawSubject)
	}
	_, key, ok := issuerHashes(crypto.SHA1, c)
	return ok && bytes.Equal(key, r.byKey)
}

// may sees that c is the issuer, or has the issuer's leave to answer.
func (r *basicResponse) may(c, issuer *x509.Certificate) error {
	if c.Equal(issuer) {
		return nil
	}
	switch {
	case !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return errors.New("ocsp: it may not sign answers")
	case !bytes.Equal(c.RawIssuer, issuer.RawSubject):
		return errors.New("ocsp: the responder is of another issuer")
	case r.produced.Before(c.NotBefore) || r.produced.After(c.NotAfter):
		return errors.New("ocsp: the responder's certificate was not valid")
	}
	return c.CheckSignatureFrom(issuer)
}

// about finds what is said of one certificate. Two answers about it are refused.
func (r *basicResponse) about(cert, issuer *x509.Certificate) (Result, error) {
	var found []Result
	for _, s := range r.answers {
		if s.id.Serial.Cmp(cert.SerialNumber) == 0 && s.id.Of(issuer) {
			found = append(found, s.result)
		}
	}
	if len(found) != 1 {
		return Result{}, fmt.Errorf("%w: %d answers about it", ErrOther, len(found))
	}
	return found[0], nil
}
