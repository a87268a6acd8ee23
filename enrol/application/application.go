// Package application holds what an applicant signs with the new PIN2 at the end
// of a registration: its fields, its canonical bytes, and how to read them back.
//
// Both sides use it: the server makes the bytes, the app shows what they say and
// signs exactly them. Nothing here knows of keys, sessions or certificates.
package application

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tunnus-id/tunnus/key/splitkey"
)

// Kind is the kind of the transaction that an application is signed in.
const Kind = "application"

// Version is the first thing that an application says. No other payload that a
// signature key signs begins with it.
const Version = "tunnus/application/v1"

// A Body is an application: "these are my keys, on this device, and I accepted
// these terms". Its canonical bytes are
// JSON with the fields in this order, no spaces, and nothing escaped that need
// not be (RFC 8259 §7).
type Body struct {
	Format     string    `json:"format"` // [Version]
	Person     string    `json:"person"` // semantics identifier, "PNOXX-…"
	Surname    string    `json:"surname"`
	GivenNames string    `json:"given_names"`
	Document   string    `json:"document"` // document number of the account
	Level      string    `json:"level"`
	Device     string    `json:"device"` // thumbprint of the device key (R2)
	Keys       []Key     `json:"keys"`   // login, then signature
	Terms      string    `json:"terms"`
	Consent    string    `json:"consent"`
	Time       time.Time `json:"time"` // UTC, whole seconds
}

// A Key is one key of an application.
type Key struct {
	Purpose     string `json:"purpose"`
	Thumbprint  string `json:"thumbprint"`  // SHA-256 of SubjectPublicKeyInfo, hexadecimal
	Certificate string `json:"certificate"` // serial number, hexadecimal
}

// Canonical returns the bytes that are shown, signed and kept.
func (a Body) Canonical() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return nil, fmt.Errorf("application: writing an application: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Parse reads canonical bytes. What is not exactly as
// [Body.Canonical] writes it is an error.
func Parse(b []byte) (Body, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var a Body
	if err := d.Decode(&a); err != nil {
		return Body{}, errors.New("application: not an application") // the cause might repeat what it holds
	}
	again, err := a.Canonical()
	if err != nil || a.Format != Version || !bytes.Equal(again, b) {
		return Body{}, errors.New("application: not an application in canonical form")
	}
	return a, nil
}

// Format tells keyshare what a transaction of the kind "application" signs.
type Format struct{}

// Payload returns the bytes to sign: the record itself, which must be an
// application in canonical form. The phone adds nothing to it, so an answer
// other than none ("", "null", "{}") is refused.
func (Format) Payload(record, answer []byte) ([]byte, error) {
	if _, err := Parse(record); err != nil {
		return nil, err
	}
	switch string(bytes.TrimSpace(answer)) {
	case "", "null", "{}":
		return bytes.Clone(record), nil
	}
	return nil, errors.New("application: an application has no answer")
}

// Service is who asks for the signature of an application, as the phone shows it.
const Service = "tunnus"

// Shown tells what the screen says: the phone shows what it has read out of the
// payload, and approves its bytes. There is no code to compare.
func (f Format) Shown(record, answer []byte) (text, service, code string, err error) {
	payload, err := f.Payload(record, answer)
	return string(payload), Service, "", err
}

// Thumbprint names a public key: SHA-256 of its SubjectPublicKeyInfo, hexadecimal.
func Thumbprint(k *rsa.PublicKey) (string, error) {
	spki, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		return "", fmt.Errorf("application: encoding a key: %w", err)
	}
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:]), nil
}

// Verify checks that what was signed is the application given, in canonical
// form, under the key of the certificate (DER): RSASSA-PSS with salt of any length.
func Verify(application, certificate, payload, signature []byte, h splitkey.Hash) error {
	if _, err := Parse(application); err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(certificate)
	if err != nil {
		return fmt.Errorf("application: reading the signature certificate: %w", err)
	}
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || !h.Valid() || !bytes.Equal(payload, application) {
		return errors.New("application: something else was signed, or otherwise")
	}
	if err := rsa.VerifyPSS(pub, h.Crypto(), h.Sum(payload), signature, nil); err != nil {
		return fmt.Errorf("application: the signature: %w", err)
	}
	return nil
}
