package asic_test

import (
	"bytes"
	"errors"
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

// A time-stamp proves something for as long as its authority's certificate lasts:
// its key may be anybody's then, and nothing archival protects what it said.
func TestTimestampOutlivedItsAuthority(t *testing.T) {
	w := theWorld(t)
	stamped := w.signed(t, asic.PKCS1)
	if err := stamped.AddTimestamp(w.stamp(t, stamped.Stamped())); err != nil {
		t.Fatal(err)
	}
	for level, container := range map[asic.Level][]byte{asic.T: pack(t, stamped), asic.LT: w.long(t)} {
		trust := w.trust(level)
		trust.Now = w.stamper.NotAfter
		if _, err := asic.Verify(container, trust); err != nil {
			t.Errorf("%s, on the last day: %v", level, err)
		}
		trust.Now = w.stamper.NotAfter.Add(time.Second)
		refuse(t, string(level), container, trust, "cannot be known any more")
		if _, err := asic.Verify(container, trust); !errors.Is(err, asic.ErrIndeterminate) {
			t.Errorf("%s: %v; want ErrIndeterminate", level, err)
		}
	}
}
