package application

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/key/splitkey"
	"github.com/tunnus-id/tunnus/trust/asic"
)

// How applications are signed: ordinary validators of XML signatures know this
// one, and hardly one of them knows PSS.
const (
	Hash    = splitkey.SHA512
	Padding = splitkey.PKCS1
	method  = asic.PKCS1
)

// Names of the files in the container.
const (
	FileName = "application.json"
	TextName = "application.txt"
)

// A Record is what the server keeps of an application that is to be signed, and
// the phone shows: it is all that the signed bytes depend on. Its canonical bytes
// are JSON as those of [Body].
type Record struct {
	Application Body   `json:"application"`
	Certificate []byte `json:"certificate"` // of the signature key, DER
}

// Canonical returns the bytes that are kept.
func (r Record) Canonical() ([]byte, error) {
	b, err := canonical(r)
	if err != nil {
		return nil, err
	}
	_, err = ParseRecord(b)
	return b, err
}

// ParseRecord reads canonical bytes. What is not exactly as [Record.Canonical]
// writes it is an error, and so is a certificate that is not the one that the
// application names for the signature key.
func ParseRecord(b []byte) (Record, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var r Record
	if err := d.Decode(&r); err != nil {
		return Record{}, errors.New("application: not a record of one") // the cause might repeat what it holds
	}
	again, err := canonical(r)
	if err != nil || !bytes.Equal(again, b) {
		return Record{}, errors.New("application: not a record in canonical form")
	}
	if err := r.Application.check(); err != nil {
		return Record{}, err
	}
	_, err = r.certificate()
	return r, err
}

// certificate reads the certificate, and demands that it is the application's.
func (r Record) certificate() (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(r.Certificate)
	if err != nil {
		return nil, errors.New("application: the signature certificate cannot be read")
	}
	if err := r.Application.Names(cert); err != nil {
		return nil, err
	}
	return cert, nil
}

// Names reports by nil that the application names a certificate as the one of its
// signature key: both its serial number and its public key.
func (a Body) Names(cert *x509.Certificate) error { return a.NamesFor("signature", cert) }

// NamesFor is [Body.Names] for the key of a purpose: "login" or "signature".
func (a Body) NamesFor(purpose string, cert *x509.Certificate) error {
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return errors.New("application: the certificate's key is not RSA")
	}
	print, err := Thumbprint(pub)
	if err != nil {
		return err
	}
	for _, k := range a.Keys {
		if k.Purpose == purpose && k.Thumbprint == print && k.Certificate == fmt.Sprintf("%032x", cert.SerialNumber) {
			return nil
		}
	}
	return errors.New("application: the certificate is not the one that the application names")
}

// Draft is the container that waits for the signature. It claims the
// application's own time as the time of signing.
func (r Record) Draft() (asic.Draft, error) {
	cert, err := r.certificate()
	if err != nil {
		return asic.Draft{}, err
	}
	body, err := r.Application.Canonical()
	if err != nil {
		return asic.Draft{}, err
	}
	files := []asic.File{
		{Name: FileName, Type: "application/json", Content: body},
		{Name: TextName, Type: "text/plain", Content: []byte(r.Application.Text())},
	}
	return asic.Prepare(files, cert, r.Application.Time, method)
}

// Sign makes the signed container of a record: it checks that what was signed is
// this application, under the key of its certificate. The chain are the
// authorities above it but the root, if they are known.
func Sign(record, payload, signature []byte, chain ...*x509.Certificate) (*asic.Signature, error) {
	r, err := ParseRecord(record)
	if err != nil {
		return nil, err
	}
	d, err := r.Draft()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(d.Payload(), payload) {
		return nil, errors.New("application: something else was signed")
	}
	return d.Sign(signature, chain...)
}

// Format tells keyshare what a transaction of the kind "application" signs.
type Format struct{}

// Payload returns the bytes to sign: what the container of the record names as
// signed ([asic.Draft.Payload]). The phone adds nothing to it, so an answer
// other than none ("", "null", "{}") is refused.
func (Format) Payload(record, answer []byte) ([]byte, error) {
	r, err := ParseRecord(record)
	if err != nil {
		return nil, err
	}
	switch string(bytes.TrimSpace(answer)) {
	case "", "null", "{}":
	default:
		return nil, errors.New("application: an application has no answer")
	}
	d, err := r.Draft()
	if err != nil {
		return nil, err
	}
	return d.Payload(), nil
}

// Signs demands a signature key and [Padding].
func (Format) Signs(p splitkey.Purpose, how splitkey.Padding) bool {
	return p == splitkey.Signature && how == Padding
}

// Service is who asks for the signature of an application, as the phone shows it.
const Service = "tunnus"

// Shown tells what the screen says: the text of the application. There is no
// code to compare.
func (f Format) Shown(record, answer []byte) (text, service, code string, err error) {
	if _, err := f.Payload(record, answer); err != nil {
		return "", "", "", err
	}
	r, err := ParseRecord(record)
	return r.Application.Text(), Service, "", err
}
