package engine

import (
	"fmt"
	"time"
)

// Millis is a time as it stands in a row; the zero time is 0.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Moment reads a time from a row.
func Moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Full makes sure that no bytes are written as empty bytes, not as NULL.
func Full(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Some reads bytes that may be none: nil then.
func Some(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// Each turns rows into what a port returns; what names them in an error.
func Each[R, V any](what string, rows []R, err error, to func(R) V) ([]V, error) {
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = to(r)
	}
	return out, nil
}

// Parsed is [Each] where a row may be damaged.
func Parsed[R, V any](what string, rows []R, err error, to func(R) (V, error)) ([]V, error) {
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	out := make([]V, len(rows))
	for i, r := range rows {
		if out[i], err = to(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Many bounds how much one read may return.
func Many(limit int) int32 { return int32(max(0, min(limit, 1000))) }
