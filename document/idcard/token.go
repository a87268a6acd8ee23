package idcard

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of what comes from the page, in bytes (Web eID: 100 to 10,000 characters).
const (
	minToken = 100
	maxToken = 10_000
)

// maxOffers is how many signing certificates a token may bring.
const maxOffers = 8

// A Token is a Web eID authentication token as read. Nothing of it is proved.
type Token struct {
	Certificate []byte // DER
	Algorithm   string // ES256, RS256, PS256 and the like
	Signature   []byte // ECDSA: R and S, one behind the other
	Minor       int    // of the format web-eid:1.x
	AppVersion  string // which app says to have made it; "" if none
	// Offers are the signing certificates that come with it, from web-eid:1.1 on.
	Offers []Offer
}

// An Offer is a signing certificate with what its card can do.
type Offer struct {
	Certificate []byte // DER
	Algorithms  []SignatureAlgorithm
}

// format is the type and version of a token.
var format = regexp.MustCompile(`^web-eid:(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$`)

// Parse reads the text of a token, 100 to 10,000 bytes of JSON, and judges
// nothing but its form. Fields that are not known are ignored, as Web eID wants;
// one that is known may stand only once and in its own type. It fails with
// card-token-bad.
func Parse(text []byte) (Token, error) {
	if len(text) < minToken {
		return Token{}, badToken("%d bytes are too few for a token", len(text))
	}
	in, err := readObject(text, "unverifiedCertificate", "algorithm", "signature", "format", "appVersion",
		"unverifiedSigningCertificate", "unverifiedSigningCertificates", "supportedSignatureAlgorithms")
	if err != nil {
		return Token{}, badToken("%w", err)
	}
	t := Token{Algorithm: in.word("algorithm"), Certificate: in.bytes("unverifiedCertificate"), Signature: in.bytes("signature")}
	version := format.FindStringSubmatch(in.word("format"))
	if in.has("appVersion") {
		t.AppVersion = in.word("appVersion")
	}
	switch {
	case in.err != nil:
		return Token{}, badToken("%w", in.err)
	case version == nil || version[1] != "1":
		return Token{}, badToken("its format is not web-eid:1.x")
	}
	if t.Minor, err = strconv.Atoi(version[2]); err != nil {
		return Token{}, badToken("its format: %w", err)
	}
	if t.Minor >= 1 {
		if t.Offers, err = in.offers(); err != nil {
			return Token{}, badToken("%w", err)
		}
	}
	return t, nil
}

// ParseOffer reads what the card answered to web-eid:get-signing-certificate:
// certificate and supportedSignatureAlgorithms. It fails with card-signature-bad.
func ParseOffer(text []byte) (Offer, error) {
	in, err := readObject(text, "certificate", "supportedSignatureAlgorithms")
	if err != nil {
		return Offer{}, badSignature("%w", err)
	}
	o := Offer{Certificate: in.bytes("certificate"), Algorithms: in.algorithms("supportedSignatureAlgorithms")}
	if in.err != nil {
		return Offer{}, badSignature("%w", in.err)
	}
	return o, nil
}

// A Reply is what the card answered to web-eid:sign, as read.
type Reply struct {
	Signature []byte // ECDSA: R and S, one behind the other
	Algorithm SignatureAlgorithm
}

// ParseReply reads a reply: signature and signatureAlgorithm. It fails with
// card-signature-bad.
func ParseReply(text []byte) (Reply, error) {
	in, err := readObject(text, "signature", "signatureAlgorithm")
	if err != nil {
		return Reply{}, badSignature("%w", err)
	}
	r := Reply{Signature: in.bytes("signature")}
	if in.err == nil {
		r.Algorithm, in.err = readAlgorithm(in.fields["signatureAlgorithm"])
	}
	if in.err != nil {
		return Reply{}, badSignature("%w", in.err)
	}
	return r, nil
}

// offers reads the two spellings of web-eid:1.1. Both at once are refused.
func (o *object) offers() ([]Offer, error) {
	one, many := o.has("unverifiedSigningCertificate"), o.has("unverifiedSigningCertificates")
	switch {
	case one && many:
		return nil, errors.New("signing certificates in two spellings")
	case one:
		out := Offer{o.bytes("unverifiedSigningCertificate"), o.algorithms("supportedSignatureAlgorithms")}
		return []Offer{out}, o.err
	case !many:
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(o.fields["unverifiedSigningCertificates"], &list); err != nil || len(list) == 0 || len(list) > maxOffers {
		return nil, fmt.Errorf("unverifiedSigningCertificates is not a list of 1 to %d", maxOffers)
	}
	var out []Offer
	for _, raw := range list {
		in, err := readObject(raw, "certificate", "supportedSignatureAlgorithms")
		if err != nil {
			return nil, err
		}
		out = append(out, Offer{in.bytes("certificate"), in.algorithms("supportedSignatureAlgorithms")})
		if in.err != nil {
			return nil, in.err
		}
	}
	return out, nil
}

// An object is a JSON object with the fields that are known, and the first fault
// that was met in them.
type object struct {
	fields map[string]json.RawMessage
	err    error
}

// readObject reads one JSON object and nothing behind it. encoding/json alone
// would take the last of two fields of one name, match names in any case, and
// mend what is not UTF-8: two readers could then see two tokens.
func readObject(text []byte, known ...string) (*object, error) {
	if len(text) > maxToken {
		return nil, fmt.Errorf("more than %d bytes", maxToken)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); !utf8.Valid(text) || !json.Valid(text) || err != nil || t != json.Delim('{') {
		return nil, errors.New("not one JSON object in UTF-8")
	}
	o := &object{fields: map[string]json.RawMessage{}}
	for _, k := range known {
		o.fields[k] = nil
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, errors.New("not a JSON object")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, errors.New("not a JSON object")
		}
		k, _ := name.(string) // it can be nothing else
		had, is := o.fields[k]
		if !is {
			continue
		}
		if had != nil {
			return nil, fmt.Errorf("%s stands twice", k)
		}
		o.fields[k] = value
	}
	return o, nil
}

func (o *object) has(name string) bool { return o.fields[name] != nil }

// word returns a field that must be a string, and not empty.
func (o *object) word(name string) string {
	var s *string
	err := json.Unmarshal(o.fields[name], &s)
	if o.err == nil && (err != nil || s == nil || *s == "") {
		o.err = fmt.Errorf("%s is not a string with something in it", name)
	}
	if o.err != nil {
		return ""
	}
	return *s
}

// bytes returns a field that must be base64 (RFC 4648 §4, padded).
func (o *object) bytes(name string) []byte {
	s := o.word(name)
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if o.err == nil && (err != nil || strings.ContainsAny(s, "\r\n")) {
		o.err = fmt.Errorf("%s is not base64", name)
	}
	if o.err != nil {
		return nil
	}
	return b
}
