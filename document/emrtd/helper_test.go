package emrtd_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// rsaOID is rsaEncryption in DER.
var rsaOID = []byte{0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1}

// signerOf returns the document signer's certificate of a passport.
func signerOf(t *testing.T, p *virtual.Passport) []byte {
	t.Helper()
	sod, err := lds.ReadSOD(p.SOD())
	if err != nil {
		t.Fatal(err)
	}
	return sod.Certificates[0]
}

func sha256Of(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

// lastDigest is where the message digest stands among the signed attributes.
func lastDigest(sod []byte) int {
	messageDigest := []byte{0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 4}
	return bytes.LastIndex(sod, messageDigest) + len(messageDigest) + 4
}
