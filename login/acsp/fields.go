package acsp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

const (
	// Kind is the kind of transaction that key/keyshare knows log-ins by.
	Kind = "acsp"
	// Protocol is the "signatureProtocol" of the RP API, and the second
	// string of what is signed.
	Protocol = "ACSP_V2"
)

// A Flow says how a request reached the app ("flowType").
type Flow string

// The flows of the RP API. Only the last two take a callback.
const (
	Notification Flow = "Notification"
	QR           Flow = "QR"
	App2App      Flow = "App2App"
	Web2App      Flow = "Web2App"
)

// callbacks says for each flow whether it has a callback.
var callbacks = map[Flow]bool{Notification: false, QR: false, App2App: true, Web2App: true}

// Lengths that the RP API gives.
const (
	minChallenge = 32 // bytes behind the Base64 of rpChallenge
	maxChallenge = 64
	minRandom    = 24   // characters of serverRandom
	maxName      = 32   // bytes of a relying party's name
	maxCallback  = 1800 // characters of a callback
	maxRecord    = 32 << 10
)

// Names of fields in a [tunnus.Error] are those of the RP API, as a path.
const (
	fieldChallenge    = "signatureProtocolParameters/rpChallenge"
	fieldHash         = "signatureProtocolParameters/signatureAlgorithmParameters/hashAlgorithm"
	fieldInteractions = "interactions"
	fieldName         = "relyingPartyName"
	fieldCallback     = "initialCallbackUrl"
)

var (
	schemeForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	callbackForm = regexp.MustCompile(`^https://[^|#\x00-\x20\x7f]+$`)
)

// Fields is the server's part of a log-in: what is shown to the holder and,
// with the app's [Answer], signed. Strings that arrived in Base64 are kept as
// they arrived, because it is their text that is signed.
type Fields struct {
	Scheme       string `json:"scheme"`                       // "tunnus", in the sandbox "tunnus-demo"
	ServerRandom string `json:"serverRandom"`                 // Base64, at least 24 characters
	RPChallenge  string `json:"rpChallenge"`                  // Base64 of 32 to 64 bytes
	RPName       string `json:"relyingPartyName"`             // as sent, at most 32 bytes
	BrokeredName string `json:"brokeredRpName,omitempty"`     // for whom the relying party asks, if it is a broker
	Interactions string `json:"interactions"`                 // Base64 of JSON, as sent
	Callback     string `json:"initialCallbackUrl,omitempty"` // empty for QR and Notification, even if one was sent
	Flow         Flow   `json:"flowType"`
	Hash         Hash   `json:"hashAlgorithm"`
}

// An Answer is the app's part of a log-in.
type Answer struct {
	UserChallenge string `json:"userChallenge"`       // [UserChallenge] of a value that the app made
	Interaction   Type   `json:"interactionTypeUsed"` // the screen that the holder saw
}

// Check refuses fields that no honest server would hand over, with
// [tunnus.CodeBadRequest] and the name of the field.
func (f Fields) Check() error {
	if !schemeForm.MatchString(f.Scheme) {
		return tunnus.BadRequest("scheme", errors.New("acsp: scheme name"))
	}
	if len(f.ServerRandom) < minRandom || !isBase64(f.ServerRandom) {
		return tunnus.BadRequest("serverRandom", errors.New("acsp: server random: Base64 of at least 24 characters expected"))
	}
	if _, err := decodeChallenge(f.RPChallenge); err != nil {
		return err
	}
	if err := checkName(f.RPName); err != nil {
		return tunnus.BadRequest(fieldName, err)
	}
	if f.BrokeredName != "" {
		if err := checkName(f.BrokeredName); err != nil {
			return tunnus.BadRequest("brokeredRpName", err)
		}
	}
	screens, err := ParseInteractions(f.Interactions)
	if err != nil {
		return err
	}
	called, known := callbacks[f.Flow]
	if !known {
		return tunnus.BadRequest("flowType", errors.New("acsp: unknown flow type"))
	}
	if called != (f.Callback != "") || called && (len(f.Callback) > maxCallback || !callbackForm.MatchString(f.Callback)) {
		return tunnus.BadRequest(fieldCallback, errors.New("acsp: callback does not fit the flow"))
	}
	if f.Flow != Notification && offers(screens, ConfirmationMessageCodeChoice) {
		return tunnus.BadRequest(fieldInteractions, errors.New("acsp: a code is picked in notifications only"))
	}
	if !f.Hash.Known() {
		return tunnus.BadRequest(fieldHash, errors.New("acsp: unknown hash algorithm"))
	}
	return nil
}

// Record returns the fields as canonical JSON: names in the order of the
// struct, no white space, nothing escaped that need not be.
func (f Fields) Record() ([]byte, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	return canonical(f)
}

// ParseRecord reads what [Fields.Record] made, and nothing else: a text that
// says the same in other bytes is refused.
func ParseRecord(record []byte) (Fields, error) {
	if len(record) > maxRecord {
		return Fields{}, tunnus.BadRequest("record", errors.New("acsp: record too long"))
	}
	var f Fields
	if err := json.Unmarshal(record, &f); err != nil {
		return Fields{}, tunnus.BadRequest("record", fmt.Errorf("acsp: record: %w", err))
	}
	again, err := f.Record()
	if err != nil {
		return Fields{}, err
	}
	if !bytes.Equal(again, record) {
		return Fields{}, tunnus.BadRequest("record", errors.New("acsp: record is not canonical"))
	}
	return f, nil
}

// ParseAnswer reads an answer as the app sends it.
func ParseAnswer(answer []byte) (Answer, error) {
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.DisallowUnknownFields()
	var a Answer
	if err := dec.Decode(&a); err != nil || dec.More() {
		return Answer{}, tunnus.BadRequest("answer", errors.Join(errors.New("acsp: answer"), err))
	}
	if !isUserChallenge(a.UserChallenge) {
		return Answer{}, tunnus.BadRequest("userChallenge", errors.New("acsp: user challenge: Base64URL of 32 bytes expected"))
	}
	return a, nil
}

// Marshal returns the answer as JSON.
func (a Answer) Marshal() ([]byte, error) { return canonical(a) }

// Payload returns the bytes that are signed: the eleven strings of RP API v3
// "ACSP_V2", joined with |. It fails with [tunnus.CodeBadRequest] if a field
// cannot be what it says, or if the interaction used was not offered.
//
// Each string is Base64, a word of a list, or may not hold a |, so that two
// different log-ins never make the same bytes.
func Payload(f Fields, a Answer) ([]byte, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	if !isUserChallenge(a.UserChallenge) {
		return nil, tunnus.BadRequest("userChallenge", errors.New("acsp: user challenge: Base64URL of 32 bytes expected"))
	}
	offered, err := ParseInteractions(f.Interactions)
	if err != nil {
		return nil, err
	}
	if !offers(offered, a.Interaction) {
		return nil, errNotOffered()
	}
	shown := sha256.Sum256([]byte(f.Interactions))
	return []byte(strings.Join([]string{
		f.Scheme,
		Protocol,
		f.ServerRandom,
		f.RPChallenge,
		a.UserChallenge,
		base64.StdEncoding.EncodeToString([]byte(f.RPName)),
		base64.StdEncoding.EncodeToString([]byte(f.BrokeredName)),
		base64.StdEncoding.EncodeToString(shown[:]),
		string(a.Interaction),
		f.Callback,
		string(f.Flow),
	}, "|")), nil
}

// Format makes payloads and screens of log-ins for key/keyshare (its Format). Scheme,
// if it is set, is the only scheme name whose records are accepted: an app
// sets it, so that a sandbox cannot borrow its key.
type Format struct{ Scheme string }

// Payload joins a record ([Fields.Record]) and an answer ([Answer.Marshal])
// into what is signed.
func (t Format) Payload(record, answer []byte) ([]byte, error) {
	f, a, err := t.parse(record, answer)
	if err != nil {
		return nil, err
	}
	return Payload(f, a)
}

// Shown tells what the screen of that answer says: the text of the interaction,
// the name of who asks, and the verification code. An app approves under that
// code also where it has to be picked out of three.
func (t Format) Shown(record, answer []byte) (text, service, code string, err error) {
	f, a, err := t.parse(record, answer)
	if err != nil {
		return "", "", "", err
	}
	offered, err := ParseInteractions(f.Interactions)
	if err != nil {
		return "", "", "", err
	}
	i := slices.IndexFunc(offered, func(i Interaction) bool { return i.Type == a.Interaction })
	if i < 0 {
		return "", "", "", errNotOffered()
	}
	code, err = VerificationCode(f.RPChallenge)
	return offered[i].Text, f.RPName, code, err
}

// Signs demands a log-in key and PSS.
func (Format) Signs(p splitkey.Purpose, how splitkey.Padding) bool {
	return p == splitkey.Login && how == splitkey.PSS
}

func (t Format) parse(record, answer []byte) (Fields, Answer, error) {
	f, err := ParseRecord(record)
	if err != nil {
		return Fields{}, Answer{}, err
	}
	if t.Scheme != "" && f.Scheme != t.Scheme {
		return Fields{}, Answer{}, tunnus.BadRequest("scheme", errors.New("acsp: record of another scheme"))
	}
	a, err := ParseAnswer(answer)
	return f, a, err
}

func errNotOffered() error {
	return tunnus.BadRequest("interactionTypeUsed", errors.New("acsp: that interaction was not offered"))
}

// checkName refuses a relying party's name that is empty, longer than 32
// bytes, or would draw something else on a screen than what it says.
func checkName(s string) error {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) {
		return errors.New("acsp: name: 1 to 32 bytes of UTF-8 expected")
	}
	return checkShown(s, false)
}

// isBase64 reports whether s is standard Base64 with its padding, in the one
// way that its bytes can be written.
func isBase64(s string) bool {
	_, err := decodeBase64(s)
	return err == nil
}

// decodeBase64 is strict: Go's decoder passes over line breaks.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("acsp: line break in Base64")
	}
	return base64.StdEncoding.Strict().DecodeString(s)
}

func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("acsp: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
