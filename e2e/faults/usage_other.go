//go:build !linux

package faults

import "github.com/tunnus-id/tunnus/e2e/faults/check"

func (h *House) used() check.Usage { return check.Usage{} }
