package phone

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/pcsc"
)

// typing is a screen on which somebody has typed answers, by their keys.
type typing map[string]string

func (typing) Tell(string) {}

func (typing) Progress(string, int, int) {}

func (t typing) Ask(_ context.Context, key, _ string) (string, error) {
	if _, ok := t[key]; !ok {
		return "", errors.New(key)
	}
	return t[key], nil
}

func (typing) AskSecret(context.Context, string, string) (tunnus.Secret, error) {
	return tunnus.Secret{}, errors.New("no secret")
}

func (typing) Choose(context.Context, string, string, []string) (string, error) { return "", nil }

func TestCodeLineIsTyped(t *testing.T) {
	td1 := []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	td3 := []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	for name, tt := range map[string]struct {
		typed typing
		want  string // "" if it fails
	}{
		"a passport":    {typing{"code-line-1": td3[0], "code-line-2": td3[1]}, strings.Join(td3, "\n")},
		"a card":        {typing{"code-line-1": td1[0], "code-line-2": td1[1], "code-line-3": td1[2]}, strings.Join(td1, "\n")},
		"small letters": {typing{"code-line-1": strings.ToLower(td3[0]), "code-line-2": td3[1][:20] + " " + td3[1][20:]}, strings.Join(td3, "\n")},
		"not all of it": {typing{"code-line-1": td1[0], "code-line-2": td1[1]}, ""},
	} {
		got, err := (&readerBody{screen: tt.typed}).CodeLine(t.Context())
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestPicturesAreFiles(t *testing.T) {
	dir := t.TempDir()
	small, large := filepath.Join(dir, "a.jpg"), filepath.Join(dir, "b.jpg")
	if err := errors.Join(os.WriteFile(small, []byte("x"), 0o600), os.WriteFile(large, make([]byte, maxPicture+1), 0o600)); err != nil {
		t.Fatal(err)
	}
	b := &readerBody{screen: typing{"picture-1": small, "picture-2": large}}
	if got, err := b.Frames(t.Context(), 1); err != nil || len(got) != 1 || string(got[0]) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	for _, n := range []int{2, 3} {
		if _, err := b.Frames(t.Context(), n); err == nil {
			t.Errorf("%d pictures", n)
		}
	}
}

// A document that does not come is a case that the holder is told of, and tries again.
func TestNoDocumentComesToTheReader(t *testing.T) {
	never := func(ctx context.Context, _ string) (*pcsc.Card, error) { <-ctx.Done(); return nil, ctx.Err() }
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := &readerBody{screen: typing{}, wait: never}
		if _, err := b.Chip(t.Context()); tunnus.CodeOf(err) != tunnus.CodeNFCNoChip || time.Since(began) != maxWait {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Chip(ctx); tunnus.CodeOf(err) == tunnus.CodeNFCNoChip {
			t.Errorf("given up: %v", err)
		}
		b.wait = func(context.Context, string) (*pcsc.Card, error) { return nil, pcsc.ErrNoReader }
		if _, err := b.Chip(t.Context()); !errors.Is(err, pcsc.ErrNoReader) || tunnus.CodeOf(err) == tunnus.CodeNFCNoChip {
			t.Errorf("no reader: %v", err)
		}
	})
}

// A build without readers says so before it asks for a passphrase.
func TestReaderNeedsABuildWithIt(t *testing.T) {
	body, err := (&Flags{Reader: true}).body(typing{})
	if pcsc.Built != (err == nil) || err != nil && !errors.Is(err, pcsc.ErrNotBuilt) || (body == nil) != (err != nil) {
		t.Errorf("%v, %v", body, err)
	}
	if body, err := new(Flags).body(typing{}); body != nil || err != nil {
		t.Errorf("without a flag: %v, %v", body, err)
	}
}
