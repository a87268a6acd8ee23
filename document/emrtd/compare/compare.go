// Package compare holds what is said of a document in two places against each other.
// What a difference is worth is for package emrtd.
package compare

import (
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/mrz"
)

// Lines names the fields in which two code lines differ.
func Lines(a, b mrz.Zone) []string {
	var names []string
	for _, f := range []struct{ name, a, b string }{
		{"kind", string(a.Kind), string(b.Kind)},
		{"document", a.Document, b.Document},
		{"issuer", a.Issuer, b.Issuer},
		{"surname", a.Surname, b.Surname},
		{"given names", a.GivenNames, b.GivenNames},
		{"number", a.Number, b.Number},
		{"nationality", a.Nationality, b.Nationality},
		{"birth", a.Birth, b.Birth},
		{"sex", a.Sex, b.Sex},
		{"expiry", a.Expiry, b.Expiry},
		{"optional data", a.Optional1, b.Optional1},
		{"optional data", a.Optional2, b.Optional2},
	} {
		if f.a != f.b {
			names = append(names, f.name)
		}
	}
	if len(names) == 0 && a.String() != b.String() {
		names = append(names, "check digits")
	}
	return names
}

// Days compares a date of the code line, YYMMDD, with one of YYYYMMDD. Parts
// that are not known in either, fillers or zeros, are no difference.
func Days(short, long string) bool {
	if len(short) != 6 || len(long) != 8 {
		return long == ""
	}
	long = long[2:]
	for i := 0; i < 6; i += 2 {
		a, b := short[i:i+2], long[i:i+2]
		unknown := a == "<<" || b == "<<" || i > 0 && (a == "00" || b == "00")
		if !unknown && a != b {
			return false
		}
	}
	return true
}

// Access reports whether two signed files offer the same ways of PACE: data group 14
// and EF.CardSecurity (Doc 9303-11 §9.2.11). What else they say may differ.
func Access(a, b security.Infos) bool {
	ways := func(i security.Infos) security.Infos { return security.Infos{PACE: i.PACE} }
	return !security.Changed(ways(a), b) && !security.Changed(ways(b), a)
}
