package asic_test

import (
	"bytes"
	"testing"

	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/asic/archive"
)

// Whatever is done to a container, what is accepted of it is what the signer
// signed: the same files, the same bytes under the signature.
func FuzzVerify(f *testing.F) {
	w := theWorld(f)
	whole := w.long(f)
	want, err := asic.Verify(whole, w.trust(""))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(pack(f, w.signed(f, asic.PSS)))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := asic.Verify(in, w.trust(asic.B))
		if err != nil {
			return
		}
		if len(r.Files) != len(want.Files) || len(r.Signatures) == 0 {
			t.Fatalf("%d files, %d signatures", len(r.Files), len(r.Signatures))
		}
		for i, got := range r.Files {
			if got.Name != want.Files[i].Name || got.Type != want.Files[i].Type || !bytes.Equal(got.Content, want.Files[i].Content) {
				t.Errorf("%+v", got)
			}
		}
	})
}

// The same for the signature file alone, which the archive's checksums would hide.
func FuzzSignature(f *testing.F) {
	w := theWorld(f)
	whole := w.long(f)
	want, err := asic.Verify(whole, w.trust(""))
	if err != nil {
		f.Fatal(err)
	}
	change(f, whole, func(files []archive.File) []archive.File {
		f.Add(files[len(files)-1].Content)
		return files
	})
	f.Fuzz(func(t *testing.T, xml []byte) {
		b := change(t, whole, func(files []archive.File) []archive.File {
			files[len(files)-1].Content = xml
			return files
		})
		r, err := asic.Verify(b, w.trust(asic.B))
		if err != nil {
			return
		}
		got, first := r.Signatures[0], want.Signatures[0]
		if !bytes.Equal(got.Payload, first.Payload) || !got.Signer.Equal(first.Signer) || !got.Claimed.Equal(first.Claimed) ||
			!got.Stamped.IsZero() && !got.Stamped.Equal(first.Stamped) {
			t.Errorf("%+v", got)
		}
	})
}
