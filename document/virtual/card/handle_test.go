package card_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/virtual/card"
)

// handle sends a message, and returns the action of the answer, its error's
// code, and its fields.
func handle(t *testing.T, c *card.Card, text, origin string, u card.User) (action, code string, fields map[string]any) {
	t.Helper()
	out := c.Handle([]byte(text), origin, u)
	if out == nil {
		return "", "", nil
	}
	if err := json.Unmarshal(out, &fields); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	action, _ = fields["action"].(string)
	if e, ok := fields["error"].(map[string]any); ok {
		code, _ = e["code"].(string)
	}
	return action, code, fields
}

// The answers have the fields of Web eID, and no others.
func TestMessages(t *testing.T) {
	_, c := newCard(t, nil)
	_, signature := c.Certificates()
	b, err := json.Marshal(map[string]any{
		"action": "web-eid:sign", "libraryVersion": "2.1.0", "certificate": signature.Raw, "hash": make([]byte, 48), "hashFunction": "SHA-384",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ text, fields string }{
		{`{"action":"web-eid:status","libraryVersion":"2.1.0"}`, "library extension nativeApp"},
		{`{"action":"web-eid:authenticate","libraryVersion":"2.1.0","challengeNonce":"` + nonce + `","options":{"lang":"et"}}`, "unverifiedCertificate algorithm signature format appVersion"},
		{`{"action":"web-eid:get-signing-certificate","libraryVersion":"2.1.0"}`, "certificate supportedSignatureAlgorithms"},
		{string(b), "signature signatureAlgorithm"},
	} {
		action, code, fields := handle(t, c, tt.text, origin, c.Owner())
		if code != "" || !strings.HasSuffix(action, "-success") || len(fields) != 1+len(strings.Fields(tt.fields)) {
			t.Errorf("%.40s: %s %s %v", tt.text, action, code, fields)
		}
		for _, f := range strings.Fields(tt.fields) {
			if fields[f] == nil {
				t.Errorf("%s: no %s", action, f)
			}
		}
	}
}

func TestMessagesThatFail(t *testing.T) {
	_, c := newCard(t, nil)
	ask := func(rest string) string {
		return `{"action":"web-eid:authenticate","libraryVersion":"2.1.0"` + rest + `}`
	}
	right := ask(`,"challengeNonce":"` + nonce + `"`)
	for _, tt := range []struct {
		name, text, origin string
		user               card.User
		want               string
	}{
		{"cancelled", right, origin, card.User{}, "ERR_WEBEID_USER_CANCELLED"},
		{"wrong PIN, then gone", right, origin, card.User{PIN1: []string{"0000"}}, "ERR_WEBEID_USER_CANCELLED"},
		{"wrong PIN, then right", right, origin, card.User{PIN1: []string{"0000", "1234"}}, ""},
		{"without TLS", right, "http://portal.utopia.example", c.Owner(), "ERR_WEBEID_CONTEXT_INSECURE"},
		{"no nonce", ask(``), origin, c.Owner(), "ERR_WEBEID_MISSING_PARAMETER"},
		{"short nonce", ask(`,"challengeNonce":"AAAA"`), origin, card.User{}, "ERR_WEBEID_NATIVE_INVALID_ARGUMENT"},
		{"nonce a number", ask(`,"challengeNonce":7`), origin, c.Owner(), "ERR_WEBEID_NATIVE_INVALID_ARGUMENT"},
		{"no version", `{"action":"web-eid:status"}`, origin, c.Owner(), "ERR_WEBEID_VERSION_INVALID"},
		{"too long", ask(`,"x":"` + strings.Repeat("x", 8192) + `"`), origin, c.Owner(), "ERR_WEBEID_NATIVE_FATAL"},
		{"choice cancelled", `{"action":"web-eid:get-signing-certificate","libraryVersion":"2.1.0"}`, origin, card.User{Cancels: true}, "ERR_WEBEID_USER_CANCELLED"},
		{"nothing to sign", `{"action":"web-eid:sign","libraryVersion":"2.1.0"}`, origin, c.Owner(), "ERR_WEBEID_MISSING_PARAMETER"},
		{"another certificate", `{"action":"web-eid:sign","libraryVersion":"2.1.0","certificate":"AAAA","hash":"AAAA","hashFunction":"SHA-384"}`, origin, c.Owner(), "ERR_WEBEID_NATIVE_INVALID_ARGUMENT"},
	} {
		action, code, _ := handle(t, c, tt.text, tt.origin, tt.user)
		if code != tt.want || strings.HasSuffix(action, "-failure") != (tt.want != "") {
			t.Errorf("%s: %s %q; want %q", tt.name, action, code, tt.want)
		}
	}
	for _, none := range []string{``, `7`, `{}`, `{"action":"web-eid:authenticate-ack"}`, `{"action":"other"}`, `{"action":"web-eid:warning"}`} {
		if out := c.Handle([]byte(none), origin, c.Owner()); out != nil {
			t.Errorf("%s: answered with %s", none, out)
		}
	}
}
