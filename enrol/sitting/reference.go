package sitting

import (
	"crypto/sha256"
	"encoding/base32"

	"github.com/tunnus-id/tunnus"
)

// Reference is the number under which people speak of a sitting, such as
// "7K3Q-ZM2X-WA0B": every screen and every failure of it shows it, and staff find the
// sitting by it. It is 60 bits of the hash of the session's id, in an alphabet without
// look-alikes (Crockford's base 32), so it tells nothing of anybody and cannot be
// guessed by whoever does not know the id.
func Reference(session string) string {
	h := sha256.Sum256([]byte("tunnus/enrol/reference/v1\x00" + session))
	t := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").EncodeToString(h[:10])
	return t[:4] + "-" + t[4:8] + "-" + t[8:12]
}

// KindStart is the audit line that ties the reference of a sitting, its Subject, to
// the sitting's own lines, whose Subject stands in its detail "session".
const KindStart = "enrol.start"

// Begun is that line.
func (b Book) Begun(s Session) tunnus.Event {
	return tunnus.Event{
		At: b.Now(), Kind: KindStart, Subject: Reference(s.ID), Detail: map[string]string{"session": s.ID, "route": s.Route.String()},
	}
}
