package acsp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/tunnus-id/tunnus"
)

// NewChallenge returns a fresh rpChallenge: 64 random bytes in Base64.
func NewChallenge() string { return random(maxChallenge) }

// NewServerRandom returns a fresh serverRandom: 24 random bytes in Base64.
func NewServerRandom() string { return random(24) }

// CheckChallenge refuses an rpChallenge that is not the Base64 of 32 to 64
// bytes, with [tunnus.CodeBadRequest].
func CheckChallenge(rpChallenge string) error {
	_, err := decodeChallenge(rpChallenge)
	return err
}

// VerificationCode returns the four digits that relying party and app show side
// by side: the last two bytes of the SHA-256 of the challenge's bytes, modulo
// 10000 (RP API v3, "verification code").
func VerificationCode(rpChallenge string) (string, error) {
	raw, err := decodeChallenge(rpChallenge)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return fmt.Sprintf("%04d", binary.BigEndian.Uint16(sum[30:])%10000), nil
}

// Choices returns three different codes in random order: the right one and two
// drawn by lot. Whoever did not see the right one at the relying party picks a
// wrong one twice out of three times.
func Choices(right string) ([]string, error) {
	codes := []string{right}
	for len(codes) < 3 {
		n, err := below(10000)
		if err != nil {
			return nil, err
		}
		if c := fmt.Sprintf("%04d", n); !slices.Contains(codes, c) {
			codes = append(codes, c)
		}
	}
	at, err := below(3)
	if err != nil {
		return nil, err
	}
	codes[0], codes[at] = codes[at], codes[0]
	return codes, nil
}

// NewVerifier returns a fresh userChallengeVerifier, which the app keeps to
// itself until it opens the relying party's callback; in a notification, for ever.
func NewVerifier() string {
	b := make([]byte, sha256.Size)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// UserChallenge returns the challenge that belongs to a verifier: the SHA-256 of
// the verifier's text, in Base64URL without padding, 43 characters.
func UserChallenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func isUserChallenge(s string) bool {
	if strings.ContainsAny(s, "\r\n") {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == sha256.Size
}

func decodeChallenge(s string) ([]byte, error) {
	raw, err := decodeBase64(s)
	if err != nil || len(raw) < minChallenge || len(raw) > maxChallenge {
		return nil, tunnus.BadRequest(fieldChallenge, errors.New("acsp: challenge: Base64 of 32 to 64 bytes expected"))
	}
	return raw, nil
}

func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

func below(n int64) (int64, error) {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		return 0, fmt.Errorf("acsp: random number: %w", err)
	}
	return v.Int64(), nil
}
