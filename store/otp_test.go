package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/enrol/otp"
)

var noon = time.UnixMilli(1_800_000_000_000).UTC()

// place only binds what is sealed to its place.
type place struct{}

func (place) Seal(plain, aad []byte) ([]byte, error) {
	return slices.Concat(aad, []byte{0}, plain), nil
}

func (place) Open(sealed, aad []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, slices.Concat(aad, []byte{0}))
	if !ok {
		return nil, errors.New("another place")
	}
	return plain, nil
}

// sentCode sends a code over a store, and returns what it is.
func sentCode(t *testing.T, s *Store) (codes *otp.Codes, code string) {
	t.Helper()
	codes = otp.New(s.Codes(), place{}, otp.Defaults(), tunnus.NewSecret([]byte("key")), tunnus.SystemClock{})
	p, err := tunnus.ParsePersonCode("XX", "199002140017")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codes.Send(t.Context(), otp.Order{Session: "s", Owner: "d", Contact: "ada@example.org", Person: p, Purpose: "new"}); err != nil {
		t.Fatal(err)
	}
	letters, err := s.Outbox().Pending(t.Context(), time.Now().Add(time.Hour), 2)
	if err != nil || len(letters) != 1 {
		t.Fatalf("%d letters, %v", len(letters), err)
	}
	m, err := otp.OpenLetter(place{}, letters[0])
	if err != nil {
		t.Fatal(err)
	}
	return codes, m.Code
}

// tries is how often one code is typed at the same time.
const tries = 1000

// The same code typed a thousand times at once is taken once, and judged three
// times at most.
func TestSameCodeAThousandTimes(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		s := openAt(t, where(t))
		codes, code := sentCode(t, s)
		var right, late, busy atomic.Int32
		begin := make(chan struct{})
		var all sync.WaitGroup
		for range tries {
			all.Go(func() {
				<-begin
				switch _, err := codes.Confirm(context.Background(), "s", "", code); tunnus.CodeOf(err) {
				case "":
					right.Add(1)
				case tunnus.CodeOTPOld:
					late.Add(1)
				case tunnus.CodeStateConflict:
					busy.Add(1)
				default:
					t.Errorf("Confirm: %v", err)
				}
			})
		}
		close(begin)
		all.Wait()
		if right.Load() < 1 || right.Load()+late.Load()+busy.Load() != tries {
			t.Errorf("%d taken, %d too late, %d busy", right.Load(), late.Load(), busy.Load())
		}
		// All that were told that it is right speak of one use: it was taken once, after
		// three charges at most.
		taken, charged := 0, 0
		for _, kind := range kinds(t, s, "s") {
			switch kind {
			case "otp.confirmed":
				taken++
			case "otp.try":
				charged++
			}
		}
		if taken != 1 || charged > 3 {
			t.Errorf("the code was taken %d times, and %d tries charged", taken, charged)
		}
		t.Logf("%d taken, %d too late, %d busy", right.Load(), late.Load(), busy.Load())
	})
}

// sheetModel is a code as one person after the other would see it: three tries, and
// the right one once. Whom another one was faster than has done nothing.
var sheetModel = porcupine.Model{
	Init: func() any { return [2]int{} }, // tries, used
	Step: func(state, input, output any) (bool, any) {
		s, right, said := state.([2]int), input.(bool), output.(tunnus.Code)
		open := s[0] < 3 && s[1] == 0
		switch said {
		case tunnus.CodeStateConflict:
			return true, s
		case tunnus.CodeOTPOld:
			return !open, s
		case tunnus.CodeOTPWrong:
			return open && !right, [2]int{s[0] + 1, s[1]}
		case "":
			if s[1] == 1 { // told as right again: it costs nothing and gives nothing new
				return right, s
			}
			return open && right, [2]int{s[0] + 1, 1}
		}
		return false, s
	},
}

// Right and wrong tries at once look as if they had come one after the other.
func TestTriesAreLinearizable(t *testing.T) {
	everywhere(t, func(t *testing.T, where func(testing.TB) string) {
		for range 5 { // few at a time: looking for an order costs more than twice as much for each one
			codes, code := sentCode(t, openAt(t, where(t)))
			ops := triedAtOnce(codes, code, 8)
			if !porcupine.CheckOperations(sheetModel, ops) {
				t.Errorf("no order explains what was said: %+v", ops)
			}
		}
	})
}

// triedAtOnce tries a code, every third time rightly.
func triedAtOnce(codes *otp.Codes, code string, n int) []porcupine.Operation {
	wrong := map[bool]string{true: "000001", false: "000000"}[code == "000000"]
	began := time.Now()
	ops := make([]porcupine.Operation, n)
	var all sync.WaitGroup
	for i := range ops {
		all.Go(func() {
			right, typed := i%3 == 0, wrong
			if right {
				typed = code
			}
			call := time.Since(began)
			_, err := codes.Confirm(context.Background(), "s", "", typed)
			ops[i] = porcupine.Operation{ClientId: i, Input: right, Call: int64(call), Output: tunnus.CodeOf(err), Return: int64(time.Since(began))}
		})
	}
	all.Wait()
	return ops
}
