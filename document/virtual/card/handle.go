package card

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// A User is the person in front of the card. The zero value cancels whatever
// the app asks.
type User struct {
	// PIN1 and PIN2 are what is typed when a PIN is asked for, one after the
	// other, while they are wrong; then the person cancels.
	PIN1, PIN2 []string
	// Cancels is about the choice of the signing certificate, where no PIN is asked.
	Cancels bool
}

// Owner is a user who knows the card's PINs.
func (c *Card) Owner() User {
	pin1, pin2 := c.PINs()
	return User{PIN1: []string{pin1}, PIN2: []string{pin2}}
}

// maxMessage bounds a message, as native messaging of Web eID does, in bytes.
const maxMessage = 8192

// The errors of Web eID that extension and app report.
const (
	userCancelled    = "ERR_WEBEID_USER_CANCELLED"
	invalidArgument  = "ERR_WEBEID_NATIVE_INVALID_ARGUMENT"
	missingParameter = "ERR_WEBEID_MISSING_PARAMETER"
	versionInvalid   = "ERR_WEBEID_VERSION_INVALID"
	contextInsecure  = "ERR_WEBEID_CONTEXT_INSECURE"
	nativeFatal      = "ERR_WEBEID_NATIVE_FATAL"
)

// The requests of a page.
const (
	askStatus       = "web-eid:status"
	askAuthenticate = "web-eid:authenticate"
	askCertificate  = "web-eid:get-signing-certificate"
	askSign         = "web-eid:sign"
)

// Versions that are told, and the major one that a page must speak.
const (
	extensionVersion = "2.4.0"
	nativeAppVersion = "2.7.0"
	libraryMajor     = "2."
)

// message is a request of a page, as far as it is known.
type message struct {
	Action         string `json:"action"`
	LibraryVersion string `json:"libraryVersion"`
	ChallengeNonce string `json:"challengeNonce"`
	Certificate    []byte `json:"certificate"`
	Hash           []byte `json:"hash"`
	HashFunction   string `json:"hashFunction"`
}

// failure is the answer to a request that came to nothing.
type failure struct {
	Action string `json:"action"`
	Error  struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// Handle answers a page's message as extension, app and user would together:
// with "-success" and the fields of the action, or "-failure" and an error. The
// origin is the page's, as the browser knows it, whatever the message says. What
// is no request of Web eID gets nil.
func (c *Card) Handle(text []byte, origin string, u User) []byte {
	var m message
	err := json.Unmarshal(text, &m)
	switch m.Action {
	case askStatus, askAuthenticate, askCertificate, askSign:
	default:
		return nil
	}
	switch {
	case err != nil:
		return refusal(m, invalidArgument, "a field is of another type")
	case len(text) > maxMessage:
		return refusal(m, nativeFatal, "the message is too long for the app")
	case !strings.HasPrefix(origin, "https://"):
		return refusal(m, contextInsecure, "the page was not loaded by https")
	case !strings.HasPrefix(m.LibraryVersion, libraryMajor):
		return refusal(m, versionInvalid, "libraryVersion is missing, or of another major version")
	}
	var out any
	var code string
	switch m.Action {
	case askStatus:
		out = map[string]string{"library": m.LibraryVersion, "extension": extensionVersion, "nativeApp": nativeAppVersion}
	case askAuthenticate:
		out, code = c.authenticate(m, origin, u)
	case askCertificate:
		if out = c.SigningCertificate(); u.Cancels {
			code = userCancelled
		}
	case askSign:
		out, code = c.signHash(m, u)
	}
	if code != "" {
		return refusal(m, code, "the request came to nothing")
	}
	return success(m, out)
}

// refusal answers with an error.
func refusal(m message, code, why string) []byte {
	f := failure{Action: m.Action + "-failure"}
	f.Error.Code, f.Error.Message = code, why
	b, _ := json.Marshal(f) // strings only
	return b
}

// success puts the action before the fields.
func success(m message, fields any) []byte {
	head, _ := json.Marshal(map[string]string{"action": m.Action + "-success"})
	body, _ := json.Marshal(fields) // structs of bytes and strings
	return append(append(head[:len(head)-1], ','), body[1:]...)
}

func (c *Card) authenticate(m message, origin string, u User) (Token, string) {
	switch {
	case m.ChallengeNonce == "":
		return Token{}, missingParameter
	case checkNonce(m.ChallengeNonce) != nil:
		return Token{}, invalidArgument
	}
	return typed(u.PIN1, func(pin string) (Token, error) { return c.Authenticate(origin, m.ChallengeNonce, pin) })
}

func (c *Card) signHash(m message, u User) (Signature, string) {
	switch {
	case len(m.Certificate) == 0 || len(m.Hash) == 0 || m.HashFunction == "":
		return Signature{}, missingParameter
	case !bytes.Equal(m.Certificate, c.signature.certificate.Raw):
		return Signature{}, invalidArgument
	}
	if _, err := c.offered(m.HashFunction, m.Hash); err != nil {
		return Signature{}, invalidArgument
	}
	return typed(u.PIN2, func(pin string) (Signature, error) { return c.Sign(m.Hash, m.HashFunction, pin) })
}

// typed lets the user type PINs until one is right, the card is blocked, or none
// is left; the app's window then has only its button for going away.
func typed[T any](pins []string, use func(pin string) (T, error)) (T, string) {
	var none T
	for _, pin := range pins {
		out, err := use(pin)
		switch {
		case err == nil:
			return out, ""
		case errors.Is(err, ErrBlocked):
			return none, userCancelled
		case !errors.Is(err, ErrPIN):
			return none, nativeFatal
		}
	}
	return none, userCancelled
}
