package inputs

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus/cmd/serve/config"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// Certificates reads the certificates of a PEM file.
func Certificates(path string) ([]*x509.Certificate, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return pki.DecodeCertificates(b)
}

// Issuing reads the certificate of the issuing CA.
func Issuing(c config.AuthorityConfig) (*x509.Certificate, error) {
	certs, err := Certificates(filepath.Join(c.Folder, "issuing.pem"))
	if err != nil {
		return nil, err
	}
	return certs[0], nil
}

// Issuer opens the issuing CA.
func Issuer(c config.AuthorityConfig) (issue.Issuer, error) {
	return signer(filepath.Join(c.Folder, "issuing.pem"), c.IssuingKey)
}

// Stamper opens the key of time-stamps; nil if there is no certificate for one.
func Stamper(c config.AuthorityConfig) (*issue.Issuer, error) {
	return optional(c, config.StampFile, c.StampKey)
}

// Responder opens the key of the OCSP responder; nil if there is no certificate for one.
func Responder(c config.AuthorityConfig) (*issue.Issuer, error) {
	return optional(c, config.ResponderFile, c.ResponderKey)
}

func optional(c config.AuthorityConfig, file string, ref hsm.SignerRef) (*issue.Issuer, error) {
	if !c.Has(file) {
		return nil, nil
	}
	s, err := signer(filepath.Join(c.Folder, file), ref)
	return &s, err
}

// signer opens a key that belongs to a certificate.
func signer(file string, ref hsm.SignerRef) (issue.Issuer, error) {
	certs, err := Certificates(file)
	if err != nil {
		return issue.Issuer{}, err
	}
	key, err := hsm.OpenSigner(ref)
	if err != nil {
		return issue.Issuer{}, err
	}
	if pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(certs[0].PublicKey) {
		return issue.Issuer{}, errors.Join(fmt.Errorf("the key is not that of %s", filepath.Base(file)), key.Close())
	}
	return issue.Issuer{Certificate: certs[0], Key: key}, nil
}

// Root reads the certificate of the root.
func Root(c config.AuthorityConfig) (*x509.Certificate, error) {
	certs, err := Certificates(filepath.Join(c.Folder, "root.pem"))
	if err != nil {
		return nil, err
	}
	return certs[0], nil
}

// RootLists reads the revocation list of the root; none is no error.
func RootLists(c config.AuthorityConfig) ([][]byte, error) {
	b, err := os.ReadFile(filepath.Join(c.Folder, "root.crl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return [][]byte{b}, err
}

// RootList reads the list that is published: it must be the root's. None is no error.
func RootList(c config.AuthorityConfig, root *x509.Certificate) ([]byte, error) {
	all, err := RootLists(c)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	list, err := x509.ParseRevocationList(all[0])
	if err == nil {
		err = list.CheckSignatureFrom(root)
	}
	if err != nil {
		return nil, fmt.Errorf("root.crl: %w", err)
	}
	return all[0], nil
}

// TrustList reads a trust list, or all country signer certificates of a folder.
// An empty one is a mistake: nobody could register.
func TrustList(name string) (*trustlist.List, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return anchors(name)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	list, err := trustlist.Parse(b)
	if err == nil && len(list.Anchors) == 0 {
		err = errors.New("no country signers on it")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// anchors reads the certificates of a folder.
func anchors(dir string) (*trustlist.List, error) {
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
	return trustlist.Of(certs...)
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
