package ceremony

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// A Transcript says what a ceremony made. It holds no secret.
type Transcript struct {
	Script *Script
	At     time.Time
	Items  []Item
}

// Path is where the transcript is written: in the daily folder, named by its time.
func (t Transcript) Path() string {
	return filepath.Join(t.Script.Daily, "ceremony-"+t.At.UTC().Format("20060102T150405Z")+".txt")
}

func (t Transcript) write() error { return writeNew(t.Path(), []byte(t.String())) }

// made lists what has been made before a failure.
func (t Transcript) made() string {
	if len(t.Items) == 0 {
		return ""
	}
	var names []string
	for _, i := range t.Items {
		names = append(names, i.Name)
	}
	return "\nmade before, and still there: " + strings.Join(names, ", ")
}

// String is the transcript as the witnesses sign it.
func (t Transcript) String() string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "  %-14s %s\n", name, value) }
	fmt.Fprintf(&b, "CEREMONY: %s\n\n", t.Script.Title)
	line("place", t.Script.Place)
	line("time", t.At.UTC().Format(time.RFC3339))
	line("script", "SHA-256 "+hex.EncodeToString(t.Script.sum[:]))
	for _, i := range t.Items {
		fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(i.Name))
		if der, err := x509.MarshalPKIXPublicKey(i.Public); err == nil {
			line("public key", "SHA-256 "+digest(der))
			line("private key", i.KeptIn)
		}
		if l := i.List; l != nil {
			line("number", l.Number.String())
			line("next before", l.NextUpdate.UTC().Format(time.RFC3339))
			line("list", "SHA-256 "+digest(l.Raw))
		}
		if i.Verifier != "" {
			line("verifier", i.Verifier)
		}
		if c := i.Certificate; c != nil {
			line("subject", c.Subject.String())
			line("issuer", c.Issuer.String())
			line("serial", hex.EncodeToString(c.SerialNumber.Bytes())) // as openssl writes it: whole bytes
			line("valid from", c.NotBefore.UTC().Format(time.RFC3339))
			line("valid to", c.NotAfter.UTC().Format(time.RFC3339))
			line("certificate", "SHA-256 "+digest(c.Raw))
		}
	}
	fmt.Fprintf(&b, "\nThe undersigned saw this being made from the script named above, and compared it with this page.\n")
	for _, w := range t.Script.Witnesses {
		fmt.Fprintf(&b, "\n  %-32s ______________________________\n", w)
	}
	return b.String()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
