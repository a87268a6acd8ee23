package tree_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus/need"
	"github.com/tunnus-id/tunnus/trust/asic/tree"
)

// template is signed by xmlsec1: what it takes as the canonical form of <b> shows in its digest.
const template = `<a:root xmlns:a="urn:a" xmlns="urn:d" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:unused="urn:u" t="&quot;'">%s<ds:Signature>` +
	`<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%[2]s"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>` +
	`<ds:Reference URI="#x"><ds:Transforms><ds:Transform Algorithm="%[2]s"/></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>` +
	`<ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue></ds:Signature></a:root>`

// theKey signs the templates; nobody looks at the signature.
var theKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// xmlsec returns the digest that xmlsec1 works out for the element <b Id="x">.
func xmlsec(t *testing.T, document string) []byte {
	t.Helper()
	path := need.Tool(t, "xmlsec1")
	dir := t.TempDir()
	file, keyFile := filepath.Join(dir, "t.xml"), filepath.Join(dir, "key.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(theKey())})
	if err := os.WriteFile(keyFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, "--sign", "--privkey-pem", keyFile, "--id-attr:Id", "urn:d:b", file).CombinedOutput()
	_, rest, ok := strings.Cut(string(out), "<ds:DigestValue>")
	value, _, ok2 := strings.Cut(rest, "</ds:DigestValue>")
	if err != nil || !ok || !ok2 {
		t.Fatalf("xmlsec1: %v: %s", err, out)
	}
	digest, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// A second implementation of canonical XML works out the same bytes.
func TestCanonicalAgreesWithXmlsec(t *testing.T) {
	for name, element := range map[string]string{
		"plain":            `<b Id="x">text</b>`,
		"order and quotes": `<b z='1' Id="x" a="2&lt;&gt;&amp;&quot;">&lt;&gt;&amp;"'</b>`,
		"empty elements":   `<b Id="x"><c/><d></d></b>`,
		"spaces and lines": "<b  Id = 'x' >\r\n  <c />\n\t</b >",
		"references":       `<b Id="x">&#13;&#x41;é&#233;</b>`,
		"CDATA":            `<b Id="x"><![CDATA[<a> & "b"]]></b>`,
		"prefixes":         `<b Id="x"><a:c><a:d/></a:c><e/></b>`,
		"other default":    `<b Id="x"><c xmlns="urn:e"><d/></c><c xmlns=""><d xmlns="urn:d"/></c></b>`,
		"prefix again":     `<b Id="x" xmlns:a="urn:a"><c xmlns:a="urn:b"><a:d/></c><a:d/></b>`,
		"unused prefix":    `<b Id="x" xmlns:q="urn:q"><q:c xmlns:r="urn:r"/></b>`,
		"no default":       `<b Id="x"><c xmlns=""/></b>`,
	} {
		for _, algorithm := range []string{tree.Exclusive, tree.Inclusive10, tree.Inclusive11} {
			document := fmt.Sprintf(template, element, algorithm)
			root, err := tree.Parse([]byte(document))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			c := tree.Into(root, "urn:a", "root")
			got, err := tree.Canonical(c.Take("urn:d", "b"), algorithm)
			if err != nil || c.Err != nil {
				t.Errorf("%s: %v, %v", name, err, c.Err)
				continue
			}
			if sum := sha256.Sum256(got); !bytes.Equal(sum[:], xmlsec(t, document)) {
				t.Errorf("%s, %s: another canonical form: %s", name, algorithm, got)
			}
		}
	}
}

// attributes are so many that each declare something.
func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` xmlns:a%d="urn:x"`, i)
	}
	return b.String()
}

func TestParseRefuses(t *testing.T) {
	for name, bad := range map[string]string{
		"nothing":               "",
		"no XML":                "PK",
		"two roots":             "<a/><b/>",
		"text behind":           "<a/>x",
		"cut off":               "<a><b></b>",
		"a document type":       `<!DOCTYPE a [<!ENTITY e "x">]><a/>`,
		"an unknown entity":     "<a>&e;</a>",
		"a comment":             "<a><!-- --></a>",
		"an instruction":        "<a><?b c?></a>",
		"a second declaration":  `<a/><?xml version="1.0"?>`,
		"another encoding":      `<?xml version="1.0" encoding="ISO-8859-1"?><a/>`,
		"not UTF-8":             "<a>\xff</a>",
		"an attribute twice":    `<a b="1" b="1"/>`,
		"twice by prefix":       `<a xmlns:p="urn:x" xmlns:q="urn:x" p:b="1" q:b="1"/>`,
		"a prefixed attribute":  `<a xmlns:p="urn:x" p:b="1"/>`,
		"xml:id":                `<a xml:id="b"/>`,
		"an Id twice":           `<a Id="b"><c id="b"/></a>`,
		"an empty Id":           `<a ID=""/>`,
		"a tab in an attribute": "<a b='\t'/>",
		"the same, hidden":      `<a b="&#10;"/>`,
		"a prefix undeclared":   `<a xmlns:p="urn:x"><b xmlns:p=""/></a>`,
		"deep":                  strings.Repeat("<a>", 25) + strings.Repeat("</a>", 25),
		"wide":                  "<a>" + strings.Repeat("<b/>", 5000) + "</a>",
		"many attributes":       "<a" + attributes(65) + "/>",
	} {
		if _, err := tree.Parse([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCursor(t *testing.T) {
	parse := func(s string) *tree.Cursor {
		root, err := tree.Parse([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return tree.Into(root, "urn:x", "a")
	}
	good := parse(`<a xmlns="urn:x"> <b>  1 </b><c/><c/> </a>`)
	if s, err := tree.Text(good.Take("urn:x", "b")); err != nil || s != "1" || len(good.All("urn:x", "c")) != 2 || good.End() != nil {
		t.Errorf("%q, %v, %v", s, err, good.Err)
	}
	for name, c := range map[string]*tree.Cursor{
		"text":            parse(`<a xmlns="urn:x">x<b/></a>`),
		"another name":    parse(`<a xmlns="urn:x"><c/></a>`),
		"another space":   parse(`<a xmlns="urn:x"><b xmlns="urn:y"/></a>`),
		"more":            parse(`<a xmlns="urn:x"><b/><b/></a>`),
		"another element": parse(`<b xmlns="urn:x"/>`),
	} {
		c.Take("urn:x", "b")
		if c.End() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// What is read has one canonical form: read again, it is the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(template, `<b Id="x" a="&lt;">&amp;<a:c/></b>`, tree.Exclusive)))
	f.Add([]byte(`<a xmlns="urn:x"><b xmlns="" c="d">e</b></a>`))
	f.Fuzz(func(t *testing.T, in []byte) {
		root, err := tree.Parse(in)
		if err != nil {
			return
		}
		for _, algorithm := range []string{tree.Exclusive, tree.Inclusive11} {
			once, err := tree.Canonical(root, algorithm)
			if err != nil {
				continue
			}
			again, err := tree.Parse(once)
			if err != nil {
				t.Fatalf("%q: its canonical form %q is not read: %v", in, once, err)
			}
			if twice, err := tree.Canonical(again, algorithm); err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%q and %q, %v", once, twice, err)
			}
		}
	})
}
