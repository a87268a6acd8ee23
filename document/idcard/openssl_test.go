package idcard_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/idcard"
	"github.com/tunnus-id/tunnus/document/virtual/card"
	"github.com/tunnus-id/tunnus/need"
)

// openssl runs it in a folder, and wants words in what it says.
func openssl(t *testing.T, dir, args, want string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), need.Tool(t, "openssl"), strings.Fields(args)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), want) {
		t.Errorf("openssl %s: %v, no %q in\n%s", args, err, want, out)
	}
}

func save(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func asPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// A second implementation takes the same tokens, certificates and answers.
func TestOpensslAgrees(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	need.Tool(t, "openssl")
	for _, algorithm := range []string{"ES384", "PS256", "RS256"} {
		o := mari(t)
		o.Algorithm = algorithm
		nonce := idcard.NewNonce()
		got, err := idcard.Parse(token(t, w.issue(t, o), nonce))
		if err != nil {
			t.Fatal(err)
		}
		save(t, dir, "ca.pem", asPEM(w.issuer.CA().Raw))
		save(t, dir, "card.pem", asPEM(got.Certificate))
		options, signature, value := "-sha256", got.Signature, signed256(nonce)
		switch algorithm {
		case "ES384":
			options, value = "-sha384", signed384(nonce)
			var rs struct{ R, S *big.Int }
			rs.R, rs.S = new(big.Int).SetBytes(signature[:48]), new(big.Int).SetBytes(signature[48:])
			if signature, err = asn1.Marshal(rs); err != nil {
				t.Fatal(err)
			}
		case "PS256":
			options = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sigopt rsa_mgf1_md:sha256"
		}
		save(t, dir, "signature", signature)
		save(t, dir, "value", value)
		openssl(t, dir, "x509 -in card.pem -noout -pubkey -out key.pem", "")
		openssl(t, dir, "dgst "+options+" -verify key.pem -signature signature value", "Verified OK")
		at := " -attime " + big.NewInt(now.Unix()).String()
		openssl(t, dir, "verify -x509_strict -partial_chain -purpose sslclient -policy_check -trusted ca.pem"+at+" card.pem", "card.pem: OK")
	}
}

func signed256(nonce string) []byte {
	a, b := sha256.Sum256([]byte(origin)), sha256.Sum256([]byte(nonce))
	return append(a[:], b[:]...)
}

func signed384(nonce string) []byte {
	a, b := sha512.Sum384([]byte(origin)), sha512.Sum384([]byte(nonce))
	return append(a[:], b[:]...)
}

// OpenSSL asks, the virtual responder answers, OpenSSL believes it.
func TestOpensslTakesTheVirtualResponder(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	c := w.issue(t, mari(t))
	login, _ := c.Certificates()
	save(t, dir, "ca.pem", asPEM(w.issuer.CA().Raw))
	save(t, dir, "card.pem", asPEM(login.Raw))
	responder := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		question, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		out.Header().Set("Content-Type", "application/ocsp-response")
		out.Write(w.issuer.Answer(question, time.Now()))
	}))
	defer responder.Close()
	for _, tt := range []struct {
		mood card.Mood
		want string
	}{{card.Honest, "card.pem: good"}, {card.SaysUnknown, "card.pem: unknown"}, {card.SaysRevoked, "card.pem: revoked"}} {
		w.issuer.SetMood(tt.mood)
		ask := "ocsp -issuer ca.pem -cert card.pem -CAfile ca.pem -partial_chain -url " + responder.URL + " -attime " + big.NewInt(now.Unix()).String()
		openssl(t, dir, ask, "Response verify OK")
		openssl(t, dir, ask, tt.want)
	}
}
