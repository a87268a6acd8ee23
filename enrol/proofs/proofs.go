// Package proofs judges what a passport proves of an applicant: its chip, and the
// face in front of the camera.
//
// Judging is charged first, in committed rows (package lock). Until the chip has
// proved itself over a challenge of this sitting, device and address pay: what is
// forged never touches anybody's document. After it, the document pays, one attempt
// for each judgement: one when the chip's data are judged against the form, and one
// for the face, which opens with the first capture, allows a few, and ends the
// current count only by a match. A charge that got no verdict is a failure.
//
// A face that no machine may decide goes to people (package review), and the
// sitting waits for them. Where the scheme says so the face is filmed, and whether it
// lives is judged too (package judge); an attempt opens with the first thing that is
// told of what was drawn.
package proofs

import (
	"context"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/enrol/lock"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/staff"
)

// Faces compares a portrait with live frames. Frames that cannot be judged fail
// with face-position, face-many or face-quality; any other error is a fault of ours.
type Faces interface {
	Compare(ctx context.Context, portrait []byte, frames [][]byte) (face.Result, error)
}

// Proofs judges for sittings. It keeps nothing of its own.
type Proofs struct {
	Rules   scheme.Rules
	Trust   *trustlist.List
	Secret  tunnus.Secret // keys challenges
	Book    sitting.Book
	Tab     lock.Tab
	Faces   Faces
	Films   Films   // nil if faces are not filmed
	Reviews Reviews // nil ends a sitting that no machine may decide
	Marker  staff.Marker

	// Again fails, and has ended the sitting if that is final, where one that has waited
	// must not go on: the register or a ledger says otherwise by now.
	Again func(ctx context.Context, s *sitting.Session, p sitting.Payload) error

	// Step returns a sitting in which the fact is the next one, with what it holds.
	Step func(ctx context.Context, ref sitting.Ref, fact way.Fact) (sitting.Session, sitting.Payload, error)
}
