package asic_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/asic"
)

func TestVerifyLevels(t *testing.T) {
	w := theWorld(t)
	for _, m := range []asic.Method{asic.PKCS1, asic.PSS} {
		b := w.signed(t, m)
		stamped := w.signed(t, m)
		if err := stamped.AddTimestamp(w.stamp(t, stamped.Stamped())); err != nil {
			t.Fatal(err)
		}
		long := w.signed(t, m)
		w.lengthen(t, long, w.stamp(t, long.Stamped()), w.evidence(t))
		for want, s := range map[asic.Level]*asic.Signature{asic.B: b, asic.T: stamped, asic.LT: long} {
			r, err := asic.Verify(pack(t, s), w.trust(want))
			if err != nil {
				t.Errorf("%s, %s: %v", want, m, err)
				continue
			}
			got := r.Signatures[0]
			if got.Level != want || got.Method != m || !got.Signer.Equal(w.signer) || !got.Claimed.Equal(noon) || (want != asic.B) != got.Stamped.Equal(noon.Add(time.Minute)) {
				t.Errorf("%s: %+v", want, got)
			}
			for i, f := range r.Files {
				if f.Name != specimen[i].Name || f.Type != specimen[i].Type || !bytes.Equal(f.Content, specimen[i].Content) {
					t.Errorf("%s: file %+v", want, f)
				}
			}
			if want != asic.LT {
				if _, err := asic.Verify(pack(t, s), w.trust("")); err == nil {
					t.Errorf("level %s passes for LT", want)
				}
			}
			t.Log(r.Checked)
		}
	}
}
