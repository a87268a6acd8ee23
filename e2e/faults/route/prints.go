package route

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"time"

	"github.com/tunnus-id/tunnus/e2e/faults"
	"github.com/tunnus-id/tunnus/sandbox"
)

// prints gives somebody a passport with another portrait.
func prints(h *faults.House, name string, portrait []byte) error {
	who, err := sandbox.Find(name)
	if err != nil {
		return err
	}
	country, err := h.World().Country()
	if err != nil {
		return err
	}
	passport, err := country.Issue(who.Holder(time.Now(), portrait))
	if err != nil {
		return err
	}
	text, err := json.Marshal(passport)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(h.World().Path("passports"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(h.World().Path("passports", name+".json"), text, 0o600)
}

// nothing is a portrait on which no machine finds a face: it cannot say whose it is not.
func nothing() []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 240, 308)), nil) // into memory
	return b.Bytes()
}

// portrait is that of one of the cast.
func portrait(name string) ([]byte, error) {
	who, err := sandbox.Find(name)
	if err != nil {
		return nil, err
	}
	looks, err := who.Looks()
	if err != nil {
		return nil, fmt.Errorf("portrait: %w", err)
	}
	return looks.Portrait(), nil
}
