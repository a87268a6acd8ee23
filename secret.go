package tunnus

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

const redacted = "[secret]"

// A Secret is a value that must not be seen: a PIN, a one-time code, a key. It
// prints, logs and marshals as "[secret]"; only [Secret.Reveal] gives the bytes.
type Secret struct{ b []byte }

// NewSecret keeps b, which the caller must not use any more.
func NewSecret(b []byte) Secret { return Secret{b} }

// Reveal returns the bytes themselves, not a copy.
func (s Secret) Reveal() []byte { return s.b }

// Equal compares in constant time.
func (s Secret) Equal(t Secret) bool { return subtle.ConstantTimeCompare(s.b, t.b) == 1 }

// Wipe overwrites the bytes with zeros.
func (s Secret) Wipe() { clear(s.b) }

// String implements [fmt.Stringer].
func (Secret) String() string { return redacted }

// Format implements [fmt.Formatter], so that no verb prints the bytes.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON implements [encoding/json.Marshaler].
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements [encoding.TextMarshaler].
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
