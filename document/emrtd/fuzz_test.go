package emrtd_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"testing"

	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
)

// Whatever stands in the security object and in data group 1: a document that
// passes is the one that was signed, and one that does not has the result of every
// check. The documents are OpenSSL's, so that seeds are the same in each run.
func FuzzVerify(f *testing.F) {
	at := now.AddDate(0, 0, 1)
	parts := map[string][]byte{}
	text, err := os.ReadFile("testdata/openssl/ecdsa-sha256.pem")
	if err != nil {
		f.Fatal(err)
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		parts[block.Type] = block.Bytes
	}
	list := must(trustlist.Of(parts["CERTIFICATE"]))
	f.Add(parts["SOD"], parts["DG1"])
	f.Add(parts["SOD"], []byte{0x61, 0})
	f.Fuzz(func(t *testing.T, sod, dg1 []byte) {
		v, err := emrtd.Verify(emrtd.Evidence{SOD: sod, Groups: map[int][]byte{1: dg1, 2: parts["DG2"]}}, list, challenge, at)
		if err == nil {
			if !bytes.Equal(dg1, parts["DG1"]) || v.Zone().Surname != "LOVE" || !v.Clonable() {
				t.Errorf("another document: %+v", v.Checks())
			}
			return
		}
		var failure *emrtd.Failure
		if !errors.As(err, &failure) || len(failure.Checks) == 0 {
			t.Errorf("%v: %+v", err, failure)
		}
	})
}
