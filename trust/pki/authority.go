package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// Signing is the algorithm of every certificate that the two CAs sign.
const Signing = x509.SHA512WithRSA

const (
	authorityBits = 4096
	rootYears     = 20
	issuingYears  = 10
)

// An Authority is a new certificate authority of two tiers. RootKey signs
// nothing more in daily use: whoever calls [NewAuthority] takes it off line.
type Authority struct {
	Root, Issuing       *x509.Certificate
	RootKey, IssuingKey *rsa.PrivateKey
}

// NewAuthority makes root and issuing CA with keys of RSA-4096; this takes
// some seconds. The issuing CA may sign holders' certificates and revocation
// lists, and no further CA (path length 0).
func NewAuthority(s Scheme, now time.Time) (Authority, error) {
	if err := s.Validate(); err != nil {
		return Authority{}, err
	}
	rootKey, issuingKey, err := authorityKeys()
	if err != nil {
		return Authority{}, err
	}
	rootTemplate, err := s.authorityTemplate("Root CA", rootYears, now, &rootKey.PublicKey)
	if err != nil {
		return Authority{}, err
	}
	rootTemplate.MaxPathLen = 1
	root, err := createAndRead(rootTemplate, rootTemplate, &rootKey.PublicKey, rootKey)
	if err != nil {
		return Authority{}, err
	}
	issuingTemplate, err := s.authorityTemplate("Issuing CA", issuingYears, now, &issuingKey.PublicKey)
	if err != nil {
		return Authority{}, err
	}
	anyPolicy, err := policyOID(policyAny)
	if err != nil {
		return Authority{}, err
	}
	issuingTemplate.MaxPathLenZero = true
	issuingTemplate.Policies = []x509.OID{anyPolicy}
	issuing, err := createAndRead(issuingTemplate, root, &issuingKey.PublicKey, rootKey)
	if err != nil {
		return Authority{}, err
	}
	return Authority{Root: root, Issuing: issuing, RootKey: rootKey, IssuingKey: issuingKey}, nil
}

// authorityKeys makes both keys at once.
func authorityKeys() (root, issuing *rsa.PrivateKey, err error) {
	type made struct {
		key *rsa.PrivateKey
		err error
	}
	other := make(chan made, 1)
	go func() {
		k, err := rsa.GenerateKey(rand.Reader, authorityBits)
		other <- made{k, err}
	}()
	root, err = rsa.GenerateKey(rand.Reader, authorityBits)
	m := <-other
	return root, m.key, errors.Join(err, m.err)
}

// authorityTemplate is what root and issuing CA have in common.
func (s Scheme) authorityTemplate(role string, years int, now time.Time, key *rsa.PublicKey) (*x509.Certificate, error) {
	serial, err := NewSerial()
	if err != nil {
		return nil, err
	}
	from := now.UTC().Truncate(time.Second).Add(-backdate)
	return &x509.Certificate{
		SerialNumber: serial,
		Subject: nameOf([]attribute{
			{oidCountry, s.Country},
			{oidOrganisation, s.Organisation},
			{oidCommonName, fmt.Sprintf("%s %s %d", s.Name, role, from.Year())},
		}),
		NotBefore:             from,
		NotAfter:              from.AddDate(years, 0, 0).Add(-time.Second),
		SignatureAlgorithm:    Signing,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		SubjectKeyId:          KeyID(x509.MarshalPKCS1PublicKey(key)),
	}, nil
}

// createAndRead signs a certificate and reads it back.
func createAndRead(template, parent *x509.Certificate, key crypto.PublicKey, by crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, by)
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	return x509.ParseCertificate(der)
}

// NewSerial draws a serial number of 128 random bits, never zero. It is
// positive and so has at most 17 octets (RFC 5280 §4.1.2.2 allows 20).
func NewSerial() (*big.Int, error) {
	limit := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))
	n, err := rand.Int(rand.Reader, limit)
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	return n.Add(n, big.NewInt(1)), nil
}

// A Server is a TLS server certificate of a sandbox with the CA that signed it.
// Clients trust CA; Certificate and Key go into a [crypto/tls.Certificate].
type Server struct {
	CA, Certificate *x509.Certificate
	Key             *ecdsa.PrivateKey
}

const serverDays = 365

// NewServer makes a TLS server certificate (P-256, one year) for the DNS names
// and IP addresses given, such as "localhost" and "127.0.0.1". The CA's key
// signs this certificate only and is then forgotten, so that a client that
// trusts the CA trusts nothing else.
func NewServer(s Scheme, hosts []string, now time.Time) (Server, error) {
	if len(hosts) == 0 {
		return Server{}, errors.New("pki: a server needs a name or an address")
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Server{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Server{}, err
	}
	ca, err := s.serverTemplate("TLS CA", now, &caKey.PublicKey)
	if err != nil {
		return Server{}, err
	}
	ca.IsCA, ca.MaxPathLenZero = true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	signed, err := createAndRead(ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return Server{}, err
	}
	leaf, err := s.serverTemplate(hosts[0], now, &key.PublicKey)
	if err != nil {
		return Server{}, err
	}
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range hosts {
		if ip, err := netip.ParseAddr(h); err == nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip.AsSlice())
		} else {
			leaf.DNSNames = append(leaf.DNSNames, h)
		}
	}
	cert, err := createAndRead(leaf, signed, &key.PublicKey, caKey)
	return Server{CA: signed, Certificate: cert, Key: key}, err
}

// serverTemplate is what a TLS CA and its server certificate have in common.
func (s Scheme) serverTemplate(common string, now time.Time, key *ecdsa.PublicKey) (*x509.Certificate, error) {
	serial, err := NewSerial()
	if err != nil {
		return nil, err
	}
	bits, err := key.Bytes()
	if err != nil {
		return nil, err
	}
	from := now.UTC().Truncate(time.Second).Add(-backdate)
	return &x509.Certificate{
		SerialNumber:          serial,
		Subject:               nameOf([]attribute{{oidOrganisation, s.Organisation}, {oidCommonName, common}}),
		NotBefore:             from,
		NotAfter:              from.AddDate(0, 0, serverDays),
		SignatureAlgorithm:    x509.ECDSAWithSHA256,
		BasicConstraintsValid: true,
		SubjectKeyId:          KeyID(bits),
	}, nil
}
