package letters

import (
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/enrol/notice"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

// Each kind of letter that a registration writes has words.
func TestLettersHaveWords(t *testing.T) {
	m := otp.Message{To: "ada@example.org", Code: "123456", Purpose: "a new account", Device: "Virtual Phone", Expires: time.Now().Add(time.Minute)}
	for kind, words := range map[string]string{
		"otp": "123456", notice.Started: "being created", notice.New: "If this is not you", notice.Active: "If this is not you",
	} {
		text, err := Write(kind, m)
		if err != nil || text.To != m.To || !strings.Contains(text.Text, words) || !strings.Contains(text.Text, m.Device) {
			t.Errorf("%s: %v, %q", kind, err, text.Text)
		}
		if strings.Contains(text.Text, "123456") != (kind == "otp") {
			t.Errorf("%s: a code in the wrong letter", kind)
		}
	}
	if _, err := Write("nothing", m); err == nil {
		t.Error("a letter of no kind has words")
	}
}
