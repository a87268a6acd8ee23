package colleague

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image"
	"image/jpeg"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/staff/client"
)

// shaky loses its chip before a number of commands has gone through.
type shaky struct {
	*virtual.Passport

	left *int
}

func (s shaky) Transceive(ctx context.Context, command []byte) ([]byte, error) {
	if *s.left--; *s.left < 0 {
		return nil, errors.New("radio")
	}
	return s.Passport.Transceive(ctx, command)
}

// A desk goes on where chip or line were lost, or once the server has time again; not
// without end, and not where a document is refused.
func TestDeskReadsOn(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	country, err := virtual.NewCountry(now)
	if err != nil {
		t.Fatal(err)
	}
	var portrait bytes.Buffer
	if err := jpeg.Encode(&portrait, image.NewGray(image.Rect(0, 0, 1200, 1600)), nil); err != nil {
		t.Fatal(err)
	}
	p, err := country.Issue(virtual.Holder{
		Surname: "LOVE", Number: "X1", Birth: now.AddDate(-30, 0, 0), Expiry: now.AddDate(5, 0, 0), Portrait: portrait.Bytes(),
		ChipAuth: []security.Auth{security.NewAuth(true, apdu.AES128)}, AuthGroup: 12,
	})
	if err != nil {
		t.Fatal(err)
	}
	busy := &client.Refused{Status: 429, Code: tunnus.CodeRateLimited}
	over := &client.Refused{Status: 409, Code: tunnus.CodeStateConflict}
	for name, tt := range map[string]struct {
		lost, at int // how often the chip is lost, and at which command
		relay    error
		laid     int
		want     error
	}{
		"chip that is lost":            {2, 14, over, 3, over},
		"chip that is always lost":     {100, 4, over, maxReads, tunnus.Fail(tunnus.CodeNFCLost, nil)},
		"line that breaks":             {0, 0, relay.ErrBroken, maxReads, relay.ErrBroken},
		"server that is busy":          {0, 0, busy, maxReads, busy},
		"server that does not want to": {0, 0, over, 1, over},
	} {
		synctest.Test(t, func(t *testing.T) {
			laid, began := 0, time.Now()
			server := &relay.Reader{Dial: func(context.Context, [sha256.Size]byte) (relay.Conn, error) { return nil, tt.relay }}
			_, err := readOn(t.Context(), chip.Request{AccessKey: p.AccessKey(), Challenge: []byte("8 bytes!"), Prover: server}, func(context.Context) (chip.Transceiver, error) {
				laid++
				left := 1000
				if laid <= tt.lost {
					left = tt.at
				}
				p.Reset()
				return shaky{p, &left}, nil
			})
			if laid != tt.laid || !errors.Is(err, tt.want) && (tunnus.CodeOf(err) == tunnus.CodeInternal || tunnus.CodeOf(err) != tunnus.CodeOf(tt.want)) {
				t.Errorf("%s: laid down %d times, %v; want %d, %v", name, laid, err, tt.laid, tt.want)
			}
			if waited := time.Since(began); (waited > 20*time.Second) != (tt.want == error(busy)) {
				t.Errorf("%s: waited %v", name, waited)
			}
		})
	}
}
