package idcard_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/idcard"
)

// form is a token of the right form that proves nothing.
const form = `{"unverifiedCertificate":"MIIBmjCCAT+gAwIBAgIUZ1A=","algorithm":"ES384","signature":"c2lnbmF0dXJlIG9mIG5vdGhpbmc=","format":"web-eid:1.0","appVersion":"https://app.example/1"}`

// parts of it.
const (
	cert      = `"unverifiedCertificate":"MIIBmjCCAT+gAwIBAgIUZ1A=",`
	signature = `"signature":"c2lnbmF0dXJlIG9mIG5vdGhpbmc=",`
	version   = `"format":"web-eid:1.0",`
	app       = `"appVersion":"https://app.example/1"`
	algorithm = `"algorithm":"ES384",`
	offered   = `"supportedSignatureAlgorithms":[{"cryptoAlgorithm":"ECC","hashFunction":"SHA-384","paddingScheme":"NONE"}]`
)

func TestForms(t *testing.T) {
	newer := `"format":"web-eid:1.1","unverifiedSigningCertificate":"AQID",` + offered + `,`
	list := `"format":"web-eid:1.1","unverifiedSigningCertificates":[{"certificate":"AQID",` + offered + `}],`
	for _, tt := range []struct {
		name, old, new string
		ok             bool
	}{
		{"as it is", "", "", true},
		{"a field that is not known", app, app + `,"unknown":{"a":[1,2]}`, true},
		{"a field of another case beside", app, app + `,"Algorithm":7`, true},
		{"without the app", `,` + app, ``, true},
		{"a later minor version", "1.0", "1.12", true},
		{"1.1 without a signing certificate", "1.0", "1.1", true},
		{"1.1 with one", version, newer, true},
		{"1.1 with a list", version, list, true},
		{"1.0 with something in the place of 1.1", app, app + `,"unverifiedSigningCertificates":7`, true},

		{"no certificate", cert, ``, false},
		{"no algorithm", algorithm, ``, false},
		{"no signature", signature, ``, false},
		{"no format", version, ``, false},
		{"certificate twice", cert, cert + cert, false},
		{"algorithm twice", algorithm, algorithm + algorithm, false},
		{"signature twice", signature, signature + signature, false},
		{"format twice", version, version + version, false},
		{"twice, once null", algorithm, `"algorithm":null,` + algorithm, false},
		{"twice, once escaped", algorithm, `"\u0061lgorithm":"ES256",` + algorithm, false},
		{"only in another case", `"algorithm"`, `"Algorithm"`, false},
		{"algorithm a number", `"ES384"`, `384`, false},
		{"algorithm null", `"ES384"`, `null`, false},
		{"algorithm empty", `"ES384"`, `""`, false},
		{"signature a list", `"c2lnbmF0dXJlIG9mIG5vdGhpbmc="`, `["c2lnbmF0dXJlIG9mIG5vdGhpbmc="]`, false},
		{"signature with a line break", `c2ln`, `c2ln\n`, false},
		{"signature with a space", `c2ln`, `c2l n`, false},
		{"signature without padding", `bmc="`, `bmc"`, false},
		{"signature with bits behind its end", `bmc=`, `bmd=`, false},
		{"signature as base64url", `c2ln`, `c2-_`, false},
		{"app a number", `"https://app.example/1"`, `1`, false},
		{"format 2.0", `web-eid:1.0`, `web-eid:2.0`, false},
		{"format 10", `web-eid:1.0`, `web-eid:10`, false},
		{"format 10.0", `web-eid:1.0`, `web-eid:10.0`, false},
		{"format 1", `web-eid:1.0`, `web-eid:1`, false},
		{"format 01.0", `web-eid:1.0`, `web-eid:01.0`, false},
		{"format 1.0 and more", `web-eid:1.0`, `web-eid:1.0\n`, false},
		{"format 1.0.0", `web-eid:1.0`, `web-eid:1.0.0`, false},
		{"format with a huge number", `web-eid:1.0`, `web-eid:1.9999999999999999999`, false},
		{"format of another kind", `web-eid:1.0`, `WEB-EID:1.0`, false},
		{"1.1 with both spellings", version, newer + `"unverifiedSigningCertificates":[{"certificate":"AQID",` + offered + `}],`, false},
		{"1.1 without algorithms", version, strings.Replace(newer, offered+`,`, ``, 1), false},
		{"1.1 with no algorithms", version, strings.Replace(newer, offered, `"supportedSignatureAlgorithms":[]`, 1), false},
		{"1.1 with an algorithm that is not known", version, strings.Replace(newer, "SHA-384", "MD5", 1), false},
		{"1.1 with ECC and a padding", version, strings.Replace(newer, "NONE", "PSS", 1), false},
		{"1.1 with an algorithm twice", version, strings.Replace(newer, `"hashFunction"`, `"hashFunction":"SHA-256","hashFunction"`, 1), false},
		{"1.1 with an empty list", version, `"format":"web-eid:1.1","unverifiedSigningCertificates":[],`, false},
		{"1.1 with a long list", version, strings.Replace(list, `[{"cert`, `[`+strings.Repeat(`{"certificate":"AQID",`+offered+`},`, 8)+`{"cert`, 1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := form
			if tt.old != "" {
				if !strings.Contains(text, tt.old) {
					t.Fatalf("%q is not in the token", tt.old)
				}
				text = strings.Replace(text, tt.old, tt.new, 1)
			}
			_, err := idcard.Parse([]byte(text))
			if want := tunnus.CodeCardTokenBad; (err == nil) != tt.ok || err != nil && tunnus.CodeOf(err) != want {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestNotJSON(t *testing.T) {
	text := form
	for name, bad := range map[string]string{
		"empty":              "",
		"short":              `{"unverifiedCertificate":"AQID","algorithm":"ES384","signature":"AQID","format":"web-eid:1.0"}`,
		"a list":             "[" + text + "]",
		"a string":           `"` + strings.Repeat("x", 200) + `"`,
		"cut off":            text[:len(text)-1],
		"something behind":   text + "{}",
		"a comma too many":   strings.Replace(text, "{", "{,", 1),
		"a comma at the end": text[:len(text)-1] + ",}",
		"a comma missing":    strings.Replace(text, ",", " ", 1),
		"not UTF-8":          strings.Replace(text, "app.example", "app.\xffexample", 1),
		"UTF-16":             strings.ReplaceAll(text, "", "\x00"),
		"deep":               `{"x":` + strings.Repeat("[", 9000),
		"over the limit":     text + strings.Repeat(" ", 10_001-len(text)),
		"huge":               strings.Repeat(" ", 50<<20),
	} {
		if _, err := idcard.Parse([]byte(bad)); tunnus.CodeOf(err) != tunnus.CodeCardTokenBad {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := idcard.Parse([]byte(text + strings.Repeat(" ", 10_000-len(text)))); err != nil {
		t.Errorf("10,000 bytes: %v", err)
	}
}

// What is accepted means the same to a stricter and simpler reader: the fields
// of encoding/json, each once, and what Parse took out of them can be written
// and read again unchanged.
func FuzzParse(f *testing.F) {
	f.Add([]byte(form))
	f.Add([]byte(strings.Replace(form, version, `"format":"web-eid:1.1","unverifiedSigningCertificate":"AQID",`+offered+`,`, 1)))
	f.Add([]byte(strings.Replace(form, version, `"format":"web-eid:1.1","unverifiedSigningCertificates":[{"certificate":"AQID",`+offered+`}],`, 1)))
	f.Add([]byte(strings.Replace(form, algorithm, `"\u0061lgorithm":"ES256",`, 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := idcard.Parse(text)
		if err != nil {
			if code := tunnus.CodeOf(err); code != tunnus.CodeCardTokenBad {
				t.Fatalf("code %q", code)
			}
			return
		}
		var second map[string]any
		dec := json.NewDecoder(bytes.NewReader(text))
		if err := dec.Decode(&second); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		std := base64.StdEncoding
		if second["unverifiedCertificate"] != std.EncodeToString(got.Certificate) || second["signature"] != std.EncodeToString(got.Signature) || second["algorithm"] != got.Algorithm {
			t.Fatalf("encoding/json reads another token")
		}
		again := map[string]any{
			"unverifiedCertificate": got.Certificate, "signature": got.Signature, "algorithm": got.Algorithm,
			"format": second["format"], "pad": strings.Repeat("x", 100),
		}
		if got.AppVersion != "" {
			again["appVersion"] = got.AppVersion
		}
		var list []map[string]any
		for _, o := range got.Offers {
			list = append(list, map[string]any{"certificate": o.Certificate, "supportedSignatureAlgorithms": o.Algorithms})
		}
		if list != nil {
			again["unverifiedSigningCertificates"] = list
		}
		written := encode(t, again)
		if len(written) > 10_000 {
			return // only the padding, or escapes, made it so long
		}
		back, err := idcard.Parse(written)
		if err != nil || !cmp.Equal(got, back) {
			t.Errorf("read again: %v\n%s", err, cmp.Diff(got, back))
		}
	})
}
