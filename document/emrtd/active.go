package emrtd

import (
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/emrtd/answer"
	"github.com/tunnus-id/tunnus/document/lds"
	"github.com/tunnus-id/tunnus/document/signature"
)

// activeAuth demands the key and the answer if the security object lists group
// 15: leaving them out must not make a simpler document (Doc 9303-11 §6.1).
func (in *inspection) activeAuth() error {
	switch {
	case in.sod == nil:
		return ReasonBefore
	case !in.sod.Object.Has(15):
		return ReasonNotOffered
	case in.ev.Groups[15] == nil:
		return fmt.Errorf("%w: data group 15", ReasonNoKey)
	case !in.chip:
		return ReasonNoChip
	case len(in.ev.ActiveAuth) == 0:
		return ReasonNoAnswer
	case !in.sound:
		return ReasonBefore
	case len(in.challenge) != ChallengeSize:
		return ReasonChallenge
	}
	f, _ := lds.Group(15)
	spki, err := f.Open(in.ev.Groups[15])
	if err != nil {
		return fmt.Errorf("%w: data group 15", ReasonUnreadable)
	}
	key, err := signature.ParseKey(spki)
	if err != nil {
		return fmt.Errorf("%w: %w", ReasonUnreadable, err) // the state signed it: nobody chose it
	}
	note, err := answer.Check(key, in.ev.Groups[14], in.challenge, in.ev.ActiveAuth)
	if err == nil {
		in.proved = true
		return answered[note]
	}
	for of, reason := range map[error]Reason{answer.ErrKey: ReasonWeakKey, answer.ErrInfos: ReasonUnreadable, answer.ErrAnswer: ReasonAnswer} {
		if errors.Is(err, of) {
			return fmt.Errorf("%w: %w", reason, err)
		}
	}
	return err
}

// answered is what there is to know about an answer that is right.
var answered = map[answer.Note]error{answer.ShortKey: ReasonShortKey, answer.OldDigest: ReasonOldDigest, answer.HashGuessed: ReasonHashGuessed}

// chipAuth demands that the server's own run proved the key of data group 14, if
// there is one that is spoken here: the group is signed, so nobody chooses what it
// offers. What a reader says of a run of its own proves nothing: it could have made
// the chip's side up (Doc 9303-11 §6.2).
func (in *inspection) chipAuth() error {
	if err := in.securityInfos(); err != nil {
		return err
	}
	switch {
	case !auth.Offered(*in.infos) && len(in.infos.Keys) > 0:
		return fmt.Errorf("%w: no key of chip authentication that is spoken here", ReasonOdd)
	case !auth.Offered(*in.infos):
		return ReasonNotOffered
	case !in.chip:
		return ReasonNoChip
	case in.ev.ChipAuth.IsZero():
		return ReasonNoAnswer
	case !in.ev.ChipAuth.Of(in.ev.Groups[14]):
		return ReasonOtherChip
	}
	in.proved = true
	return nil
}
