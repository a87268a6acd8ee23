package issue

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// draftBits is the size of the throwaway key. It is of the CA's kind, RSA with
// the same algorithm, but shorter: only the length of the signature differs,
// which stands outside the bytes that are judged.
const draftBits = 2048

// throwaway makes the key for drafts, when the first is needed.
func throwaway() func() (*rsa.PrivateKey, error) {
	return sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, draftBits) })
}

// draftOf signs a template with the throwaway key, under the issuer's name and
// key identifier: its to-be-signed bytes are those of the real certificate.
func draftOf(template *x509.Certificate, by Issuer, key *rsa.PrivateKey) (*x509.Certificate, error) {
	parent := *by.Certificate
	parent.PublicKey = &key.PublicKey
	der, err := x509.CreateCertificate(rand.Reader, template, &parent, template.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("issue: draft: %w", err)
	}
	draft, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("issue: draft: %w", err)
	}
	return draft, nil
}

// sha512WithRSA is pki.Signing as it stands in a certificate (RFC 4055 §5).
var sha512WithRSA = pkix.AlgorithmIdentifier{
	Algorithm:  asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13},
	Parameters: asn1.NullRawValue,
}

// sign puts the CA's signature to the bytes of an intent, and then reads the
// certificate as a relying party would: it must have these very bytes, name
// this issuer, and bear a good signature.
func sign(tbs []byte, by Issuer) ([]byte, error) {
	digest := sha512.Sum512(tbs)
	signature, err := by.Key.Sign(rand.Reader, digest[:], crypto.SHA512)
	if err != nil {
		return nil, fmt.Errorf("issue: the CA's key: %w", err)
	}
	der, err := asn1.Marshal(struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{asn1.RawValue{FullBytes: tbs}, sha512WithRSA, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}})
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("issue: the signed certificate: %w", err)
	}
	if !bytes.Equal(cert.RawTBSCertificate, tbs) {
		return nil, errors.New("issue: what was signed is not what was linted")
	}
	// Two CAs of one name differ in their keys only. Under the wrong one, no responder
	// and no revocation list would know the certificate.
	if !bytes.Equal(cert.RawIssuer, by.Certificate.RawSubject) || !bytes.Equal(cert.AuthorityKeyId, by.Certificate.SubjectKeyId) {
		return nil, errors.New("issue: the intent names another issuing CA")
	}
	if err := cert.CheckSignatureFrom(by.Certificate); err != nil {
		return nil, fmt.Errorf("issue: own signature: %w", err)
	}
	return der, nil
}

// digest binds a request's id to all else that it says.
func (r Request) digest() []byte {
	text, err := json.Marshal(struct {
		Account, Document, Person, Surname, GivenNames, Birth, Level, Purpose, Device string
		Modulus                                                                       []byte
		Exponent                                                                      int
	}{
		r.Account, r.Document, r.Subject.Code.SemanticsID(), r.Subject.Surname, r.Subject.GivenNames,
		r.Subject.Birth.Format(time.DateOnly), string(r.Level), string(r.Purpose), r.Device, r.PublicKey.N.Bytes(), r.PublicKey.E,
	})
	if err != nil { // cannot be: strings, bytes and a number
		panic(err)
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// smallFactors is the bound below which a modulus must have no prime factor:
// that of key/splitkey for the phone's part (K10), so that what is refused
// there is refused here, whoever asks.
const smallFactors = 1 << 20

// primorial multiplies all odd primes below the bound.
func primorial(bound int) *big.Int {
	composite := make([]bool, bound)
	var level []*big.Int
	for p := 3; p < bound; p += 2 {
		if composite[p] {
			continue
		}
		level = append(level, big.NewInt(int64(p)))
		for q := p * p; q < bound; q += 2 * p {
			composite[q] = true
		}
	}
	for len(level) > 1 { // pairwise, so that the large numbers come last
		for i := 0; i+1 < len(level); i += 2 {
			level[i/2] = new(big.Int).Mul(level[i], level[i+1])
		}
		if len(level)%2 == 1 {
			level[len(level)/2] = level[len(level)-1]
		}
		level = level[:(len(level)+1)/2]
	}
	return level[0]
}

// checkKey refuses what cannot be a modulus of large primes. It does not prove
// that it is one: package key/keyshare has made half of it. small is the
// product of the small primes.
func checkKey(k *rsa.PublicKey, bits int, small func() *big.Int) error {
	switch {
	case k == nil || k.N == nil || k.N.Sign() <= 0:
		return errors.New("issue: a public key is missing")
	case k.N.BitLen() != bits:
		return fmt.Errorf("issue: a modulus of %d bits expected", bits)
	case k.E != 65537:
		return errors.New("issue: the exponent 65537 expected")
	case k.N.Bit(0) == 0:
		return errors.New("issue: the modulus is even")
	}
	var m big.Int
	if m.GCD(nil, nil, k.N, m.Mod(small(), k.N)).BitLen() != 1 {
		return errors.New("issue: the modulus has a small factor")
	}
	root := m.Sqrt(k.N)
	if root.Mul(root, root).Cmp(k.N) == 0 {
		return errors.New("issue: the modulus is a square")
	}
	return nil
}
