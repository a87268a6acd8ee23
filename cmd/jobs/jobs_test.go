package jobs

import (
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/store/jobs"
)

func TestTableOfTheDead(t *testing.T) {
	var out strings.Builder
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	if err := write(&out, []jobs.Corpse{{Number: 7, Kind: "letter-sms", ID: "0a1b", Reason: "sms-answer-11", Tries: 8, At: at}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 3 || strings.Join(strings.Fields(lines[1]), " ") != "7 2026-11-22T09:00:00Z letter-sms 0a1b 8 sms-answer-11" {
		t.Errorf("%q", out.String())
	}
}
