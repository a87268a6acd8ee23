package certificate

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/tlv"
)

// maxAttributes is how many attributes a name may have.
const maxAttributes = 32

// A Name is a distinguished name (RFC 5280 §4.1.2.4).
type Name struct {
	Raw []byte // DER
}

// short are the usual abbreviations (RFC 4514 §3).
var short = map[ber.OID]string{
	ber.NewOID("2.5.4.3"): "CN", ber.NewOID("2.5.4.5"): "serialNumber", ber.NewOID("2.5.4.6"): "C",
	ber.NewOID("2.5.4.7"): "L", ber.NewOID("2.5.4.8"): "ST", ber.NewOID("2.5.4.10"): "O", ber.NewOID("2.5.4.11"): "OU",
}

var oidCountry = ber.NewOID("2.5.4.6")

// walk goes over the attributes; ok is false if the name cannot be read.
func (n Name) walk(do func(kind []byte, value tlv.Element)) (ok bool) {
	s := ber.String(n.Raw)
	names, ok := s.Read(ber.Sequence)
	for count := 0; ok && !names.Empty(); {
		var set ber.String
		set, ok = names.Read(ber.Set)
		for ok && !set.Empty() {
			var pair ber.String
			var kind []byte
			var value tlv.Element
			if pair, ok = set.Read(ber.Sequence); !ok {
				return false
			}
			if kind, ok = pair.RawOID(); !ok {
				return false
			}
			value, ok = pair.Next()
			if count++; !ok || !pair.Empty() || count > maxAttributes {
				return false
			}
			do(kind, value)
		}
	}
	return ok
}

// Valid reports that the name can be read.
func (n Name) Valid() bool { return n.walk(func([]byte, tlv.Element) {}) }

// text decodes a string of any of the types that are used.
func text(e tlv.Element) string {
	switch e.Tag {
	case ber.TeletexString: // as a rule Latin-1 is meant
		runes := make([]rune, len(e.Value))
		for i, b := range e.Value {
			runes[i] = rune(b)
		}
		return string(runes)
	case ber.BMPString:
		units := make([]uint16, len(e.Value)/2)
		for i := range units {
			units[i] = uint16(e.Value[2*i])<<8 | uint16(e.Value[2*i+1])
		}
		return string(utf16.Decode(units))
	}
	return strings.ToValidUTF8(string(e.Value), "\uFFFD")
}

// Key is alike for names that are alike: without regard to case, to the type of
// the strings and to the number of spaces (RFC 5280 §7.1). Signers write the name
// of their issuer with other strings than he does.
func (n Name) Key() string {
	key := make([]byte, 0, len(n.Raw)+8)
	n.walk(func(kind []byte, value tlv.Element) {
		key = append(append(key, byte(len(kind))), kind...)
		at := len(key)
		key = append(key, 0, 0)
		switch {
		case value.Tag != ber.TeletexString && value.Tag != ber.BMPString && ascii(value.Value):
			key = fold(key, value.Value)
		default:
			key = fold(key, []byte(strings.ToLower(text(value))))
		}
		size := len(key) - at - 2
		key[at], key[at+1] = byte(size>>8), byte(size)
	})
	return string(key)
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// fold appends the text in small letters, with single spaces inside and none outside.
func fold(key, text []byte) []byte {
	start := len(key)
	for _, c := range bytes.TrimRight(text, " ") {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c == ' ' && (len(key) == start || key[len(key)-1] == ' ') {
			continue
		}
		key = append(key, c)
	}
	return key
}

// Equal reports whether both names are alike: see [Name.Key].
func (n Name) Equal(other Name) bool {
	return bytes.Equal(n.Raw, other.Raw) || n.Key() == other.Key()
}

// Country is the country's two letters in capitals (ISO 3166-1); "" if the name
// has none, or several.
func (n Name) Country() string {
	country, count := "", 0
	n.walk(func(kind []byte, value tlv.Element) {
		if ber.OID(kind) == oidCountry {
			country = strings.ToUpper(strings.TrimSpace(text(value)))
			count++
		}
	})
	if count != 1 {
		return ""
	}
	return country
}

// String shows the attributes as they stand, such as "C=XX, O=Utopia, CN=CSCA".
// What cannot be printed becomes U+FFFD: names come from strangers and go to
// terminals.
func (n Name) String() string {
	var b strings.Builder
	n.walk(func(kind []byte, value tlv.Element) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		label := short[ber.OID(kind)]
		if label == "" {
			label = ber.OID(kind).String()
		}
		b.WriteString(label + "=" + strings.Map(printable, text(value)))
	})
	return b.String()
}

func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return unicode.ReplacementChar
	}
	return r
}
