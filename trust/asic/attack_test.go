package asic_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/trust/asic"
	"github.com/tunnus-id/tunnus/trust/asic/archive"
	"github.com/tunnus-id/tunnus/trust/ocsp"
)

// change unpacks a container, lets it be changed, and packs it again.
func change(t testing.TB, container []byte, do func([]archive.File) []archive.File) []byte {
	t.Helper()
	files, err := archive.Unpack(container, archive.Limits{Size: 1 << 24, Entries: 99, File: func(string) int { return 1 << 24 }})
	if err != nil {
		t.Fatal(err)
	}
	b, err := archive.Pack(do(files))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// replace changes a text in one file; it must be there.
func replace(t testing.TB, container []byte, name, old, with string) []byte {
	t.Helper()
	found := false
	out := change(t, container, func(files []archive.File) []archive.File {
		for i, f := range files {
			if f.Name == name && bytes.Contains(f.Content, []byte(old)) {
				files[i].Content, found = []byte(strings.Replace(string(f.Content), old, with, 1)), true
			}
		}
		return files
	})
	if !found {
		t.Fatalf("%q is not in %s", old, name)
	}
	return out
}

// refuse demands that a container is refused, for a reason that holds the words.
func refuse(t *testing.T, name string, container []byte, trust asic.Trust, words string) {
	t.Helper()
	r, err := asic.Verify(container, trust)
	if refusal := (*asic.Refusal)(nil); err == nil || !errors.As(err, &refusal) || !strings.Contains(err.Error(), words) || len(r.Signatures) > 0 {
		t.Errorf("%s: %v; want a refusal for %q", name, err, words)
	}
}

const sigXML = "META-INF/signatures0.xml"

// Nobody but the signer decides what is signed.
func TestEveryFileIsSigned(t *testing.T) {
	w := theWorld(t)
	whole := w.long(t)
	more := archive.File{Name: "contract.txt", Content: []byte("I owe you a million.")}
	const entry = `<manifest:file-entry manifest:full-path="application.txt"`
	add := func(files []archive.File) []archive.File { return append(files, more) }
	refuse(t, "a file that nobody lists", change(t, whole, add), w.trust(""), "not in the container's list")
	listed := replace(t, change(t, whole, add), "META-INF/manifest.xml", entry, `<manifest:file-entry manifest:full-path="contract.txt" manifest:media-type="text/plain"/>`+entry)
	refuse(t, "a file that is listed", listed, w.trust(""), `"contract.txt" is in the container, but not signed`)
	unlisted := change(t, whole, func(files []archive.File) (out []archive.File) {
		for _, f := range add(files) {
			if f.Name != "META-INF/manifest.xml" {
				out = append(out, f)
			}
		}
		return out
	})
	refuse(t, "without a list", unlisted, w.trust(""), `"contract.txt" is in the container, but not signed`)
	missing := change(t, whole, func(files []archive.File) []archive.File { return append(files[:1:1], files[2:]...) })
	refuse(t, "a file less", missing, w.trust(""), "names 1 files that are not there")
	refuse(t, "other content", replace(t, whole, "application.txt", "I apply", "I reply"), w.trust(""), "not as it was signed")
	second := change(t, whole, func(files []archive.File) []archive.File {
		return append(files, archive.File{Name: "META-INF/signatures1.xml", Content: []byte("<x/>")})
	})
	refuse(t, "one of two signatures", second, w.trust(""), "XAdESSignatures")
	refuse(t, "unknown meta file", change(t, whole, func(files []archive.File) []archive.File {
		return append(files, archive.File{Name: "META-INF/ASiCManifest.xml", Content: []byte("<x/>")})
	}), w.trust(""), "nothing that is known")
}

// Each of these is one change to a good signature file.
func TestSignatureIsReadStrictly(t *testing.T) {
	w := theWorld(t)
	whole := w.long(t)
	const props, target = `<xades:SignedProperties `, `Target="#S0"`
	for _, tt := range []struct{ name, old, with, words string }{
		{"a document type", "<asic:", `<!DOCTYPE x [<!ENTITY a "b">]><asic:`, "document type or a comment"},
		{"a comment", "<ds:KeyInfo>", "<!-- --><ds:KeyInfo>", "document type or a comment"},
		{"a processing instruction", "<ds:KeyInfo>", "<?x y?><ds:KeyInfo>", "processing instruction"},
		{"another encoding", "UTF-8", "UTF-16", "not well formed"},
		{"text", "<ds:KeyInfo>", "x<ds:KeyInfo>", "text in <Signature>"},
		{"an Id twice", `Id="S0-v"`, `Id="S0-p"`, "one Id"},
		{"an attribute twice", `Id="S0-v"`, `Id="S0-v" Id="S0-w"`, "not understood"},
		{"a weak method", string(asic.PKCS1), "http://www.w3.org/2000/09/xmldsig#rsa-sha1", "weak or not known"},
		{"a weak digest", "http://www.w3.org/2001/04/xmlenc#sha512", "http://www.w3.org/2000/09/xmldsig#sha1", "weak or not known"},
		{"no canonicalisation that is known", `CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"`, `CanonicalizationMethod Algorithm="x"`, "not known"},
		{"another file", `URI="application.txt"`, `URI="application.json"`, "twice"},
		{"a file elsewhere", `URI="application.txt"`, `URI="../application.txt"`, "no file of the container"},
		{"a file on the web", `URI="application.txt"`, `URI="http://example.org/application.txt"`, "no file of the container"},
		{"a transform", `URI="application.txt">`, `URI="application.txt"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>`, "transformed"},
		{"two transforms", `<ds:Transform `, `<ds:Transform Algorithm="x"></ds:Transform><ds:Transform `, "not understood"},
		{"other properties", `URI="#S0-p"`, `URI="#S0-v"`, "not its own"},
		{"properties of another", target, `Target="#S1"`, "another signature"},
		{"properties twice", props, `<xades:SignedProperties></xades:SignedProperties>` + props, "not understood"},
		{"another time", "2026-11-02T12:00:00Z", "2026-11-02T12:00:01Z", "properties are not as they were signed"},
		{"another media type", "<xades:MimeType>text/plain", "<xades:MimeType>text/html", "media type"},
		{"an unsigned property", "<xades:CertificateValues>", "<xades:Other></xades:Other><xades:CertificateValues>", "not understood"},
		{"an object more", "</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>", "not understood"},
		{"a signature more", "</ds:Signature>", "</ds:Signature><ds:Signature></ds:Signature>", "not understood"},
		{"another namespace", `xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="S0"`, `xmlns:ds="http://www.w3.org/2000/09/xmldsig" Id="S0"`, "is missing"},
		{"no base64", "<ds:X509Certificate>", "<ds:X509Certificate>!", "not base64"},
		{"deep", "<ds:KeyInfo>", strings.Repeat("<a>", 30) + strings.Repeat("</a>", 30) + "<ds:KeyInfo>", "too deep"},
	} {
		refuse(t, tt.name, replace(t, whole, sigXML, tt.old, tt.with), w.trust(""), tt.words)
	}
	refuse(t, "the list in another type", replace(t, whole, "META-INF/manifest.xml", `"text/plain"`, `"text/html"`), w.trust(""), "media type")
	refuse(t, "large", replace(t, whole, sigXML, "<ds:KeyInfo>", strings.Repeat(" ", 5<<20)+"<ds:KeyInfo>"), w.trust(""), "too large")
}

// Signature wrapping: what was signed is kept somewhere in the file, and
// something else is put where it is read.
func TestWrapping(t *testing.T) {
	w := theWorld(t)
	whole := w.long(t)
	files, err := archive.Unpack(whole, archive.Limits{Size: 1 << 24, Entries: 99, File: func(string) int { return 1 << 24 }})
	if err != nil {
		t.Fatal(err)
	}
	xml := string(files[len(files)-1].Content)
	_, rest, _ := strings.Cut(xml, "<xades:SignedProperties ")
	inner, _, _ := strings.Cut(rest, "</xades:SignedProperties>")
	real := "<xades:SignedProperties " + inner + "</xades:SignedProperties>"
	fake := strings.Replace(strings.Replace(real, "2026-11-02", "2020-01-01", 1), `Id="S0-p"`, `Id="S0-q"`, 1)
	for name, with := range map[string]string{
		"the real ones in front":  real + fake,
		"the real ones behind":    fake + real,
		"the real ones inside":    strings.Replace(fake, "</xades:SignedProperties>", real+"</xades:SignedProperties>", 1),
		"the real ones elsewhere": fake + "<ds:Object>" + real + "</ds:Object>",
		"the fake ones alone":     fake,
		"under the same Id":       strings.Replace(fake, "S0-q", "S0-p", 1),
	} {
		if _, err := asic.Verify(replace(t, whole, sigXML, real, with), w.trust("")); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A time-stamp is of this signature, or it is worth nothing.
func TestTimeStampIsOfThisSignature(t *testing.T) {
	w := theWorld(t)
	s := w.signed(t, asic.PKCS1)
	w.lengthen(t, s, w.stamp(t, []byte("something else")), w.evidence(t))
	refuse(t, "a time-stamp over something else", pack(t, s), w.trust(""), "over something else than this signature")
	other := w.signed(t, asic.PSS)
	s = w.signed(t, asic.PKCS1)
	w.lengthen(t, s, w.stamp(t, other.Stamped()), w.evidence(t))
	refuse(t, "a time-stamp of another signature", pack(t, s), w.trust(""), "over something else than this signature")
	s = w.signed(t, asic.PKCS1)
	w.lengthen(t, s, []byte{0x30, 0}, w.evidence(t))
	refuse(t, "no token", pack(t, s), w.trust(""), "time-stamp")
	early := w.trust("")
	early.Now = noon.Add(-time.Minute)
	refuse(t, "a time-stamp of the future", w.long(t), early, "future")
}

func TestStatusIsGoodAndFresh(t *testing.T) {
	w := theWorld(t)
	at := noon.Add(2 * time.Minute)
	signer, stamper := w.answer(t, w.signer, ocsp.Good, at), w.answer(t, w.stamper, ocsp.Good, at)
	for _, tt := range []struct {
		name    string
		answers [][]byte
		words   string
	}{
		{"revoked", [][]byte{w.answer(t, w.signer, ocsp.Revoked, at), stamper}, "signer is revoked"},
		{"revoked, and good", [][]byte{signer, w.answer(t, w.signer, ocsp.Revoked, at), stamper}, "signer is revoked"},
		{"unknown", [][]byte{w.answer(t, w.signer, ocsp.Unknown, at), stamper}, "signer is unknown"},
		{"from before the time-stamp", [][]byte{w.answer(t, w.signer, ocsp.Good, noon), stamper}, "older than the time-stamp"},
		{"of the future", [][]byte{w.answer(t, w.signer, ocsp.Good, noon.AddDate(2, 0, 0)), stamper}, "of the future"},
		{"about another", [][]byte{stamper}, "no answer about the certificate of the signer"},
		{"none about the time-stamp authority", [][]byte{signer}, "no answer about the certificate of the time-stamp authority"},
		{"no answer at all", [][]byte{{0x30, 0}}, "not a message of RFC 6960"},
		{"time-stamp authority revoked", [][]byte{signer, w.answer(t, w.stamper, ocsp.Revoked, at)}, "time-stamp authority is revoked"},
	} {
		s := w.signed(t, asic.PKCS1)
		e := w.evidence(t)
		e.OCSP = tt.answers
		w.lengthen(t, s, w.stamp(t, s.Stamped()), e)
		refuse(t, tt.name, pack(t, s), w.trust(""), tt.words)
	}
	s := w.signed(t, asic.PKCS1)
	e := w.evidence(t)
	e.CRLs = [][]byte{w.list(t, big.NewInt(7), w.issuing.SerialNumber)}
	w.lengthen(t, s, w.stamp(t, s.Stamped()), e)
	refuse(t, "issuing authority revoked", pack(t, s), w.trust(""), "issuing authority was revoked")
}

func TestSignerMustBeTrusted(t *testing.T) {
	w := theWorld(t)
	b := pack(t, w.signed(t, asic.PKCS1))
	trust := w.trust(asic.B)
	trust.Roots = []*x509.Certificate{w.signer}
	if _, err := asic.Verify(b, trust); err == nil {
		t.Error("the signer's own certificate as a root")
	}
	trust.Roots = nil
	refuse(t, "no roots", b, trust, "does not lead to a root")
	trust = w.trust(asic.B)
	trust.Now = noon.AddDate(4, 0, 0)
	refuse(t, "ended, and no time-stamp", b, trust, "does not lead to a root")
	for name, wrong := range map[string]*x509.Certificate{"for time-stamps": w.stamper, "a CA": w.issuing} {
		key := map[*x509.Certificate]string{w.stamper: "Time", w.issuing: "Issuing"}[wrong]
		refuse(t, name, pack(t, w.signedBy(t, wrong, key, asic.PKCS1)), w.trust(asic.B), "not one for signatures")
	}
}

// The certificate in the file is not covered by the signature's own value; its
// digest in the signed properties is.
func TestCertificateCannotBeExchanged(t *testing.T) {
	w := theWorld(t)
	s := w.signed(t, asic.PKCS1)
	swapped := replace(t, pack(t, s), sigXML, encoded(w.signer), encoded(w.stamper))
	refuse(t, "another certificate", swapped, w.trust(asic.B), "not the one that was signed")
}

// Some responders forget a certificate when it ends, and call it good from then on.
// Only one that says how far its archive reaches is believed later.
func TestAnswerFromAfterTheEnd(t *testing.T) {
	w := theWorld(t)
	end := noon.Add(time.Hour)
	template := *w.signer
	template.NotAfter = end
	der, err := x509.CreateCertificate(rand.Reader, &template, w.issuing, w.signer.PublicKey, w.keys["Issuing"])
	if err != nil {
		t.Fatal(err)
	}
	short, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	container := func(at, archive time.Time) []byte {
		s := w.signedBy(t, short, "LOVELACE,ADA", asic.PKCS1)
		e := w.evidence(t)
		e.OCSP[0] = w.answerSince(t, short, ocsp.Good, at, archive)
		w.lengthen(t, s, w.stamp(t, s.Stamped()), e)
		return pack(t, s)
	}
	refuse(t, "no archive", container(end.Add(time.Hour), time.Time{}), w.trust(""), "after its end")
	refuse(t, "an archive of later", container(end.Add(time.Hour), end.Add(time.Second)), w.trust(""), "after its end")
	for name, good := range map[string][]byte{"before the end": container(end, time.Time{}), "with an archive": container(end.Add(time.Hour), end)} {
		if _, err := asic.Verify(good, w.trust("")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
