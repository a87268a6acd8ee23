package virtual

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/auth"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/chip/security"
)

// Files of the master file (Doc 9303-10 §3.11.3, §3.11.4). The identifier of
// EF.CardSecurity is that of EF.SOD in the application.
const (
	cardAccess   = 0x011C
	cardSecurity = 0x011D
)

// chained is the class bit of commands that are not the last of their chain.
const chained = 0x10

// access is how a chip lets itself be opened, and how it proves its own key.
type access struct {
	Offers []security.PACE `json:"pace,omitempty"`
	CAN    string          `json:"can,omitempty"`
	NoBAC  bool            `json:"no_bac,omitempty"`
	Auth   []security.Auth `json:"auth,omitempty"`
	Group  int             `json:"group,omitempty"`  // of the chip's own key
	Static []byte          `json:"static,omitempty"` // the chip's own key; nil if it has none
	Mapped []byte          `json:"mapped,omitempty"` // that of chip authentication mapping; nil if that is the same
}

// access makes what the holder's chip speaks, the infos of data group 14, and those
// that EF.CardSecurity has besides.
func (h Holder) access() (a access, infos, mapped [][]byte, err error) {
	a = access{Offers: h.PACE, CAN: h.CAN, NoBAC: h.NoBAC, Auth: slices.Clone(h.ChipAuth), Group: h.AuthGroup}
	if a.NoBAC && len(a.Offers) == 0 {
		return a, nil, nil, errors.New("virtual: a chip that cannot be opened")
	}
	mapping := -1 // its domain parameters
	for _, p := range a.Offers {
		if _, err := pace.NewMethod(p); err != nil {
			return a, nil, nil, fmt.Errorf("virtual: %w", err)
		}
		if p.Mapping == security.ChipAuth {
			mapping = p.Domain
		}
		infos = append(infos, p.Marshal())
	}
	var ids [2][]byte // of the two keys; a single one needs none
	switch {
	case h.MapKey != MapShared && mapping < 0, h.MapKey == MapSecond && len(a.Auth) == 0:
		return a, nil, nil, errors.New("virtual: a second key, and nothing for it to prove")
	case h.MapKey == MapSecond:
		ids = [2][]byte{{1}, {2}}
	case h.MapKey == MapShared && mapping >= 0:
		a.Group = mapping
	}
	for i := range a.Auth {
		a.Auth[i].KeyID = ids[0]
		infos = append(infos, a.Auth[i].Marshal())
	}
	var own security.Key
	if len(a.Auth) > 0 || h.MapKey == MapShared && mapping >= 0 {
		if own, a.Static, err = draw(a.Group, ids[0]); err != nil {
			return a, nil, nil, err
		}
		infos = append(infos, own.Marshal())
	}
	for h.MapKey != MapShared {
		var second security.Key
		if second, a.Mapped, err = draw(mapping, ids[1]); err != nil {
			return a, nil, nil, err
		}
		if h.MapKey == MapSecurity {
			return a, infos, [][]byte{second.Marshal()}, nil
		}
		// The set is in the order of bytes, of which those of the curve come first.
		if mapping != a.Group || bytes.Compare(second.Marshal(), own.Marshal()) > 0 {
			return a, append(infos, second.Marshal()), nil, nil
		}
	}
	return a, infos, nil, nil
}

// draw makes a key of the chip.
func draw(group int, id []byte) (k security.Key, private []byte, err error) {
	g, err := domain.Standard(group)
	if err != nil {
		return k, nil, fmt.Errorf("virtual: %w", err)
	}
	private, public, err := g.Key(g.Generator(), rand.Reader)
	return security.Key{Curve: g.Curve, SPKI: g.MarshalKey(public), KeyID: id}, private, err
}

// card is EF.CardAccess; nil if there is no PACE.
func (a access) card() []byte {
	if len(a.Offers) == 0 {
		return nil
	}
	var infos [][]byte
	for _, p := range a.Offers {
		infos = append(infos, p.Marshal())
	}
	return security.Set(infos...)
}

// root is a file of the master file: EF.CardAccess for everybody, EF.CardSecurity
// under a session.
func (p *Passport) root(id uint16) ([]byte, apdu.Status) {
	switch {
	case id == cardAccess && p.served() != nil:
		return p.served(), apdu.OK
	case id == cardSecurity && p.security != nil && p.state.session == nil:
		return nil, apdu.NotSatisfied
	case id == cardSecurity && p.security != nil:
		return p.security, apdu.OK
	}
	return nil, apdu.FileNotFound
}

// served is the EF.CardAccess that is read, right or wrong.
func (p *Passport) served() []byte {
	switch {
	case p.faults.WithoutCardAccess:
		return nil
	case p.faults.CardAccess != nil:
		return p.faults.CardAccess
	}
	return p.access.card()
}

// manage answers MANAGE SECURITY ENVIRONMENT: PACE or chip authentication is
// selected.
func (p *Passport) manage(c apdu.Command) apdu.Status {
	switch uint16(c.P1)<<8 | uint16(c.P2) {
	case 0xC1A4:
		return p.selectPACE(c.Data)
	case auth.SelectTemplate, auth.AgreeTemplate:
		return p.selectAuth(c)
	}
	return apdu.WrongParameters
}

func (p *Passport) selectPACE(data []byte) apdu.Status {
	m, can, err := pace.Selects(data, p.access.Offers)
	if err != nil || can && p.access.CAN == "" {
		return apdu.WrongData
	}
	password := pace.MRZ(p.AccessKey())
	if can {
		password = pace.CAN(p.access.CAN)
	}
	key := p.access.Mapped
	if key == nil {
		key = p.access.Static
	}
	p.state.pace = pace.NewChip(m, password, p.held(key), rand.Reader)
	return apdu.OK
}

// selectAuth takes the key of MSE:Set KAT, or remembers the suite of MSE:Set AT.
func (p *Passport) selectAuth(c apdu.Command) apdu.Status {
	if p.state.session == nil || p.access.Static == nil {
		return apdu.NotSatisfied
	}
	suite, key, err := auth.Selects(c, p.access.Auth)
	if err != nil {
		return apdu.WrongData
	}
	if key != nil {
		return p.authenticate(suite, key)
	}
	p.state.auth = suite
	return apdu.OK
}

// authenticate agrees on the session that follows the answer.
func (p *Passport) authenticate(suite apdu.Suite, key []byte) apdu.Status {
	g, err := domain.Standard(p.access.Group)
	if err != nil {
		return apdu.ConditionsNot
	}
	if p.state.next, err = auth.Answer(g, p.held(p.access.Static), suite, key); err != nil {
		return apdu.WrongData
	}
	return apdu.OK
}

// held is a private key as the chip has it: another in a copied one.
func (p *Passport) held(key []byte) []byte {
	if !p.faults.OtherChipKey || key == nil {
		return key
	}
	other := bytes.Clone(key)
	other[len(other)-1] ^= 2
	return other
}

// general answers GENERAL AUTHENTICATE: a step of PACE, or the key of chip
// authentication.
func (p *Passport) general(c apdu.Command) ([]byte, apdu.Status) {
	if suite := p.state.auth; suite != "" && c.Class == 0 {
		p.state.auth = ""
		key, err := auth.Key(c.Data)
		if err != nil || p.state.session == nil {
			return nil, apdu.WrongData
		}
		return auth.Done(), p.authenticate(suite, key)
	}
	run := p.state.pace
	if run == nil {
		return nil, apdu.ConditionsNot
	}
	answer, done, err := run.Answer(c.Data)
	switch {
	case err == nil && done != (c.Class == 0): // the chain must end with the run
		err = pace.ErrPeer
	case errors.Is(err, pace.ErrRefused):
		p.state.pace = nil
		return nil, apdu.AuthFailed
	}
	if err != nil {
		p.state.pace = nil
		return nil, apdu.WrongData
	}
	if done {
		p.state.pace = nil
		if p.state.session, err = run.Session(); err != nil {
			return nil, apdu.AuthFailed
		}
	}
	return p.faults.PACE.tell(c.Data, answer), apdu.OK
}
