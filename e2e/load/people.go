package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/enrol/match"
	register "github.com/tunnus-id/tunnus/enrol/people"
	face "github.com/tunnus-id/tunnus/face/virtual"
	"github.com/tunnus-id/tunnus/key/pin"
	"github.com/tunnus-id/tunnus/sandbox"
)

// A visitor is an invented person who registers once, with a passport. It
// implements app.Body.
type visitor struct {
	passport *virtual.Passport
	surname  string
	given    string
	number   string
	code     tunnus.PersonCode
	birth    time.Time
	frames   [][]byte // the same for all: nobody looks at them
}

// CodeLine is what the camera reads off the data page.
func (v *visitor) CodeLine(context.Context) (string, error) { return v.passport.Zone().String(), nil }

// Chip lets the passport lie on the phone.
func (v *visitor) Chip(context.Context) (chip.Transceiver, error) {
	v.passport.Reset()
	return v.passport, nil
}

// Frames is what the camera sees.
func (v *visitor) Frames(_ context.Context, n int) ([][]byte, error) { return v.frames[:n], nil }

// email is where the visitor is written to.
func (v *visitor) email() string { return v.number + "@example.test" }

// pins are two that the app takes of this person: one of thousands has a part of the
// usual ones in a number of his own, and an app asks until it gets another.
func (v *visitor) pins() (pin1, pin2 string, err error) {
	about := pin.Personal{Birth: v.birth, Codes: []string{v.code.Value(), v.number}}
	for _, two := range [][2]string{{"471973", "8305264"}, {"296481", "5093716"}, {"604927", "1827405"}} {
		err = errors.Join(pin.Judge([]byte(two[0]), pin.PIN1, about), pin.Judge([]byte(two[1]), pin.PIN2, about))
		if err == nil {
			return two[0], two[1], nil
		}
	}
	return "", "", fmt.Errorf("%s gets no PINs: %w", v.number, err)
}

// visitors makes people with passports of the world's state, and writes them into
// its register.
func visitors(w *sandbox.World, many int) ([]*visitor, error) {
	country, err := w.Country()
	if err != nil {
		return nil, err
	}
	looks, ok := face.Find("ada")
	if !ok {
		return nil, errors.New("load: nobody lends a face")
	}
	portrait, frames := looks.Portrait(), looks.Frames(3, 1)
	var all []*visitor
	var entries []register.Entry
	for i := range many {
		v := &visitor{surname: "SAMPLE", given: "PERSON " + letters(i), number: fmt.Sprintf("L%07dX", i), frames: frames}
		v.birth = time.Date(1950, 1, 1+i%15_000, 0, 0, 0, 0, time.UTC)
		if v.code, err = sandbox.CodeOf(v.birth, 1+i/15_000); err != nil {
			return nil, err
		}
		v.passport, err = country.Issue(virtual.Holder{
			Surname: v.surname, GivenNames: v.given, Sex: "F", Birth: v.birth, Expiry: time.Now().AddDate(9, 0, 0), Number: v.number,
			PersonCode: v.code.Value(), Portrait: portrait, Chip: virtual.ChipECDSA, // quickly made; as many passports have it
		})
		if err != nil {
			return nil, err
		}
		all = append(all, v)
		entries = append(entries, register.Entry{Person: match.Person{
			Code: v.code, Surname: v.surname, GivenNames: v.given, Birth: v.birth,
			Documents: []match.Document{{Number: v.number, State: match.Valid}},
		}})
	}
	file, err := register.EncodeFile(entries)
	if err != nil {
		return nil, err
	}
	return all, os.WriteFile(w.Path("register.json"), file, 0o600)
}

// letters writes a number in letters, for names have no digits.
func letters(n int) string {
	var b [4]byte
	for i := range b {
		b[len(b)-1-i], n = byte('A'+n%26), n/26
	}
	return string(b[:])
}
