package cms_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/ber"
	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/cms"
	"github.com/tunnus-id/tunnus/document/signature"
	"github.com/tunnus-id/tunnus/document/tlv"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var key = sync.OnceValue(func() *issuer.Key { return must(issuer.NewEC("brainpoolP256r1")) })

var cert = sync.OnceValue(func() []byte {
	name := issuer.Name(ber.PrintableString, "C=XX", "CN=Signer")
	return must(issuer.Certify(issuer.Template{Serial: 7, Issuer: name, Subject: name, NotBefore: now, NotAfter: now.AddDate(1, 0, 0), Public: key().Public()}, key()))
})

const kind = "2.23.136.1.1.2"

// signed is signed data that is good.
var signed = sync.OnceValue(func() []byte {
	return must(issuer.Sign(issuer.Content{Kind: kind, Content: []byte("content"), Signer: cert(), At: now}, key()))
})

func TestReadAndVerify(t *testing.T) {
	s := must(cms.Read(signed()))
	if s.Kind.String() != kind || string(s.Content) != "content" || len(s.Certificates) != 1 || !s.SigningTime.Equal(now) || !bytes.Equal(s.Serial, []byte{7}) || s.Indefinite != 0 {
		t.Errorf("%+v", s)
	}
	public := must(must(certificate.Parse(s.Certificates[0])).Key())
	if err := s.Verify(public); err != nil {
		t.Fatal(err)
	}
	content, attributes, kinds := s, s, s
	content.Content = []byte("Content")
	attributes.Attributes = bytes.Clone(s.Attributes)
	attributes.Attributes[len(attributes.Attributes)-1] ^= 1
	kinds.Kind = append(bytes2ints(s.Kind), 1)
	for name, err := range map[string]error{
		"another content": content.Verify(public), "other attributes": attributes.Verify(public),
		"another kind": kinds.Verify(public), "another key": s.Verify(must(signature.ParseKey(must(issuer.NewEC("secp256r1")).Public()))),
	} {
		if !errors.Is(err, cms.ErrContent) && !errors.Is(err, signature.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func bytes2ints(o []int) []int { return append([]int(nil), o...) }

// at finds the value of the element at a path of places.
func at(t *testing.T, b []byte, path ...int) []byte {
	t.Helper()
	for _, n := range path {
		s := ber.String(b)
		e, ok := s.Next()
		if !ok {
			t.Fatal("no element")
		}
		s = e.Value
		for range n + 1 {
			if e, ok = s.Next(); !ok {
				t.Fatal("no element")
			}
		}
		b = e.Raw
	}
	return b
}

// replace puts other bytes where old stands, and mends the lengths around by
// writing the whole anew.
func replace(b, old, by []byte) []byte {
	if i := bytes.Index(b, old); i < 0 || len(b) == len(old) {
		return by
	}
	s := ber.String(b)
	var out []byte
	whole, ok := s.Next()
	if !ok {
		panic("no element")
	}
	inner := ber.String(whole.Value)
	for done := false; !inner.Empty(); {
		e, ok := inner.Next()
		if !ok {
			panic("no element")
		}
		if !done && bytes.Contains(e.Raw, old) {
			done = true
			out = append(out, replace(e.Raw, old, by)...)
			continue
		}
		out = append(out, e.Raw...)
	}
	return tlv.Append(nil, whole.Tag, out)
}

func TestWhatIsRefused(t *testing.T) {
	good := signed()
	data := []int{1, 0}
	signers := at(t, good, append(data, 4)...)
	info := at(t, signers, 0)
	attributes := at(t, info, 3)
	first := at(t, attributes, 0)
	set := func(parts ...[]byte) []byte { return tlv.Append(nil, ber.Set, bytes.Join(parts, nil)) }
	field := func(parts ...[]byte) []byte { return tlv.Append(nil, ber.FieldOfOthers, bytes.Join(parts, nil)) }
	content := tlv.Append(nil, ber.OctetString, []byte("content"))
	for name, tt := range map[string]struct {
		give []byte
		want error
	}{
		"two signers":          {replace(good, signers, set(info, info)), cms.ErrSigners},
		"no signer":            {replace(good, signers, set()), cms.ErrSigners},
		"no attributes":        {replace(good, attributes, nil), cms.ErrAttribute},
		"an attribute twice":   {replace(good, attributes, field(attributes[2:], first)), cms.ErrAttribute},
		"an attribute missing": {replace(good, attributes, field(first)), cms.ErrAttribute},
		"attribute, no value":  {replace(good, at(t, first, 1), set()), cms.ErrForm},
		"content in pieces":    {replace(good, content, tlv.Append(nil, 0x24, content)), cms.ErrForm},
		"nothing":              {nil, cms.ErrForm},
		"trailing":             {append(bytes.Clone(good), 0), cms.ErrForm},
		"longer length":        {append([]byte{0x30, 0x83, 0}, good[2:]...), cms.ErrForm},
		"indefinite inside":    {replace(good, content, []byte{0x24, 0x80, 4, 1, 'x', 0, 0}), cms.ErrForm},
		"nine certificates":    {replace(good, at(t, good, append(data, 3)...), field(bytes.Repeat(cert(), 9))), cms.ErrForm},
		"SHA-3": {
			replace(good, info, replace(info, at(t, info, 2), []byte{0x30, 0x0B, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 8})), signature.ErrDigest,
		},
	} {
		if _, err := cms.Read(tt.give); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
	}
}

// indefinite writes the levels around the content with indefinite lengths, and
// the content in two pieces, as programs do that write before they know.
func indefinite(t *testing.T, b []byte) []byte {
	t.Helper()
	open := func(tag byte, inside ...[]byte) []byte {
		return append(append([]byte{tag, 0x80}, bytes.Join(inside, nil)...), 0, 0)
	}
	pieces := open(0x24, []byte{4, 3, 'c', 'o', 'n'}, []byte{4, 4, 't', 'e', 'n', 't'})
	content := open(0x30, at(t, b, 1, 0, 2, 0), open(0xA0, pieces))
	return open(0x30, at(t, b, 0), open(0xA0, open(0x30, at(t, b, 1, 0, 0), at(t, b, 1, 0, 1), content, at(t, b, 1, 0, 3), at(t, b, 1, 0, 4))))
}

func TestIndefiniteLengthsAreCounted(t *testing.T) {
	s, err := cms.Read(indefinite(t, signed()))
	if err != nil || s.Indefinite != 6 || string(s.Content) != "content" {
		t.Fatalf("%d, %v", s.Indefinite, err)
	}
	if err := s.Verify(must(must(certificate.Parse(cert())).Key())); err != nil {
		t.Error(err)
	}
	give := opened(t, signed(), attributes...)
	s, err = cms.Read(give)
	if err != nil || s.Indefinite != 6 || s.Verify(must(must(certificate.Parse(cert())).Key())) != nil || bytes.Contains(give, s.Attributes[1:]) {
		t.Errorf("attributes: %d, %v", s.Indefinite, err)
	}
}

// opened writes the element at a path, and all around it, with indefinite lengths.
func opened(t *testing.T, b []byte, path ...int) []byte {
	t.Helper()
	s := ber.String(b)
	whole, _ := s.Next()
	inner := ber.String(whole.Value)
	out := []byte{b[0], 0x80}
	for i := 0; !inner.Empty(); i++ {
		e, ok := inner.Next()
		if !ok {
			t.Fatal("no element")
		}
		if len(path) > 0 && i == path[0] {
			e.Raw = opened(t, e.Raw, path[1:]...)
		}
		out = append(out, e.Raw...)
	}
	return append(out, 0, 0)
}

// attributes is the path of the signed attributes.
var attributes = []int{1, 0, 4, 0, 3}

// The serial number is as it was written: states have negative ones, and zeros in
// front.
func TestSerialNumbersAsTheyAre(t *testing.T) {
	good := signed()
	number := at(t, good, 1, 0, 4, 0, 1, 1)
	for name, raw := range map[string][]byte{"negative": {0xFE, 0x01}, "zeros in front": {0, 0, 5}, "none": {}} {
		s, err := cms.Read(replace(good, at(t, good, 1, 0, 4, 0, 1), tlv.Append(nil, ber.Sequence, append(bytes.Clone(at(t, good, 1, 0, 4, 0, 1, 0)), tlv.Append(nil, ber.Integer, raw)...))))
		if len(raw) == 0 {
			if !errors.Is(err, cms.ErrForm) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || !bytes.Equal(s.Serial, raw) || len(number) != 3 {
			t.Errorf("%s: %X, %v", name, s.Serial, err)
		}
	}
}

// What is read is in the file; the one signer is named in one way, and what
// verifies was signed.
func FuzzRead(f *testing.F) {
	f.Add(signed())
	f.Add(indefinite(&testing.T{}, signed()))
	f.Add(opened(&testing.T{}, signed(), attributes...))
	public := must(must(certificate.Parse(cert())).Key())
	want := must(cms.Read(signed()))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := cms.Read(in)
		if err != nil {
			return
		}
		if s.Indefinite == 0 && !(bytes.Contains(in, s.Content) && bytes.Contains(in, s.Attributes[1:])) || s.MessageDigest == nil {
			t.Error("something that is not in the file")
		}
		if (s.KeyID == nil) == (s.Issuer == nil) || len(s.Certificates) > 8 {
			t.Error("the signer is not named in one way")
		}
		if s.Verify(public) == nil && (!bytes.Equal(s.Content, want.Content) || !s.Kind.Equal(want.Kind) || !s.SigningTime.Equal(want.SigningTime)) {
			t.Error("something was accepted that was not signed")
		}
	})
}
