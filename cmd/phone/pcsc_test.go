//go:build pcsc

package phone

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/vpcd/vpcdtest"
	"github.com/tunnus-id/tunnus/enrol/way"
)

// ada is an invented person's passport.
func ada(t *testing.T) *virtual.Passport {
	t.Helper()
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		t.Fatal(err)
	}
	country, err := virtual.NewCountry(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	p, err := country.Issue(virtual.Holder{
		Surname: "LOVE", GivenNames: "ADA MARIA", Number: "X1234567", Portrait: portrait.Bytes(), Chip: virtual.ChipShort,
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2032, 1, 31, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lines has what is typed come on the standard input.
func lines(t *testing.T, typed ...string) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = in
	t.Cleanup(func() { os.Stdin = before; in.Close(); out.Close() })
	if _, err := out.WriteString(strings.Join(typed, "\n") + "\n"); err != nil {
		t.Fatal(err)
	}
}

// The command as a whole: it registers with a document that lies on the reader, and what
// it sends is that document, which has answered the server's challenge. The server here
// stands for one that ends the registration then.
func TestRegisterWithAReader(t *testing.T) {
	p := ada(t)
	challenge, sent := []byte("8 bytes!"), make(chan wire.Chip, 1)
	mux := http.NewServeMux()
	says := func(path string, answer func(r *http.Request) any) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer(r))
		})
	}
	says(wire.PathSessions, func(*http.Request) any { return wire.Started{Nonce: strings.Repeat("A", 43), Scheme: "tunnus-test"} })
	says(wire.PathAccounts, func(*http.Request) any { return wire.Accounts{} })
	says(wire.PathRegistration, func(*http.Request) any { return wire.Status{Next: wire.StepChip, Challenge: challenge} })
	says(wire.PathRegistration+"/"+wire.StepChip, func(r *http.Request) any {
		var c wire.Chip
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			t.Error(err)
		}
		sent <- c
		return wire.Status{Ended: string(tunnus.CodeDocExpired), Reference: "7K3Q-ZM2X-WA0B"}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	passphrase := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(passphrase, []byte("correct horse battery staple\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	vpcdtest.Insert(t, vpcdtest.Start(t), p)
	lines(t, strings.Split(p.Zone().String(), "\n")...)
	c := Register{
		Flags: Flags{Server: server.URL, State: filepath.Join(t.TempDir(), "phone.json"), PassphraseFile: passphrase, Reader: true, ReaderName: vpcdtest.Name},
		Way:   way.Passport,
	}
	if err := c.Run(t.Context()); tunnus.CodeOf(err) != tunnus.CodeDocExpired {
		t.Fatalf("%v", err)
	}
	got := <-sent
	if !bytes.Equal(got.SOD, p.SOD()) || !bytes.Equal(got.Groups["1"], p.Group(1)) || len(got.ActiveAuth) == 0 || got.Access != string(chip.BAC) || got.Printed != "" {
		t.Errorf("sent %d bytes of EF.SOD, %d files, an answer of %d, %s, %q", len(got.SOD), len(got.Groups), len(got.ActiveAuth), got.Access, got.Printed)
	}
}

// The app reads a document on a reader: what is typed opens the chip.
func TestAppReadsADocumentOnAReader(t *testing.T) {
	p := ada(t)
	vpcdtest.Insert(t, vpcdtest.Start(t), p)
	printed := strings.Split(p.Zone().String(), "\n")
	body, err := (&Flags{Reader: true, ReaderName: vpcdtest.Name}).body(typing{"code-line-1": printed[0], "code-line-2": printed[1]})
	if err != nil {
		t.Fatal(err)
	}
	line, err := body.CodeLine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	zone, err := mrz.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time the document is still there
		card, err := body.Chip(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := chip.Read(t.Context(), card, zone.AccessKey(), []byte("8 bytes!"), nil)
		if err != nil || !bytes.Equal(got.SOD, p.SOD()) || !bytes.Equal(got.Groups[1], p.Group(1)) {
			t.Fatalf("%v", err)
		}
	}
}
