package lock

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
)

// What is sealed is written down here once more, byte for byte: ledgers outlive
// programs, and one that seals otherwise can read none of them.
func TestSealsStayAsTheyAre(t *testing.T) {
	l := New(nil, documents, tunnus.NewSecret([]byte("0123456789abcdef0123456789abcdef")), nil)
	at := time.UnixMilli(1_790_000_000_123)
	for name, tt := range map[string]struct {
		entry Entry
		want  string
	}{
		"plain": {
			Entry{Kind: Charged, Attempt: "a/1", At: at, Copyable: true},
			"\x00\x00\x00\x14tunnus/lock/entry/v1\x00\x00\x00\x02k1\x00\x00\x00\x0212\x00\x00\x00\x04\x00\x01\x02\x03\x00\x00\x00\x07charged\x00\x00\x00\x03a/1" +
				"\x00\x00\x00\x0d1790000000123\x00\x00\x00\x00\x00\x00\x00\x04true",
		},
		"of a release": {
			Entry{Kind: Failed, Attempt: "a/1", At: at, Code: "face-no-match", Release: "1.2"},
			"\x00\x00\x00\x14tunnus/lock/entry/v2\x00\x00\x00\x02k1\x00\x00\x00\x0212\x00\x00\x00\x04\x00\x01\x02\x03\x00\x00\x00\x06failed\x00\x00\x00\x03a/1" +
				"\x00\x00\x00\x0d1790000000123\x00\x00\x00\x0dface-no-match\x00\x00\x00\x05false\x00\x00\x00\x031.2\x00\x00\x00\x0f-62135596800000\x00\x00\x00\x0f-62135596800000",
		},
		"of an input": {
			Entry{Kind: Voided, Attempt: "a/1", At: at, Code: "internal", Release: "1.2", Input: "ab12"},
			"\x00\x00\x00\x14tunnus/lock/entry/v3\x00\x00\x00\x02k1\x00\x00\x00\x0212\x00\x00\x00\x04\x00\x01\x02\x03\x00\x00\x00\x06voided\x00\x00\x00\x03a/1" +
				"\x00\x00\x00\x0d1790000000123\x00\x00\x00\x08internal\x00\x00\x00\x05false\x00\x00\x00\x031.2\x00\x00\x00\x0f-62135596800000\x00\x00\x00\x0f-62135596800000\x00\x00\x00\x04ab12",
		},
		"a void of an old release": {
			Entry{Kind: Voided, Attempt: "a/1", At: at, Code: "internal", Release: "1.2"},
			"\x00\x00\x00\x14tunnus/lock/entry/v2\x00\x00\x00\x02k1\x00\x00\x00\x0212\x00\x00\x00\x04\x00\x01\x02\x03\x00\x00\x00\x06voided\x00\x00\x00\x03a/1" +
				"\x00\x00\x00\x0d1790000000123\x00\x00\x00\x08internal\x00\x00\x00\x05false\x00\x00\x00\x031.2\x00\x00\x00\x0f-62135596800000\x00\x00\x00\x0f-62135596800000",
		},
	} {
		h := hmac.New(sha256.New, []byte("0123456789abcdef0123456789abcdef"))
		_, _ = fmt.Fprint(h, tt.want)
		if got, want := hex.EncodeToString(l.seal("k1", 12, []byte{0, 1, 2, 3}, tt.entry)), hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%s: sealed as %s, not %s", name, got, want)
		}
	}
}
