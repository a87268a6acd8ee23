package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"os"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// stampBits is the size of the key of time-stamps.
const stampBits = 3072

// ensureTrust makes what stands beside the certificate authority: the root's
// revocation list and the key of time-stamps.
func (w *World) ensureTrust() error {
	return ensure(w.Path("authority", "stamp.pem"), func() error {
		root, err := w.signer("authority/root.pem", "offline/root.key")
		if err != nil {
			return err
		}
		issuing, err := w.signer("authority/issuing.pem", "authority/issuing.key")
		if err != nil {
			return err
		}
		list, err := rootList(root, w.clock.Now())
		if err != nil {
			return err
		}
		key, err := rsa.GenerateKey(rand.Reader, stampBits)
		if err != nil {
			return err
		}
		cert, err := pki.NewStamper(pki.Sandbox(), issuing.Certificate, issuing.Key, &key.PublicKey, w.clock.Now(), issue.Lint)
		if err != nil {
			return err
		}
		secret, err := pki.EncodeKey(key)
		if err != nil {
			return err
		}
		return writeAll(
			file{w.Path("authority", "root.crl"), list},
			file{w.Path("authority", "stamp.key"), secret.Reveal()},
			file{w.Path("authority", "stamp.pem"), pki.EncodeCertificates(cert)},
		)
	})
}

// signer reads a CA of this world, both of which lie in clear.
func (w *World) signer(certificate, key string) (issue.Issuer, error) {
	text, err := os.ReadFile(w.Path(certificate))
	if err != nil {
		return issue.Issuer{}, err
	}
	certs, err := pki.DecodeCertificates(text)
	if err != nil {
		return issue.Issuer{}, err
	}
	secret, err := os.ReadFile(w.Path(key))
	if err != nil {
		return issue.Issuer{}, err
	}
	s, err := pki.DecodeKey(tunnus.NewSecret(secret))
	return issue.Issuer{Certificate: certs[0], Key: s}, err
}

// rootList is the root's revocation list, with nobody in it: whoever checks a
// certificate wants to know of the issuing CA too.
func rootList(root issue.Issuer, now time.Time) ([]byte, error) {
	return x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.AddDate(1, 0, 0),
	}, root.Certificate, root.Key)
}
