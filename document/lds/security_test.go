package lds_test

import (
	"bytes"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// signedAs is what a country signs as content of a kind, without the tag of EF.SOD.
func signedAs(t testing.TB, f virtual.Forgery) []byte {
	t.Helper()
	c, err := virtual.NewCountry(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	portrait, err := lds.ReadPortrait(passport().Group(2))
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Forge(virtual.Holder{
		Surname: "LOVE", Number: "X1", Chip: virtual.ChipPlain, Portrait: portrait.Image,
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2032, 1, 31, 0, 0, 0, 0, time.UTC),
	}, f)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := tlv.Only(p.SOD(), 0x77)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

var cardSecurity = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}

func TestCardSecurity(t *testing.T) {
	good := signedAs(t, virtual.Forgery{ContentType: cardSecurity})
	d, err := lds.ReadCardSecurity(good)
	if err != nil || len(d.Certificates) != 1 || !d.ContentType.Equal(cardSecurity) || !bytes.Contains(good, d.Content) {
		t.Errorf("%+v, %v", d, err)
	}
	// Neither file passes for the other.
	if _, err := lds.ReadSOD(tlv.Append(nil, 0x77, good)); err == nil {
		t.Error("card security is read as security object")
	}
	inner := signedAs(t, virtual.Forgery{})
	if _, err := lds.ReadCardSecurity(inner); err == nil {
		t.Error("a security object is read as card security")
	}
	// The kind of the content is also among the signed attributes: whoever renames
	// the content only is noticed.
	object, card := []byte{0x06, 6, 0x67, 0x81, 8, 1, 1, 1}, []byte{0x06, 8, 4, 0, 0x7F, 0, 7, 3, 2, 1}
	if bytes.Count(good, card) != 2 || bytes.Count(inner, object) != 2 {
		t.Fatal("the kind is not told twice")
	}
	for name, in := range map[string][]byte{
		"another attribute": bytes.Join(bytes.SplitN(good, card, 3), nil),
		"two signers":       signedAs(t, virtual.Forgery{ContentType: cardSecurity, TwoSigners: true}),
		"no attributes":     signedAs(t, virtual.Forgery{ContentType: cardSecurity, WithoutAttributes: true}),
		"trailing byte":     append(bytes.Clone(good), 0),
		"too long":          tlv.Append(nil, 0x30, make([]byte, 32<<10)),
		"cut":               good[:len(good)-1],
		"with tag of SOD":   tlv.Append(nil, 0x77, good),
	} {
		if _, err := lds.ReadCardSecurity(in); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	renamed := bytes.Clone(good)
	at := bytes.LastIndex(renamed, card)
	renamed[at+len(card)-1]++
	if _, err := lds.ReadCardSecurity(renamed); err == nil {
		t.Error("signed attributes of another kind are borne")
	}
}

// What is read of EF.CardSecurity is what encoding/asn1 sees.
func FuzzReadCardSecurity(f *testing.F) {
	f.Add(signedAs(f, virtual.Forgery{ContentType: cardSecurity}))
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := lds.ReadCardSecurity(in)
		if err != nil {
			return
		}
		var info struct {
			Kind asn1.ObjectIdentifier
			Data struct {
				Version int
				Digests asn1.RawValue
				Content struct {
					Kind   asn1.ObjectIdentifier
					Octets []byte `asn1:"explicit,tag:0"`
				}
			} `asn1:"explicit,tag:0"`
		}
		rest, err := asn1.Unmarshal(in, &info)
		if err != nil || len(rest) != 0 || !info.Data.Content.Kind.Equal(cardSecurity) || !bytes.Equal(info.Data.Content.Octets, d.Content) {
			t.Errorf("encoding/asn1 sees %s, %x, %v", info.Data.Content.Kind, info.Data.Content.Octets, err)
		}
	})
}
