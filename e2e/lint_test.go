package e2e

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// lintAll lets the linter judge every certificate that a test's servers have
// issued, and those of their authorities. It is called when a test ends.
func lintAll(t testing.TB, dir string) (seen int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		var certs []*x509.Certificate
		switch in := filepath.Base(filepath.Dir(path)); {
		case err != nil:
			return err
		case filepath.Base(path) == "tunnus.db":
			certs, err = issued(path)
		case filepath.Ext(path) == ".pem" && in == "authority":
			certs, err = pemFile(path)
		}
		for _, c := range certs {
			seen++
			if fault := issue.Lint(c); fault != nil {
				t.Errorf("zlint: %s: %v", filepath.Base(path), fault)
			}
		}
		return err
	})
	if err != nil {
		t.Errorf("linting: %v", err)
	}
	return seen
}

var evidenceInXML = regexp.MustCompile(`<[a-z]+:(?:Encapsulated)?(X509Certificate|OCSPValue)[^>]*>([^<]+)<`)

// lintKept lets the linter judge every certificate that a demonstration leaves: its
// folder of work is gone by then, but both of the holder's are kept, in the
// container and beside it, and those of all who vouch for them.
func lintKept(t *testing.T, keep string) {
	t.Helper()
	seen := map[string]*x509.Certificate{}
	for _, name := range []string{"root.pem", "issuing.pem", "login.pem"} {
		certs, err := pemFile(filepath.Join(keep, name))
		if err != nil {
			t.Fatal(err)
		}
		seen[string(certs[0].Raw)] = certs[0]
	}
	xml, err := os.ReadFile(filepath.Join(unzip(t, filepath.Join(keep, "application.asice")), "META-INF", "signatures0.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range evidenceInXML.FindAllSubmatch(xml, -1) {
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(m[2])), ""))
		if err != nil {
			t.Fatal(err)
		}
		var c *x509.Certificate
		if string(m[1]) == "OCSPValue" {
			var r *ocsp.Response
			if r, err = ocsp.ParseResponse(der, nil); err == nil {
				c = r.Certificate
			}
		} else {
			c, err = x509.ParseCertificate(der)
		}
		if err != nil || c == nil {
			t.Fatalf("%s: %v", m[1], err)
		}
		seen[string(c.Raw)] = c
	}
	kinds := map[string]bool{}
	for _, c := range seen {
		if fault := issue.Lint(c); fault != nil {
			t.Errorf("zlint: %s: %v", c.Subject, fault)
		}
		kinds[fmt.Sprint(c.IsCA, c.KeyUsage, c.ExtKeyUsage)] = true
	}
	// two CAs of one kind; log-in, signature, time-stamps, responder
	if len(seen) < 6 || len(kinds) < 5 {
		t.Errorf("zlint saw %d certificates of %d kinds; the demonstration has 6 of 5", len(seen), len(kinds))
	}
}

func pemFile(path string) ([]*x509.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return pki.DecodeCertificates(text)
}

// issued reads the certificates of a database.
func issued(path string) (out []*x509.Certificate, err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Query("SELECT certificate FROM certificate WHERE length(certificate) > 0")
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var der []byte
		if err := rows.Scan(&der); err != nil {
			return nil, err
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// In a sandbox certificates can be made as unmodified clients of Smart-ID want
// them: a client that knows no other identifiers logs a holder in.
func TestCompatibleCertificates(t *testing.T) {
	s := start(t, func(c map[string]any) {
		c["authority"] = map[string]any{"folder": "world/authority", "compatible": true}
	})
	h := s.newHolder("cleo")
	phone := s.phone(h, "cleo.phone")
	if _, err := phone.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	party := s.party(func(c *client.Config) {
		c.Usage = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62306, 5, 7, 0}
		c.Policies = map[tunnus.Level][]string{
			tunnus.Advanced:  {"1.3.6.1.4.1.10015.17.1", "0.4.0.2042.1.1"},
			tunnus.Qualified: {"1.3.6.1.4.1.10015.17.2", "0.4.0.2042.1.2"},
		}
	})
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	done := answer(ctx, phone)
	got, err := party.Authenticate(ctx, client.Ask{
		Subject: client.Subject{Person: h.person.Code}, Interactions: []acsp.Interaction{{Type: acsp.DisplayTextAndPIN, Text: "Log in to the test"}},
	}, func(string) {})
	if err := errors.Join(err, <-done); err != nil || got.Level != tunnus.Qualified {
		t.Errorf("logged in at level %q, %v", got.Level, err)
	}
	certs, err := issued(filepath.Join(s.dir, "server", "tunnus.db"))
	if err != nil || len(certs) != 2 {
		t.Fatalf("%d certificates, %v", len(certs), err)
	}
	for _, c := range certs {
		if slices.ContainsFunc(c.Policies, func(o x509.OID) bool {
			return o.String() == pki.PolicyLoginQualified || o.String() == pki.PolicySignatureQualified
		}) {
			t.Errorf("a policy of ours stands beside the others: %v", c.Policies)
		}
	}
}
