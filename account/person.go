package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/tunnus-id/tunnus"
)

// PersonKey names a person in rows that outlive their accounts: a keyed hash, so
// that the rows name nobody to whoever has not the secret.
func PersonKey(secret tunnus.Secret, p tunnus.PersonCode) string {
	return Mark(secret, "person", p.SemanticsID())
}

// Mark is a keyed hash of a text for one use, 32 hexadecimal digits.
func Mark(secret tunnus.Secret, use, text string) string {
	m := hmac.New(sha256.New, secret.Reveal())
	m.Write([]byte("tunnus/account/v1\x00" + use + "\x00" + text))
	return hex.EncodeToString(m.Sum(nil)[:16])
}
