package compare_test

import (
	"slices"
	"testing"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd/compare"
	"github.com/tunnus-id/tunnus/document/mrz"
)

func TestLines(t *testing.T) {
	a := mrz.Zone{Kind: mrz.TD3, Document: "P", Issuer: "UTO", Surname: "LOVE", Number: "X1234567", Birth: "900214"}
	b := a
	if got := compare.Lines(a, b); len(got) != 0 {
		t.Errorf("the same: %v", got)
	}
	b.Surname, b.Birth = "LOWE", "900215"
	if got := compare.Lines(a, b); !slices.Equal(got, []string{"surname", "birth"}) {
		t.Errorf("got %v", got)
	}
}

func TestDays(t *testing.T) {
	for _, tt := range []struct {
		short, long string
		same        bool
	}{
		{"900214", "19900214", true},
		{"900214", "20900214", true},
		{"900214", "19900215", false},
		{"900214", "19910214", false},
		{"9002<<", "19900214", true},
		{"900214", "19900000", true},
		{"900214", "", true},
		{"900214", "1990021", false},
		{"", "19900214", false},
		{"000214", "19900214", false}, // a year of two zeros is one
	} {
		if got := compare.Days(tt.short, tt.long); got != tt.same {
			t.Errorf("%q and %q: %v", tt.short, tt.long, got)
		}
	}
}

func TestAccess(t *testing.T) {
	strong, weak := security.NewPACE(security.Generic, true, apdu.AES128, 13), security.NewPACE(security.Generic, true, apdu.DES3, 12)
	infos := func(ways ...security.PACE) security.Infos {
		var raw [][]byte
		for _, w := range ways {
			raw = append(raw, w.Marshal())
		}
		i, err := security.Read(security.Set(raw...))
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	if !compare.Access(infos(strong, weak), infos(weak, strong)) || !compare.Access(infos(), infos()) {
		t.Error("the same ways differ")
	}
	for _, other := range []security.Infos{infos(), infos(weak), infos(strong, weak)} {
		if compare.Access(infos(strong), other) || compare.Access(other, infos(strong)) {
			t.Errorf("%+v is the same", other.PACE)
		}
	}
}
