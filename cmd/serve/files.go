package serve

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// ReadCertificates reads the certificates of a PEM file.
func ReadCertificates(path string) ([]*x509.Certificate, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return pki.DecodeCertificates(b)
}

// openIssuer reads the issuing CA of a folder.
func openIssuer(dir string) (issue.Issuer, error) {
	certs, err := ReadCertificates(filepath.Join(dir, "issuing.pem"))
	if err != nil {
		return issue.Issuer{}, err
	}
	secret, err := os.ReadFile(filepath.Join(dir, "issuing.key"))
	if err != nil {
		return issue.Issuer{}, err
	}
	key, err := pki.DecodeKey(tunnus.NewSecret(secret))
	if err != nil {
		return issue.Issuer{}, err
	}
	if pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(certs[0].PublicKey) {
		return issue.Issuer{}, errors.New("issuing.key is not the key of issuing.pem")
	}
	return issue.Issuer{Certificate: certs[0], Key: key}, nil
}

// readTrustList reads all country signer certificates of a folder. An empty
// folder is a mistake: nobody could register.
func readTrustList(dir string) (*emrtd.TrustList, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var certs [][]byte
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".der" && ext != ".pem" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if filepath.Ext(e.Name()) == ".der" {
			certs = append(certs, b)
			continue
		}
		for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
			if block.Type != "CERTIFICATE" {
				return nil, fmt.Errorf("%s: a PEM block that is no certificate", e.Name())
			}
			certs = append(certs, block.Bytes)
		}
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("%s: no certificates in it", dir)
	}
	return emrtd.NewTrustList(certs...)
}

// modelFolder finds the face engine's files: where it is told, or beside the program.
func modelFolder(told string) (string, error) {
	if told != "" {
		return told, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(self), "models"), nil
}

func trimmed(b []byte) []byte { return bytes.TrimRight(b, "\r\n") }
