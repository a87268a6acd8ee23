package client

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// A Reason says what was wrong with a log-in.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	NotOK          Reason = "end-result"   // the person, or time, said no; see Refusal.End
	Malformed      Reason = "malformed"    // an answer without what an answer must have
	WrongProtocol  Reason = "protocol"     // another signature protocol
	UntrustedChain Reason = "chain"        // does not lead to a configured root
	Expired        Reason = "expired"      // not valid yet, or not any more
	WrongPolicy    Reason = "policy"       // asserts none of the scheme's policies
	WrongPurpose   Reason = "purpose"      // not a certificate for logging in
	WrongLevel     Reason = "level"        // below what was asked, or other than the server says
	WrongPerson    Reason = "identity"     // somebody else
	WrongAccount   Reason = "document"     // another account
	WrongFlow      Reason = "flow"         // not a flow that was offered
	WrongScreen    Reason = "interaction"  // not a screen that was offered
	WrongHash      Reason = "hash"         // another hash than was asked for
	WrongAlgorithm Reason = "algorithm"    // other parameters of the signature
	StaleChallenge Reason = "challenge"    // the challenge was answered before, or is too old
	WrongSalt      Reason = "salt"         // made with another salt length than it says
	WrongName      Reason = "service-name" // covers another spelling of this service's name
	WrongScheme    Reason = "scheme"       // covers another scheme's name
	WrongBinding   Reason = "binding"      // covers another request
	BadSignature   Reason = "signature"    // is no signature of that key
	Revoked        Reason = "revoked"      // the certificate is revoked or suspended; see Config.CheckStatus
	NoStatus       Reason = "status"       // nobody says that the certificate is good
)

// A Refusal is a log-in that did not take place.
type Refusal struct {
	Reason Reason
	End    string // the session's end result, if that is the reason
	Screen string // on which the person cancelled, if they did
	Cause  error
}

// Error implements error.
func (r *Refusal) Error() string {
	if r.Cause == nil {
		return fmt.Sprintf("client: log-in refused: %s %s", r.Reason, r.End)
	}
	return fmt.Sprintf("client: log-in refused: %s: %v", r.Reason, r.Cause)
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

func refuse(why Reason, what string) *Refusal { return &Refusal{Reason: why, Cause: errors.New(what)} }

// An Identity is who has logged in. Only [Client.Verify] makes it.
type Identity struct {
	Person      tunnus.PersonCode
	Surname     string
	GivenNames  string
	Number      string // document number of the account
	Level       tunnus.Level
	Certificate *x509.Certificate

	// Payload and Signature are what was signed and the signature over it
	// (RSASSA-PSS with Hash): to be kept by services that must prove a log-in.
	Payload, Signature []byte
	Hash               acsp.Hash
}

// maxAge is how old a request may be when it is answered: longer than any
// session lives.
const maxAge = 10 * time.Minute

// minBits is the least size of a key that is looked at.
const minBits = 2048

// Verify returns who has logged in, or a [Refusal]; a request is answered once
// only. See the package comment for what it looks at. Whatever it returns,
// nothing of st must be used where it fails.
func (c *Client) Verify(q *Request, st Status) (Identity, error) {
	if err := checkShape(st); err != nil {
		return Identity{}, err
	}
	cert, err := c.chain(st.Certificate.DER)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{Certificate: cert, Number: st.Result.Number}
	if id.Level, err = c.level(cert); err != nil {
		return Identity{}, err
	}
	for _, check := range []func() error{
		func() error { return c.checkPurpose(cert) },
		func() error { return checkLevel(id.Level, q.level, st.Certificate.Level) },
		func() error { return readPerson(cert, &id) },
		func() error { return checkSubject(q, id) },
		func() error { return checkRequested(q, st) },
		func() error { return c.checkFresh(q) },
		func() error { return checkSignature(q, st, &id) },
		func() error { return c.checkStatus(cert) },
	} {
		if err := check(); err != nil {
			return Identity{}, err
		}
	}
	if q.answered.Swap(true) {
		return Identity{}, refuse(StaleChallenge, "it was answered before")
	}
	return id, nil
}

// checkShape wants an OK with all that belongs to it.
func checkShape(st Status) error {
	if st.State != complete {
		return refuse(Malformed, "the session is not complete")
	}
	if st.Result.End != "OK" {
		return &Refusal{Reason: NotOK, End: st.Result.End, Screen: st.Result.Details.Interaction}
	}
	if st.Protocol != acsp.Protocol {
		return refuse(WrongProtocol, "not ACSP_V2")
	}
	random, err := base64.StdEncoding.DecodeString(st.Signature.ServerRandom)
	switch {
	case st.Result.Number == "":
		return refuse(Malformed, "document number is missing")
	case len(st.Certificate.DER) == 0 || len(st.Signature.Value) == 0:
		return refuse(Malformed, "certificate or signature is missing")
	case err != nil || len(st.Signature.ServerRandom) < 24 || len(random) < 16:
		return refuse(Malformed, "server random: Base64 of at least 24 characters expected")
	case len(st.Signature.UserChallenge) != 43:
		return refuse(Malformed, "user challenge: 43 characters expected")
	}
	return nil
}

// chain reads the certificate and follows it to a configured root, at the time
// of the verifier's clock. Nothing that the answer brings along is part of it.
func (c *Client) chain(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, &Refusal{Reason: Malformed, Cause: errors.New("certificate cannot be read")}
	}
	roots, issuing := x509.NewCertPool(), x509.NewCertPool()
	for _, r := range c.config.Roots {
		roots.AddCert(r)
	}
	for _, i := range c.config.Issuing {
		issuing.AddCert(i)
	}
	chains, err := cert.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: issuing, CurrentTime: c.config.Clock.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // looked at in checkPurpose
	})
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return nil, refuse(Expired, "certificate is not valid at this time")
	}
	if err != nil {
		return nil, &Refusal{Reason: UntrustedChain, Cause: err}
	}
	// Root, issuing CA, holder: a certificate that the root itself has signed
	// is none of a holder, nor is one of a CA.
	two := func(chain []*x509.Certificate) bool { return len(chain) == 3 }
	if cert.IsCA || !slices.ContainsFunc(chains, two) {
		return nil, refuse(UntrustedChain, "not a holder's certificate of an issuing CA")
	}
	return cert, nil
}

// level returns the level whose policies the certificate asserts, the better one first.
func (c *Client) level(cert *x509.Certificate) (tunnus.Level, error) {
	has := func(want x509.OID) bool {
		return slices.ContainsFunc(cert.Policies, func(p x509.OID) bool { return p.Equal(want) })
	}
	lacks := func(want x509.OID) bool { return !has(want) }
	for _, level := range []tunnus.Level{tunnus.Qualified, tunnus.Advanced} {
		if want := c.policies[level]; len(want) > 0 && !slices.ContainsFunc(want, lacks) {
			return level, nil
		}
	}
	return "", refuse(WrongPolicy, "certificate asserts no policy of the scheme")
}

// checkPurpose wants a certificate for logging in, not one for signing
// documents: its key must not be made to sign something else.
func (c *Client) checkPurpose(cert *x509.Certificate) error {
	switch {
	case cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return refuse(WrongPurpose, "key usage lacks digitalSignature")
	case cert.KeyUsage&x509.KeyUsageContentCommitment != 0:
		return refuse(WrongPurpose, "key usage is for signing documents too")
	case !slices.ContainsFunc(cert.UnknownExtKeyUsage, c.config.Usage.Equal):
		return refuse(WrongPurpose, "extended key usage lacks logging in")
	}
	return nil
}

// checkLevel believes the policies; the server has to say the same.
func checkLevel(has, want, said tunnus.Level) error {
	if !has.AtLeast(want) {
		return refuse(WrongLevel, "certificate is below the level that was asked for")
	}
	if said != has {
		return refuse(WrongLevel, "the server names another level than the certificate")
	}
	return nil
}

// checkSubject holds who answered against who was asked.
func checkSubject(q *Request, id Identity) error {
	if !q.person.IsZero() && id.Person != q.person {
		return refuse(WrongPerson, "certificate is another person's")
	}
	if !strings.HasPrefix(id.Number, id.Person.SemanticsID()+"-") {
		return refuse(WrongAccount, "document number is another person's")
	}
	if q.number != "" && id.Number != q.number {
		return refuse(WrongAccount, "another account was asked")
	}
	return nil
}

// checkRequested holds how it was answered against how it was asked.
func checkRequested(q *Request, st Status) error {
	want, err := acsp.ParametersOf(q.fields.Hash)
	if err != nil {
		return refuse(WrongHash, "unknown hash algorithm")
	}
	offered := func(i acsp.Interaction) bool { return i.Type == st.Interaction }
	got := st.Signature.Parameters
	switch {
	case st.Signature.Flow != q.fields.Flow:
		return refuse(WrongFlow, "not a flow that was offered")
	case !slices.ContainsFunc(q.offered, offered):
		return refuse(WrongScreen, "not an interaction that was offered")
	case st.Signature.Algorithm != acsp.PSS:
		return refuse(WrongAlgorithm, "not RSASSA-PSS")
	case got.Hash != want.Hash:
		return refuse(WrongHash, "not the hash algorithm that was asked for")
	case got.Salt != want.Salt:
		return refuse(WrongSalt, "salt is not as long as the hash")
	case got != want:
		return refuse(WrongAlgorithm, "mask generation or trailer")
	}
	return nil
}

// checkFresh wants a challenge that is not older than a session lives.
func (c *Client) checkFresh(q *Request) error {
	if age := c.config.Clock.Now().Sub(q.made); age > maxAge || age < 0 {
		return refuse(StaleChallenge, "it is too old")
	}
	return nil
}

// checkSignature builds what the holder must have signed, from the request
// itself and the values that only the answer can tell, and verifies it. It
// leaves both with id.
func checkSignature(q *Request, st Status, id *Identity) error {
	key, ok := id.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minBits {
		return refuse(WrongAlgorithm, "not an RSA key of at least 2048 bits")
	}
	fields := q.fields
	fields.ServerRandom = st.Signature.ServerRandom
	answer := acsp.Answer{UserChallenge: st.Signature.UserChallenge, Interaction: st.Interaction}
	payload, err := acsp.Payload(fields, answer)
	if err != nil {
		return &Refusal{Reason: Malformed, Cause: err}
	}
	if verifyPSS(key, fields.Hash, payload, st.Signature.Value) {
		id.Payload, id.Signature, id.Hash = payload, st.Signature.Value, fields.Hash
		return nil
	}
	return explain(key, fields, answer, st.Signature.Value)
}
