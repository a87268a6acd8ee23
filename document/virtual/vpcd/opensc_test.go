package vpcd_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/vpcd"
	"github.com/tunnus-id/tunnus/document/virtual/vpcd/vpcdtest"
	"github.com/tunnus-id/tunnus/need"
)

// passport is one of an invented person.
func passport(t *testing.T) *virtual.Passport {
	t.Helper()
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		t.Fatal(err)
	}
	c, err := virtual.NewCountry(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Issue(virtual.Holder{
		Surname: "LOVE", GivenNames: "ADA MARIA", Sex: "F", Number: "X1234567", PersonCode: "199002140015",
		Birth: time.Date(1990, 2, 14, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2032, 1, 31, 0, 0, 0, 0, time.UTC),
		Portrait: portrait.Bytes(), Chip: virtual.ChipPlain,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A program that knows nothing of us sees a card with the passport application.
func TestOpenSC(t *testing.T) {
	opensc := need.Tool(t, "opensc-tool")
	address := vpcdtest.Start(t)
	vpcdtest.Insert(t, address, passport(t))
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(opensc, append([]string{"-r", "0"}, args...)...).CombinedOutput()
		if err != nil {
			t.Logf("opensc-tool %s: %v", strings.Join(args, " "), err)
		}
		return string(out)
	}
	atr := strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintf("% x", vpcd.ATR()), " ", ":"), ":")
	got := ""
	for range 50 { // the daemon looks at the reader now and then
		if got = run("-a"); strings.Contains(got, atr) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if !strings.Contains(got, atr) {
		t.Fatalf("no ATR %s: %s", atr, got)
	}
	got = run("-s", "00:A4:04:0C:07:A0:00:00:02:47:10:01", "-s", "00:84:00:00:08", "-s", "00:A4:02:0C:02:01:01", "-s", "00:B0:81:00:08")
	status := regexp.MustCompile(`SW1=0x([0-9A-F]{2}), SW2=0x([0-9A-F]{2})`).FindAllStringSubmatch(got, -1)
	var words []string
	for _, s := range status {
		words = append(words, s[1]+s[2])
	}
	// Application and challenge are for everybody, files are not.
	if want := "9000 9000 6982 6982"; strings.Join(words, " ") != want {
		t.Errorf("%v; want %s: %s", words, want, got)
	}
	t.Log(got)
}
