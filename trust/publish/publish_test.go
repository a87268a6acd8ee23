package publish_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/trust/ocsp"
	"github.com/tunnus-id/tunnus/trust/publish"
	"github.com/tunnus-id/tunnus/trust/stamp"
)

func (r *rig) post(t testing.TB, path, media string, body []byte) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", media)
	return r.do(t, req)
}

func (r *rig) get(t testing.TB, path string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.do(t, req)
}

func (r *rig) wantStatus(t testing.TB, der []byte, want ocsp.Status, nonce []byte) {
	t.Helper()
	got, err := ocsp.Verify(der, r.leaf, r.Issuing, []*x509.Certificate{r.Root}, time.Now())
	if err != nil || got.Status != want || !bytes.Equal(got.Nonce, nonce) {
		t.Errorf("%+v, %v; want %s with nonce %x", got, err, want, nonce)
	}
}

func TestOCSPOverPOSTAndGET(t *testing.T) {
	r := newRig(t)
	for _, nonce := range [][]byte{nil, bytes.Repeat([]byte{0xff}, 32)} {
		q := r.question(t, crypto.SHA1, nonce)
		resp, body := r.post(t, "/ocsp", "application/ocsp-request", q)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/ocsp-response" || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("POST: %d %v", resp.StatusCode, resp.Header)
		}
		r.wantStatus(t, body, ocsp.Good, nonce)
		resp, body = r.get(t, "/ocsp/"+url.PathEscape(base64.StdEncoding.EncodeToString(q)))
		keep := resp.Header.Get("Cache-Control")
		if resp.StatusCode != http.StatusOK || strings.Contains(keep, "max-age=10") != (nonce == nil) || strings.Contains(keep, "no-store") != (nonce != nil) {
			t.Errorf("GET: %d %q", resp.StatusCode, keep)
		}
		r.wantStatus(t, body, ocsp.Good, nonce)
	}
	r.set(revoke)
	_, body := r.post(t, "/ocsp", "application/ocsp-request; charset=x", r.question(t, crypto.SHA256, nil))
	r.wantStatus(t, body, ocsp.Revoked, nil)
}

func TestOCSPRefusalsAreInItsLanguage(t *testing.T) {
	r := newRig(t)
	foreign, err := ocsp.NewRequest(r.Issuing, r.Root, crypto.SHA1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		body []byte
		want ocsp.Failure
	}{
		"empty": {nil, ocsp.Malformed}, "rubbish": {[]byte("rubbish"), ocsp.Malformed},
		"a byte too many": {make([]byte, ocsp.MaxRequest+1), ocsp.Malformed}, "another issuer": {foreign, ocsp.Unauthorized},
	} {
		resp, body := r.post(t, "/ocsp", "application/ocsp-request", tt.body)
		if resp.StatusCode != http.StatusOK || !bytes.Equal(body, tt.want.Encode()) {
			t.Errorf("%s: %d %x", name, resp.StatusCode, body)
		}
	}
	if resp, body := r.get(t, "/ocsp/@@@"); resp.StatusCode != http.StatusOK || !bytes.Equal(body, ocsp.Malformed.Encode()) || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("GET of rubbish: %d %x", resp.StatusCode, body)
	}
	r.gone = true
	if resp, body := r.post(t, "/ocsp", "application/ocsp-request", r.question(t, crypto.SHA1, nil)); resp.StatusCode != http.StatusOK || !bytes.Equal(body, ocsp.TryLater.Encode()) {
		t.Errorf("without a database: %d %x", resp.StatusCode, body)
	}
}

func TestOtherMethodsAndTypesAreRefused(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct {
		method, path, media string
		want                int
	}{
		{http.MethodPost, "/ocsp", "text/plain", http.StatusBadRequest},
		{http.MethodPost, "/tsa", "", http.StatusBadRequest},
		{http.MethodPut, "/ocsp", "application/ocsp-request", http.StatusMethodNotAllowed},
		{http.MethodGet, "/tsa", "", http.StatusMethodNotAllowed},
		{http.MethodGet, "/crl/", "", http.StatusNotFound},
		{http.MethodGet, "/crl/00.crl", "", http.StatusNotFound},
		{http.MethodGet, "/ca/00.cer", "", http.StatusNotFound},
		{http.MethodGet, "/ca/" + hex.EncodeToString(r.Root.SubjectKeyId) + ".crl", "", http.StatusNotFound},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, r.url+tt.path, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		if tt.media != "" {
			req.Header.Set("Content-Type", tt.media)
		}
		if resp, _ := r.do(t, req); resp.StatusCode != tt.want {
			t.Errorf("%s %s %s: %d, want %d", tt.method, tt.path, tt.media, resp.StatusCode, tt.want)
		}
	}
}

func TestAddressesOfCertificatesAreServed(t *testing.T) {
	r := newRig(t)
	at := publish.URLs(r.url+"/", r.Issuing)
	path := func(address string) string { return strings.TrimPrefix(address, r.url) }
	resp, body := r.get(t, path(at.Issuer))
	if resp.Header.Get("Content-Type") != "application/pkix-cert" || !bytes.Equal(body, r.Issuing.Raw) {
		t.Errorf("%s: %d", at.Issuer, resp.StatusCode)
	}
	if resp, _ := r.get(t, path(at.CRL)); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a list before there is one: %d", resp.StatusCode)
	}
	if at.OCSP != r.url+"/ocsp" {
		t.Errorf("OCSP at %s", at.OCSP)
	}
	fresh := newRig(t)
	if _, err := fresh.lister.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	resp, body = fresh.get(t, path(at.CRL))
	l, err := x509.ParseRevocationList(body)
	if err != nil || l.Number.Int64() != 1 || resp.Header.Get("Content-Type") != "application/pkix-crl" || resp.Header.Get("Last-Modified") == "" {
		t.Errorf("%v, %v, %v", l, err, resp.Header)
	}
}

func TestTimeStampsOverHTTP(t *testing.T) {
	r := newRig(t)
	digest := sha256.Sum256([]byte("hello"))
	q, err := stamp.Request{Hash: crypto.SHA256, Digest: digest[:], Certificates: true}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	resp, body := r.post(t, "/tsa", "application/timestamp-query", q)
	token, err := stamp.FromResponse(body)
	if err != nil || resp.Header.Get("Content-Type") != "application/timestamp-reply" {
		t.Fatalf("%d, %v", resp.StatusCode, err)
	}
	if got, err := stamp.Verify(token, digest[:], []*x509.Certificate{r.Root}, time.Now()); err != nil || time.Since(got.Time) > time.Minute {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range [][]byte{nil, make([]byte, stamp.MaxRequest+1)} {
		if _, body := r.post(t, "/tsa", "application/timestamp-query", bad); !bytes.Contains(body, []byte{3, 2, 2, 4}) { // BIT STRING, bit 5: badDataFormat
			t.Errorf("%d bytes: %x", len(bad), body)
		}
	}
}

// An outage leaves a line in the log, not one for each question.
func TestOutageIsLoggedOnce(t *testing.T) {
	r := newRig(t)
	r.gone = true
	var log bytes.Buffer
	now := time.Now()
	pages, err := publish.New(publish.Config{
		Responder: r.responder, Lists: r, Authorities: []*x509.Certificate{r.Issuing},
		Clock: tunnus.ClockFunc(func() time.Time { return now }), Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	path := "/ocsp/" + url.PathEscape(base64.StdEncoding.EncodeToString(r.question(t, crypto.SHA1, nil)))
	for i := range 40 {
		now = now.Add(50 * time.Millisecond)
		if got := fetch(t, pages, path); !bytes.Equal(got, ocsp.TryLater.Encode()) {
			t.Fatalf("question %d: %x", i, got)
		}
	}
	if n := strings.Count(log.String(), "no fresh answer"); n != 2 {
		t.Errorf("%d lines for 40 questions in two seconds", n)
	}
}

// Two slashes side by side are base64: no part of the server tidies them away.
func TestQuestionWithSlashesIsAnswered(t *testing.T) {
	r := newRig(t)
	nonce := bytes.Repeat([]byte{0xff}, 32)
	text := base64.StdEncoding.EncodeToString(r.question(t, crypto.SHA256, nonce))
	if !strings.Contains(text, "//") {
		t.Fatal("this question shows nothing")
	}
	w := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ocsp/x", nil)
	req.URL.Path, req.URL.RawPath = "/ocsp/"+text, ""
	r.pages.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d, location %q", w.Code, w.Header().Get("Location"))
	}
	r.wantStatus(t, w.Body.Bytes(), ocsp.Good, nonce)
}

// The root's list is made at a ceremony: it is served as it is, if the root has signed it.
func TestRootListIsServed(t *testing.T) {
	r := newRig(t)
	list := func(by *x509.Certificate, key crypto.Signer) []byte {
		der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
			Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().AddDate(1, 0, 0),
		}, by, key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	config := publish.Config{
		Responder: r.responder, Lists: r, Authorities: []*x509.Certificate{r.Issuing, r.Root}, Root: r.Root, Clock: tunnus.SystemClock{}, Log: quiet(),
	}
	good := list(r.Root, r.RootKey)
	config.RootList = good
	pages, err := publish.New(config)
	if err != nil {
		t.Fatal(err)
	}
	at := publish.URLs("", r.Root)
	if got := fetch(t, pages, at.CRL); !bytes.Equal(got, good) {
		t.Error("another list is served")
	}
	for name, bad := range map[string][]byte{"no list": []byte("x"), "of the issuing CA": list(r.Issuing, r.IssuingKey), "by another key": list(r.Root, r.IssuingKey)} {
		config.RootList = bad
		if _, err := publish.New(config); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
