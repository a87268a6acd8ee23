// Package stafftest makes members of staff for the tests of others.
package stafftest

import (
	"hash/fnv"
	"strconv"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/staff"
)

// Marker is the marker of all tests.
func Marker() staff.Marker {
	return staff.NewMarker(tunnus.NewSecret([]byte("0123456789abcdef0123456789abcdef")))
}

// Person reads a personal code of the invented state.
func Person(t testing.TB, code string) tunnus.PersonCode {
	t.Helper()
	p, err := tunnus.ParsePersonCode("XX", code)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Own is the personal code of the member with this ID.
func Own(id string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	born := time.Date(1960, time.January, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(h.Sum32()%12000))
	code := born.Format("20060102") + "001"
	sum := 0
	for i := range code {
		sum += int(code[i]-'0') * []int{7, 3, 1}[i%3]
	}
	return code + strconv.Itoa(sum%10)
}

// Mark is that of the member with this ID; each is a person of his own.
func Mark(t testing.TB, id string) string {
	t.Helper()
	return Marker().Mark(Person(t, Own(id)))
}

// Actor is a member with these roles who has signed a request with this body.
func Actor(t testing.TB, id string, body []byte, roles ...staff.Role) staff.Actor {
	t.Helper()
	key, err := device.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := device.Sign(key, device.Request{Method: "POST", Path: "/", Session: staff.Session, Counter: 1, Nonce: "test", Body: body})
	if err != nil {
		t.Fatal(err)
	}
	a, err := staff.Prove(staff.Member{ID: id, Roles: roles, Key: signed.Key, Mark: Mark(t, id)}, signed)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
