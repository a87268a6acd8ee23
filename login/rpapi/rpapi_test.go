package rpapi_test

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/problem"
)

const (
	byPerson = "/v3/authentication/notification/etsi/"
	byNumber = "/v3/authentication/notification/document/"
)

// body is a right request, with what change turns.
func body(t *testing.T, change func(q, parameters map[string]any)) string {
	t.Helper()
	screens, err := acsp.EncodeInteractions(acsp.Interaction{Type: acsp.DisplayTextAndPIN, Text: "Log in"})
	if err != nil {
		t.Fatal(err)
	}
	p := map[string]any{
		"rpChallenge": acsp.NewChallenge(), "signatureAlgorithm": "rsassa-pss",
		"signatureAlgorithmParameters": map[string]any{"hashAlgorithm": "SHA3-512"},
	}
	q := map[string]any{
		"relyingPartyUUID": bank, "relyingPartyName": "Bank", "certificateLevel": "QUALIFIED",
		"signatureProtocol": "ACSP_V2", "signatureProtocolParameters": p, "interactions": screens, "vcType": "numeric4",
	}
	if change != nil {
		change(q, p)
	}
	b, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// start opens a session and returns its id.
func (w *world) start(t *testing.T, path, body string) string {
	t.Helper()
	rec := w.do(t, "POST", path, body, "")
	var a map[string]string
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil || rec.Code != 200 || len(a) != 1 || len(a["sessionID"]) != 36 {
		t.Fatalf("POST %s: %d %s", path, rec.Code, rec.Body)
	}
	return a["sessionID"]
}

func told(t *testing.T, rec *httptest.ResponseRecorder) problem.Document {
	t.Helper()
	var d problem.Document
	if err := json.Unmarshal(rec.Body.Bytes(), &d); err != nil {
		t.Fatalf("%v in %q", err, rec.Body)
	}
	return d
}

func TestStarts(t *testing.T) {
	paths := []string{
		byPerson + adaID, byNumber + number,
		"//v3//authentication/notification/etsi/" + adaID, // widespread clients write both slashes
	}
	for _, path := range paths {
		newWorld(t).start(t, path, body(t, nil))
	}
	newWorld(t).start(t, byPerson+adaID, body(t, func(q, p map[string]any) {
		maps.Copy(q, map[string]any{"nationalIdentityNumber": "1", "AuthType": []int{1}, "capabilities": []string{"x"}, "nonce": "n"})
		delete(q, "certificateLevel")
		q["relyingPartyName"], q["relyingPartyUUID"], p["new"] = "bANK", strings.ToUpper(bank), map[string]any{"a": 1}
	}))
}

func TestRequestsThatAreRefused(t *testing.T) {
	set := func(name string, v any) string { return body(t, func(q, _ map[string]any) { q[name] = v }) }
	par := func(name string, v any) string { return body(t, func(_, p map[string]any) { p[name] = v }) }
	tests := []struct {
		name, path, body string
		status           int
		code, pointer    string
	}{
		{"not JSON", byPerson + adaID, "relyingPartyUUID=x", 400, "not-json", ""},
		{"too large", byPerson + adaID, `{"x":"` + strings.Repeat("x", 70<<10) + `"}`, 413, "too-large", ""},
		{"unknown UUID", byPerson + adaID, set("relyingPartyUUID", library[:35]+"3"), 401, "unknown-relying-party", ""},
		{"no UUID", byPerson + adaID, "{}", 401, "unknown-relying-party", ""},
		{"another's name", byPerson + adaID, set("relyingPartyName", "Library"), 401, "unknown-relying-party", ""},
		{"another's address", byPerson + adaID, body(t, func(q, _ map[string]any) {
			q["relyingPartyUUID"], q["relyingPartyName"] = library, "Library"
		}), 401, "unknown-relying-party", ""},
		{"stranger asks nonsense", byPerson + "x", set("relyingPartyUUID", "x"), 401, "unknown-relying-party", ""},
		{"identifier", byPerson + "199002140017", body(t, nil), 400, "bad-request", "/semanticsId"},
		{"document number", byNumber + "x", body(t, nil), 400, "bad-request", "/documentNumber"},
		{"protocol", byPerson + adaID, set("signatureProtocol", "RAW_DIGEST_SIGNATURE"), 400, "bad-request", "/signatureProtocol"},
		{"vcType", byPerson + adaID, set("vcType", ""), 400, "bad-request", "/vcType"},
		{"algorithm", byPerson + adaID, par("signatureAlgorithm", "sha256WithRSAEncryption"), 400, "bad-request", "/signatureProtocolParameters/signatureAlgorithm"},
		{"hash", byPerson + adaID, par("signatureAlgorithmParameters", map[string]any{"hashAlgorithm": "SHA-1"}), 400, "bad-request", "/signatureProtocolParameters/signatureAlgorithmParameters/hashAlgorithm"},
		{"challenge", byPerson + adaID, par("rpChallenge", "AAAA"), 400, "bad-request", "/signatureProtocolParameters/rpChallenge"},
		{"interactions", byPerson + adaID, set("interactions", "W10="), 400, "bad-request", "/interactions"},
		{"interactions of another type", byPerson + adaID, set("interactions", []string{"x"}), 400, "bad-request", "/interactions"},
		{"level QSCD", byPerson + adaID, set("certificateLevel", "QSCD"), 400, "bad-request", "/certificateLevel"},
		{"level without the right", byPerson + adaID, set("certificateLevel", "ADVANCED"), 403, "forbidden", "/certificateLevel"},
		{"address without the right", byPerson + adaID, set("requestProperties", map[string]any{"shareMdClientIpAddress": true}), 403, "forbidden", "/requestProperties/shareMdClientIpAddress"},
		{"unknown person", byPerson + "PNOXX-198511230020", body(t, nil), 404, "acc-none", ""},
		{"passport", byPerson + "PASXX-1234567", body(t, nil), 404, "acc-none", ""},
		{"unknown document", byNumber + adaID + "-0000-Q", body(t, nil), 404, "acc-none", ""},
		{"unknown path", "/v3/authentication/notification/linked/" + adaID, body(t, nil), 404, "not-found", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			rec := w.do(t, "POST", tt.path, tt.body, "")
			d := told(t, rec)
			if rec.Code != tt.status || string(d.Code) != tt.code || d.Type != "about:blank" || d.Errors[0].Pointer != tt.pointer {
				t.Errorf("%d %s, want %d %s %s", rec.Code, rec.Body, tt.status, tt.code, tt.pointer)
			}
			if strings.Contains(rec.Body.String(), "1990") || len(w.rows.all) != 0 {
				t.Errorf("names the person, or opened a session: %s", rec.Body)
			}
		})
	}
}

func TestSessionThatRuns(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, byPerson+adaID, body(t, func(q, _ map[string]any) {
		q["requestProperties"] = map[string]any{"shareMdClientIpAddress": false, "z": 1, "a": nil}
	}))
	for _, path := range []string{"/v3/session/" + id + "?timeoutMs=0", "//v3//session//" + id + "?timeoutMs=-7"} {
		rec := w.do(t, "GET", path, "", "")
		if want := `{"state":"RUNNING","ignoredProperties":["a","z"]}`; rec.Code != 200 || rec.Body.String() != want {
			t.Errorf("%d %s, want %s", rec.Code, rec.Body, want)
		}
	}
}

func TestSessionsThatAreNot(t *testing.T) {
	w := newWorld(t)
	id := w.start(t, byPerson+adaID, body(t, nil))
	absent := told(t, w.do(t, "GET", "/v3/session/"+library+"?timeoutMs=0", "", ""))
	for name, rec := range map[string]*httptest.ResponseRecorder{
		"another party's": w.do(t, "GET", "/v3/session/"+id+"?timeoutMs=0", "", "198.51.100.9:4711"),
		"from nowhere":    w.do(t, "GET", "/v3/session/"+id+"?timeoutMs=0", "", "203.0.113.9:4711"),
		"no identifier":   w.do(t, "GET", "/v3/session/x?timeoutMs=0", "", ""),
	} {
		d := told(t, rec)
		if d.Instance = absent.Instance; rec.Code != 404 || d.Detail != absent.Detail || d.Code != absent.Code {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if rec := w.do(t, "GET", "/v3/session/"+id+"?timeoutMs=soon", "", ""); rec.Code != 400 {
		t.Errorf("timeoutMs=soon: %d %s", rec.Code, rec.Body)
	}
}

// The shape of each end, to the letter.
func TestRefusedSessions(t *testing.T) {
	tests := []struct {
		how    login.Happening
		screen acsp.Type
		want   string
	}{
		{login.WasRefused, "", `{"state":"COMPLETE","result":{"endResult":"USER_REFUSED"}}`},
		{login.WasNotMe, "", `{"state":"COMPLETE","result":{"endResult":"USER_REFUSED"}}`},
		{login.CodeMispicked, "", `{"state":"COMPLETE","result":{"endResult":"WRONG_VC"}}`},
		{login.AppLacksScreen, "", `{"state":"COMPLETE","result":{"endResult":"REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP"}}`},
		{login.WasCancelled, acsp.DisplayTextAndPIN, `{"state":"COMPLETE","result":{"endResult":"USER_REFUSED_INTERACTION","details":{"interaction":"displayTextAndPIN"}}}`},
	}
	for _, tt := range tests {
		w := newWorld(t)
		id := w.start(t, byNumber+number, body(t, nil))
		if err := w.flow.Refuse(t.Context(), "a", id, tt.how, tt.screen); err != nil {
			t.Fatal(err)
		}
		if rec := w.do(t, "GET", "/v3/session/"+id, "", ""); rec.Code != 200 || rec.Body.String() != tt.want {
			t.Errorf("%d %s, want %s", rec.Code, rec.Body, tt.want)
		}
	}
}
