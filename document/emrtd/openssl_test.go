package emrtd_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	tunnus "github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
)

// security objects that another program signed (openssl cms -sign -econtent_type
// 2.23.136.1.1.1), by each scheme: testdata/openssl, one document a file.
func TestSecurityObjectsOfOpenSSL(t *testing.T) {
	files, err := filepath.Glob("testdata/openssl/*.pem")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string][]byte{}
			for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
				parts[block.Type] = block.Bytes
			}
			list := must(trustlist.Of(parts["CERTIFICATE"]))
			ev := emrtd.Evidence{SOD: parts["SOD"], Groups: map[int][]byte{1: parts["DG1"], 2: parts["DG2"]}}
			v, err := emrtd.Verify(ev, list, challenge, now.AddDate(0, 0, 1))
			if err != nil || v.Zone().Surname != "LOVE" || !v.Clonable() {
				t.Fatalf("%+v, %v", v.Zone(), err)
			}
			ev.SOD[len(ev.SOD)-3] ^= 1 // in the signature
			if _, err := emrtd.Verify(ev, list, challenge, now.AddDate(0, 0, 1)); tunnus.CodeOf(err) != tunnus.CodeDocSigBad {
				t.Errorf("with another signature: %v", err)
			}
		})
	}
}
