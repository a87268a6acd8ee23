package auth

import (
	"crypto/sha256"

	"github.com/tunnus-id/tunnus/document/chip/security"
)

// Offered reports whether [Start] would find a key and a way in the infos that are
// spoken here. Where they are signed and it would not, no proof can be demanded.
func Offered(infos security.Infos) bool {
	_, err := choose(infos)
	return err == nil
}

// Sum is the digest of the data group 14 that was proved, empty if none was, for a
// sealed row of the server that made the ephemeral key.
func (p Proved) Sum() []byte { return []byte(p.file) }

// Recall is what [Proved.Sum] gave, from that row: a proof has to wait there until the
// document is judged, maybe by another process. It believes what it is given; whoever
// calls it with anything else than his own sealed bytes has proved nothing.
func Recall(sum []byte) Proved {
	if len(sum) != sha256.Size {
		return Proved{}
	}
	return Proved{string(sum)}
}
