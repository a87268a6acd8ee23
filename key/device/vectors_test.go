package device

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/vectors"
)

// TestVectors judges what another implementation may be tested with.
func TestVectors(t *testing.T) {
	vectors.Run(t, map[string]vectors.File{
		"request.txt": {Accept: 11, Refuse: 58, Judge: judgeRequest},
		"session.txt": {Accept: 4, Refuse: 7, Judge: judgeSession},
	})
}

func judgeRequest(t *testing.T, b vectors.Block) {
	counter, err := strconv.ParseUint(b["counter"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	r := Request{
		Method: b["method"], Path: b["path"], Session: b["session"], Nonce: b["nonce"], Counter: counter, Body: b.Hex(t, "body"),
	}
	if sum := sha256.Sum256(r.Canonical()); hex.EncodeToString(sum[:]) != b["digest"] {
		t.Errorf("digest = %x; want %s", sum, b["digest"])
	}
	want := tunnus.Code("")
	if b["expect"] != "accept" {
		want = tunnus.CodeBadSignature
	}
	err = Verify(b.Hex(t, "device"), r, b.Hex(t, "signature"))
	if got := tunnus.CodeOf(err); got != want {
		t.Errorf("Verify = %v; want %q", err, want)
	}
}

func judgeSession(t *testing.T, b vectors.Block) {
	key := b.Hex(t, "device")
	if err := Check(key); err != nil {
		t.Fatal(err)
	}
	ours := Thumbprint(key) == b["thumbprint"] && SessionID(key, b.Hex(t, "nonce")) == b["session"]
	if ours != (b["expect"] == "accept") {
		t.Errorf("%s, %s; want %s", Thumbprint(key), SessionID(key, b.Hex(t, "nonce")), b["expect"])
	}
}
