package client

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login/acsp"
)

func TestVerifyAccepts(t *testing.T) {
	w := newWorld(t)
	for _, h := range []acsp.Hash{acsp.SHA256, acsp.SHA384, acsp.SHA512, acsp.SHA3256, acsp.SHA3384, acsp.SHA3512} {
		for name, subject := range map[string]Subject{"person": {Person: ada(t)}, "account": {Number: adaNumber}} {
			q := w.prepare(t, func(a *Ask) { a.Subject, a.Hash = subject, h })
			id, err := w.client.Verify(q, w.answer(t, q, nil))
			if err != nil {
				t.Fatalf("%s, %s: %v", h, name, err)
			}
			if id.Person != ada(t) || id.Surname != "SPECIMEN" || id.GivenNames != "ADA" || id.Number != adaNumber || id.Level != tunnus.Qualified {
				t.Errorf("%s, %s: %+v", h, name, id)
			}
			if !verifyPSS(&key(t).PublicKey, id.Hash, id.Payload, id.Signature) {
				t.Errorf("%s, %s: what is kept does not verify", h, name)
			}
		}
	}
}

// Each answer is right but for one point.
func TestVerifyRefusesForgedCertificates(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name string
		turn func(*forgery)
		want Reason
	}{
		{"chain: another issuing CA of the same name", func(f *forgery) { f.by = newAuthority(t, "Issuing", newAuthority(t, "Root", nil)) }, UntrustedChain},
		{"chain: signed by the root itself", func(f *forgery) { f.by = w.root }, UntrustedChain},
		{"chain: signed by a holder", func(f *forgery) { f.by = holderAuthority(t, w) }, UntrustedChain},
		{"chain: a certificate authority", func(f *forgery) { f.cert.IsCA = true }, UntrustedChain},
		{"expiry: over", func(f *forgery) { f.cert.NotAfter = now.Add(-time.Second) }, Expired},
		{"expiry: not yet", func(f *forgery) { f.cert.NotBefore = now.Add(time.Second) }, Expired},
		{"policy: another", func(f *forgery) { f.cert.Policies = []x509.OID{oid(t, "2.25.9")} }, WrongPolicy},
		{"policy: none", func(f *forgery) { f.cert.Policies = nil }, WrongPolicy},
		{"purpose: key usage", func(f *forgery) { f.cert.KeyUsage = x509.KeyUsageKeyEncipherment }, WrongPurpose},
		{"purpose: signing documents", func(f *forgery) { f.cert.KeyUsage |= x509.KeyUsageContentCommitment }, WrongPurpose},
		{"purpose: no extended usage", func(f *forgery) { f.cert.UnknownExtKeyUsage = nil }, WrongPurpose},
		{"purpose: another extended usage", func(f *forgery) { f.cert.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3}} }, WrongPurpose},
		{"level: below", func(f *forgery) {
			f.cert.Policies = []x509.OID{oid(t, "2.25.1.3")}
			f.status = func(st *Status) { st.Certificate.Level = tunnus.Advanced }
		}, WrongLevel},
		{"level: below, told otherwise", func(f *forgery) { f.cert.Policies = []x509.OID{oid(t, "2.25.1.3")} }, WrongLevel},
		{"level: told", func(f *forgery) { f.status = func(st *Status) { st.Certificate.Level = tunnus.Advanced } }, WrongLevel},
		{"identity: another person", func(f *forgery) { f.cert.Subject.SerialNumber = benID }, WrongPerson},
		{"identity: no person", func(f *forgery) { f.cert.Subject.SerialNumber = "7" }, WrongPerson},
		{"identity: another country", func(f *forgery) { f.cert.Subject.Country = []string{"EE"} }, WrongPerson},
		{"identity: two numbers", func(f *forgery) {
			for _, id := range []string{benID, adaID} {
				f.cert.Subject.ExtraNames = append(f.cert.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 5}, Value: id})
			}
		}, WrongPerson},
		{"account: told", func(f *forgery) { f.status = func(st *Status) { st.Result.Number = adaID + "-0000-Q" } }, WrongAccount},
		{"account: not in the certificate", func(f *forgery) { f.cert.ExtraExtensions = nil }, WrongAccount},
		{"account: another person's", func(f *forgery) {
			f.cert.ExtraExtensions[0] = altName(t, benID+"-7K3Q-Q")
			f.status = func(st *Status) { st.Result.Number = benID + "-7K3Q-Q" }
		}, WrongAccount},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := w.prepare(t, nil)
			expect(t, w, q, w.answer(t, q, tt.turn), tt.want)
		})
	}
}

func TestVerifyRefusesForgedAnswers(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name string
		turn func(*forgery)
		want Reason
	}{
		{"protocol", told(func(st *Status) { st.Protocol = "RAW_DIGEST_SIGNATURE" }), WrongProtocol},
		{"flow: told", told(func(st *Status) { st.Signature.Flow = acsp.QR }), WrongFlow},
		{"flow: signed", func(f *forgery) {
			f.fields.Flow = acsp.QR
			f.status = func(st *Status) { st.Signature.Flow = acsp.Notification }
		}, WrongBinding},
		{"interaction: told", told(func(st *Status) { st.Interaction = acsp.ConfirmationMessage }), WrongScreen},
		{"interactions: another text", func(f *forgery) { f.fields.Interactions = screen(t, "Pay 100") }, WrongBinding},
		{"hash: told", told(func(st *Status) { st.Signature.Parameters.Hash = acsp.SHA256 }), WrongHash},
		{"hash: signed", func(f *forgery) { f.signHash = acsp.SHA256 }, BadSignature},
		{"algorithm", told(func(st *Status) { st.Signature.Algorithm = "sha256WithRSAEncryption" }), WrongAlgorithm},
		{"mask: told", told(func(st *Status) { st.Signature.Parameters.MaskGen.Parameters.Hash = acsp.SHA256 }), WrongAlgorithm},
		{"trailer: told", told(func(st *Status) { st.Signature.Parameters.Trailer = "0xcc" }), WrongAlgorithm},
		{"salt: told", told(func(st *Status) { st.Signature.Parameters.Salt = 32 }), WrongSalt},
		{"salt: signed", func(f *forgery) { f.salt = 32 }, WrongSalt},
		{"challenge: of another request", func(f *forgery) { f.fields.RPChallenge = acsp.NewChallenge() }, WrongBinding},
		{"service: name in capitals", func(f *forgery) { f.fields.RPName = "BANK" }, WrongName},
		{"service: another", func(f *forgery) { f.fields.RPName = "Evil shop" }, WrongBinding},
		{"service: on behalf of another", func(f *forgery) { f.fields.BrokeredName = "Bank" }, WrongBinding},
		{"scheme", func(f *forgery) { f.fields.Scheme = "tunnus" }, WrongScheme},
		{"server random: told", told(func(st *Status) { st.Signature.ServerRandom = acsp.NewServerRandom() }), WrongBinding},
		{"server random: short", told(func(st *Status) { st.Signature.ServerRandom = "AAAA" }), Malformed},
		{"user challenge: told", told(func(st *Status) { st.Signature.UserChallenge = acsp.UserChallenge("x") }), WrongBinding},
		{"user challenge: with a bar", told(func(st *Status) { st.Signature.UserChallenge = "|" + st.Signature.UserChallenge[1:] }), Malformed},
		{"signature: one bit", told(func(st *Status) { st.Signature.Value[9] ^= 1 }), BadSignature},
		{"signature: missing", told(func(st *Status) { st.Signature.Value = nil }), Malformed},
		{"signature: longer", told(func(st *Status) { st.Signature.Value = append([]byte{0}, st.Signature.Value...) }), BadSignature},
		{"certificate: missing", told(func(st *Status) { st.Certificate.DER = nil }), Malformed},
		{"certificate: garbage", told(func(st *Status) { st.Certificate.DER = []byte{0x30, 0} }), Malformed},
		{"document number: missing", told(func(st *Status) { st.Result.Number = "" }), Malformed},
		{"state", told(func(st *Status) { st.State = "RUNNING" }), Malformed},
		{"end result", told(func(st *Status) { st.Result.End = "USER_REFUSED" }), NotOK},
		{"end result: none", told(func(st *Status) { st.Result.End = "" }), NotOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := w.prepare(t, nil)
			expect(t, w, q, w.answer(t, q, tt.turn), tt.want)
		})
	}
}

func TestVerifyRefusesReplays(t *testing.T) {
	w := newWorld(t)
	q := w.prepare(t, nil)
	st := w.answer(t, q, nil)
	if _, err := w.client.Verify(q, st); err != nil {
		t.Fatal(err)
	}
	expect(t, w, q, st, StaleChallenge)
	expect(t, w, w.prepare(t, nil), st, WrongBinding)

	q = w.prepare(t, nil)
	st = w.answer(t, q, nil)
	w.now = w.now.Add(11 * time.Minute)
	expect(t, w, q, st, StaleChallenge)
}

// The account that was asked is the one that answers, even if another one of
// the same person could.
func TestVerifyRefusesAnotherAccountOfThePerson(t *testing.T) {
	w := newWorld(t)
	q := w.prepare(t, func(a *Ask) { a.Subject = Subject{Number: adaID + "-0000-Q"} })
	expect(t, w, q, w.answer(t, q, nil), WrongAccount)
}

func expect(t *testing.T, w *world, q *Request, st Status, want Reason) {
	t.Helper()
	id, err := w.client.Verify(q, st)
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok || refusal.Reason != want {
		t.Errorf("Verify: %v, want reason %q", err, want)
	}
	if !reflect.DeepEqual(id, Identity{}) {
		t.Errorf("an identity beside a refusal: %+v", id)
	}
	if err != nil && strings.Contains(err.Error(), "1990") {
		t.Errorf("the error names the person: %v", err)
	}
}

// told turns what is said without what is signed.
func told(change func(*Status)) func(*forgery) {
	return func(f *forgery) { f.status = change }
}

func oid(t *testing.T, s string) x509.OID {
	t.Helper()
	o, err := x509.ParseOID(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func screen(t *testing.T, text string) string {
	t.Helper()
	s, err := acsp.EncodeInteractions(acsp.Interaction{Type: acsp.DisplayTextAndPIN, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// holderAuthority is a holder of an account who issues certificates to others.
func holderAuthority(t *testing.T, w *world) *authority {
	t.Helper()
	a := newAuthority(t, "x", nil)
	a.cert = w.issuing.sign(t, holderTemplate(t), &a.key.PublicKey)
	return a
}
