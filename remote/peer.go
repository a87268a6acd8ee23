package remote

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus"
)

// A Peer is a process that may be talked to: the one with a certificate, or
// the one that a CA calls by a name. Of SHA256 and CA just one is set.
type Peer struct {
	SHA256 []byte         // of the certificate, DER
	CA     *x509.CertPool // roots; the certificate is made for this side of TLS, and valid now
	Name   string         // DNS name that stands in the certificate, in full: no wildcard stands for it; with CA
}

// check refuses what does not say who the peer is.
func (p Peer) check() error {
	switch {
	case (p.SHA256 == nil) == (p.CA == nil):
		return errors.New("remote: a peer is known by its certificate or by a CA, one of them")
	case p.SHA256 != nil && len(p.SHA256) != sha256.Size:
		return fmt.Errorf("remote: a certificate is pinned by %d bytes of SHA-256", sha256.Size)
	case strings.Contains(p.Name, "*"):
		return errors.New("remote: a peer has one name, and no wildcard")
	case (p.Name == "") != (p.CA == nil):
		return errors.New("remote: a peer under a CA is known by its name, for the CA has others")
	}
	return nil
}

// An Identity is how a process proves itself, and whom it believes.
type Identity struct {
	Certificate tls.Certificate
	Clock       tunnus.Clock
}

// admits reports whether a certificate is the peer's. TLS has proved that who sends it
// has its key.
func (p Peer) admits(chain []*x509.Certificate, use x509.ExtKeyUsage, clock tunnus.Clock) bool {
	if len(chain) == 0 {
		return false
	}
	if p.SHA256 != nil {
		sum := sha256.Sum256(chain[0].Raw)
		return subtle.ConstantTimeCompare(sum[:], p.SHA256) == 1
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: p.CA, Intermediates: between, CurrentTime: clock.Now(), KeyUsages: []x509.ExtKeyUsage{use},
	})
	// Not VerifyHostname: to it a certificate for *.internal is one for every process.
	return err == nil && slices.ContainsFunc(chain[0].DNSNames, func(name string) bool { return strings.EqualFold(name, p.Name) })
}

// errStranger ends a handshake.
var errStranger = errors.New("remote: the certificate is none of a listed peer")

// known makes the check of one side of TLS: whoever is on the other must be one
// of the peers. It runs on every handshake; sessions are never resumed.
func (i Identity) known(peers []Peer, use x509.ExtKeyUsage) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		for _, p := range peers {
			if p.admits(s.PeerCertificates, use, i.Clock) {
				return nil
			}
		}
		return errStranger
	}
}

// ServerTLS is the configuration of a listener that only these peers may call.
func (i Identity) ServerTLS(peers ...Peer) (*tls.Config, error) {
	if len(peers) == 0 {
		return nil, errors.New("remote: nobody is listed who may call")
	}
	for _, p := range peers {
		if err := p.check(); err != nil {
			return nil, err
		}
	}
	return &tls.Config{
		Certificates: []tls.Certificate{i.Certificate}, MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"},
		ClientAuth: tls.RequireAnyClientCert, VerifyConnection: i.known(peers, x509.ExtKeyUsageClientAuth),
		SessionTicketsDisabled: true,
	}, nil
}

// clientTLS is the other side. The library's own check of names is replaced by
// that of the peer, which is stricter.
func (i Identity) clientTLS(p Peer) (*tls.Config, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return &tls.Config{
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &i.Certificate, nil },
		MinVersion:           tls.VersionTLS13, InsecureSkipVerify: true, VerifyConnection: i.known([]Peer{p}, x509.ExtKeyUsageServerAuth),
	}, nil
}
