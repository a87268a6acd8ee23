// Package application holds what an applicant signs with the new PIN2 at the end
// of a registration: its fields, its canonical bytes, the text that is shown, and
// the signed container that comes of it (package trust/asic).
//
// Both sides use it: the server makes the record, the app shows what it says, and
// each works out by itself the bytes that are signed. They name the application
// and its text by their digests, and the applicant's own certificate.
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
	"slices"
	"strings"
	"time"
	"unicode"
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

// Canonical returns the bytes that are signed and kept.
func (a Body) Canonical() ([]byte, error) { return canonical(a) }

func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
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
	if err != nil || !bytes.Equal(again, b) {
		return Body{}, errors.New("application: not an application in canonical form")
	}
	return a, a.check()
}

// check refuses an application that could not be shown line by line.
func (a Body) check() error {
	bad := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
	}
	if a.Format != Version || len(a.Keys) != 2 || !a.Time.Equal(a.Time.Truncate(time.Second)) {
		return errors.New("application: another format, not two keys, or parts of a second")
	}
	fields := []string{a.Person, a.Surname, a.GivenNames, a.Document, a.Level, a.Device, a.Terms, a.Consent}
	for _, k := range a.Keys {
		fields = append(fields, k.Purpose, k.Thumbprint, k.Certificate)
	}
	if slices.ContainsFunc(fields, bad) {
		return errors.New("application: a field that cannot be shown on one line")
	}
	return nil
}

// agreed is what was accepted; some ways have no need of a biometric consent.
func (a Body) agreed() string {
	if a.Consent == "" {
		return a.Terms
	}
	return a.Terms + ", biometric consent " + a.Consent
}

// Text is what the applicant is shown, and signs beside the application itself.
func (a Body) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Application for an electronic identity\n\n")
	for _, row := range [][2]string{
		{"Given names", a.GivenNames},
		{"Surname", a.Surname},
		{"Person", a.Person},
		{"Level", a.Level},
		{"Account", a.Document},
		{"Terms", a.agreed()},
		{"Device", a.Device},
	} {
		fmt.Fprintf(&b, "%-12s %s\n", row[0], row[1])
	}
	for _, k := range a.Keys {
		fmt.Fprintf(&b, "%-12s key %s\n%-12s certificate %s\n", k.Purpose, k.Thumbprint, "", k.Certificate)
	}
	fmt.Fprintf(&b, "\nI apply for this account. These are my keys, on this device, and I have\naccepted these terms. %s UTC\n", a.Time.UTC().Format(time.DateTime))
	return b.String()
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
