package trustlist

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/signature"
)

// Rules are what an operator decides by hand, in a file of JSON; each import of
// one takes the place of all rules before.
type Rules struct {
	Exceptions []Exception `json:"exceptions"`
	Defects    []Defect    `json:"defects"`
}

// Hex is bytes that are written in hexadecimal.
type Hex []byte

// MarshalText writes the bytes.
func (h Hex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText reads them.
func (h *Hex) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

// An Exception lets the signatures of one country signer's key pass although they
// use SHA-1: those that it made, and those of the document signers that it
// certified. There is none for MD5.
type Exception struct {
	Country string    `json:"country"`          // two letters in capitals
	KeyID   Hex       `json:"key_id,omitempty"` // subject key identifier of the country signer; none for all of the country
	Until   time.Time `json:"until"`            // documents signed later are not excepted
	Reason  string    `json:"reason"`
}

// A Defect is what is known to be wrong: with documents of one signer, and which
// check it explains (Doc 9303-3 §8, deviation lists); or with a key, which is out of
// hand. Both name what a state has signed of a certificate. The bytes around that are
// anybody's to write anew, so a thief would not be found by a digest of the whole.
type Defect struct {
	Signer Hex    `json:"signer,omitempty"` // [certificate.Certificate.Signed] of the document signer's
	Check  string `json:"check,omitempty"`  // with Signer: the name of the check that fails for it
	Key    Hex    `json:"key,omitempty"`    // [certificate.Certificate.KeyDigest]: refuse what this key signed, whatever else
	Reason string `json:"reason"`
}

// well reports that a defect is of one of both kinds.
func (d Defect) well() bool {
	ofSigner := len(d.Signer) == sha256.Size && d.Check != "" && len(d.Key) == 0
	ofKey := len(d.Key) == sha256.Size && d.Check == "" && len(d.Signer) == 0
	return (ofSigner || ofKey) && len(d.Check) <= maxReason && d.Reason != "" && len(d.Reason) <= maxReason
}

// Limits of rules.
const (
	maxRules  = 10_000
	maxReason = 500 // bytes
)

// ErrRules is a file of rules that is not one.
var ErrRules = errors.New("trustlist: rules")

// ParseRules reads a file of rules. Unknown keys are errors.
func ParseRules(b []byte) (Rules, error) {
	var r Rules
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return Rules{}, fmt.Errorf("%w: %w", ErrRules, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Rules{}, fmt.Errorf("%w: something follows", ErrRules)
	}
	return r, r.check()
}

func (r Rules) check() error {
	if len(r.Exceptions)+len(r.Defects) > maxRules {
		return fmt.Errorf("%w: over %d", ErrRules, maxRules)
	}
	for i, e := range r.Exceptions {
		if !letters(e.Country) || e.Until.IsZero() || e.Until.Location() != time.UTC || e.Until.Nanosecond() != 0 || e.Reason == "" || len(e.Reason) > maxReason {
			return fmt.Errorf("%w: exception %d: country in two capitals, until when (UTC, whole seconds) and a reason are needed", ErrRules, i+1)
		}
	}
	for i, d := range r.Defects {
		if !d.well() {
			return fmt.Errorf("%w: defect %d: a signer (SHA-256) with a check, or a key (SHA-256), and a reason are needed", ErrRules, i+1)
		}
	}
	return nil
}

// letters reports whether s is a country as certificates name it.
func letters(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// Excepted finds the exception that lets a signature of algorithm a pass, which was
// made at the time given by a country signer, or by one whom he certified: country is
// his, and keyID identifies the key with which he signs. ok is false if a needs none
// or there is none.
func (l *List) Excepted(country string, keyID []byte, a signature.Algorithm, at time.Time) (e Exception, ok bool) {
	if !a.SHA1() {
		return Exception{}, false
	}
	for _, e := range l.Exceptions {
		if e.Country == country && !at.After(e.Until) && (len(e.KeyID) == 0 || bytes.Equal(e.KeyID, keyID)) {
			return e, true
		}
	}
	return Exception{}, false
}

// DefectsOf returns what is known of documents that were signed with the certificate.
func (l *List) DefectsOf(c *certificate.Certificate) []Defect {
	sum := c.Signed()
	return l.bySigner[string(sum[:])]
}

// Distrusted returns what is known of the certificate's key if it is out of hand.
func (l *List) Distrusted(c *certificate.Certificate) (d Defect, ok bool) {
	if len(l.byKey) == 0 {
		return Defect{}, false
	}
	sum := c.KeyDigest()
	d, ok = l.byKey[string(sum[:])]
	return d, ok
}
