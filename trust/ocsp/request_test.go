package ocsp_test

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/trust/ocsp"
	xocsp "golang.org/x/crypto/ocsp"
)

func TestQuestionIsReadAsAsked(t *testing.T) {
	w := newWorld(t)
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		for _, nonce := range [][]byte{nil, {7}, bytes.Repeat([]byte{9}, 32), bytes.Repeat([]byte{9}, ocsp.MaxNonce)} {
			q := w.ask(t, h, nonce)
			if len(q.IDs) != 1 || q.Signed || !bytes.Equal(q.Nonce, nonce) || (nonce == nil) != (q.Nonce == nil) {
				t.Fatalf("read %+v", q)
			}
			id := q.IDs[0]
			if id.Hash != h || id.Serial.Cmp(w.leaf.SerialNumber) != 0 || !id.Of(w.issuing) || id.Of(w.root) {
				t.Errorf("%s: %+v", h, id)
			}
		}
	}
}

// A second implementation reads our questions, and we read its.
func TestQuestionsAgreeWithXCrypto(t *testing.T) {
	w := newWorld(t)
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		ours, err := ocsp.NewRequest(w.leaf, w.issuing, h, nil)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := xocsp.CreateRequest(w.leaf, w.issuing, &xocsp.RequestOptions{Hash: h})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, theirs) {
			t.Errorf("%s: ours  %x\ntheirs %x", h, ours, theirs)
		}
	}
}

// tlv writes one DER value.
func tlv(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	class := int(tag >> 6)
	der, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: int(tag & 0x1f), IsCompound: tag&0x20 != 0, Bytes: body})
	if err != nil {
		panic(err)
	}
	return der
}

// certID is a CertID of nobody, with a serial number.
func certID(serial ...byte) []byte {
	alg := tlv(0x30, tlv(0x06, []byte{0x2b, 0x0e, 0x03, 0x02, 0x1a}), tlv(0x05))
	return tlv(0x30, alg, tlv(0x04, make([]byte, 20)), tlv(0x04, make([]byte, 20)), tlv(0x02, serial))
}

func nonceExtension(oid string, critical bool, value []byte) []byte {
	parts := [][]byte{tlv(0x06, []byte(oid))}
	if critical {
		parts = append(parts, tlv(0x01, []byte{0xff}))
	}
	return tlv(0x30, append(parts, tlv(0x04, value))...)
}

func TestParseRequestRefuses(t *testing.T) {
	const nonce, other = "\x2b\x06\x01\x05\x05\x07\x30\x01\x02", "\x2b\x06\x01\x05\x05\x07\x30\x01\x09"
	one := tlv(0x30, certID(7))
	request := func(tbs ...[]byte) []byte { return tlv(0x30, tlv(0x30, tbs...)) }
	with := func(extensions ...[]byte) []byte {
		return request(tlv(0x30, one), tlv(0xa2, tlv(0x30, extensions...)))
	}
	good := request(tlv(0x30, one))
	tests := []struct {
		name string
		der  []byte
		ok   bool
	}{
		{"the least that can be asked", good, true},
		{"version 1, written out", request(tlv(0xa0, tlv(0x02, []byte{0})), tlv(0x30, one)), true},
		{"signed", tlv(0x30, tlv(0x30, tlv(0x30, one)), tlv(0xa0, tlv(0x30))), true},
		{"with a requestor's name", request(tlv(0xa1, tlv(0x82, []byte("x"))), tlv(0x30, one)), true},
		{"sixteen certificates", request(tlv(0x30, bytes.Repeat(one, 16))), true},
		{"an extension that is not known", with(nonceExtension(other, false, nil)), true},
		{"a negative serial number", request(tlv(0x30, tlv(0x30, certID(0x80)))), true},
		{"nothing", nil, false},
		{"text", []byte("GET / HTTP/1.1\r\n"), false},
		{"huge", tlv(0x30, make([]byte, ocsp.MaxRequest)), false},
		{"something behind it", append(bytes.Clone(good), 0), false},
		{"cut off", good[:len(good)-1], false},
		{"length of indefinite form", append([]byte{0x30, 0x80}, append(bytes.Clone(good[2:]), 0, 0)...), false},
		{"version 2", request(tlv(0xa0, tlv(0x02, []byte{1})), tlv(0x30, one)), false},
		{"asks nothing", request(tlv(0x30)), false},
		{"seventeen certificates", request(tlv(0x30, bytes.Repeat(one, 17))), false},
		{"a serial number of 21 bytes", request(tlv(0x30, tlv(0x30, certID(bytes.Repeat([]byte{1}, 21)...)))), false},
		{"a serial number with a needless zero", request(tlv(0x30, tlv(0x30, certID(0, 7)))), false},
		{"a nonce of no bytes", with(nonceExtension(nonce, false, tlv(0x04))), false},
		{"a nonce of 129 bytes", with(nonceExtension(nonce, false, tlv(0x04, make([]byte, 129)))), false},
		{"a nonce that is bare", with(nonceExtension(nonce, false, []byte{1, 2, 3, 4})), false},
		{"two nonces", with(nonceExtension(nonce, false, tlv(0x04, []byte{1})), nonceExtension(nonce, false, tlv(0x04, []byte{2}))), false},
		{"something critical", with(nonceExtension(other, true, nil)), false},
		{"something critical about one", request(tlv(0x30, tlv(0x30, certID(7), tlv(0xa0, tlv(0x30, nonceExtension(other, true, nil)))))), false},
		{"something behind one", request(tlv(0x30, tlv(0x30, certID(7), tlv(0x05)))), false},
	}
	for _, tt := range tests {
		if _, err := ocsp.ParseRequest(tt.der); (err == nil) != tt.ok || err != nil && !errors.Is(err, ocsp.ErrFormat) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestNewRequestRefuses(t *testing.T) {
	w := newWorld(t)
	for name, f := range map[string]func() error{
		"MD5":         func() error { _, err := ocsp.NewRequest(w.leaf, w.issuing, crypto.MD5, nil); return err },
		"empty nonce": func() error { _, err := ocsp.NewRequest(w.leaf, w.issuing, crypto.SHA1, []byte{}); return err },
		"long nonce":  func() error { _, err := ocsp.NewRequest(w.leaf, w.issuing, crypto.SHA1, make([]byte, 129)); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What is read can be asked again and is the same question; and who reads with
// another implementation sees the same certificate.
func FuzzParseRequest(f *testing.F) {
	w := newWorld(f)
	for _, nonce := range [][]byte{nil, {1}, make([]byte, 32)} {
		der, err := ocsp.NewRequest(w.leaf, w.issuing, crypto.SHA256, nonce)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Add(tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x30, certID(7)), tlv(0x30, certID(8))))))
	f.Fuzz(func(t *testing.T, der []byte) {
		q, err := ocsp.ParseRequest(der)
		if err != nil {
			return
		}
		if len(q.IDs) == 0 || len(q.IDs) > ocsp.MaxAsked || len(q.Nonce) > ocsp.MaxNonce || len(der) > ocsp.MaxRequest {
			t.Fatal("over a limit")
		}
		for _, id := range q.IDs {
			again, err := ocsp.ParseRequest(tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x30, id.Raw)))))
			if err != nil || !bytes.Equal(again.IDs[0].Raw, id.Raw) || again.IDs[0].Serial.Cmp(id.Serial) != 0 {
				t.Errorf("asked again: %v", err)
			}
		}
		theirs, err := xocsp.ParseRequest(der)
		if err != nil && !strings.Contains(err.Error(), "OCSP request contains no request body") {
			return // it knows fewer hashes, and reads less
		}
		if theirs.SerialNumber.Cmp(q.IDs[0].Serial) != 0 || !bytes.Equal(theirs.IssuerKeyHash, q.IDs[0].KeyHash) {
			t.Errorf("another certificate: %v, %v", theirs.SerialNumber, q.IDs[0].Serial)
		}
	})
}
