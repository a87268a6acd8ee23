// Package stafftest makes members of staff for the tests of others.
package stafftest

import (
	"testing"

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

// An Own is the personal code that every member of the tests has.
const Own = "199002140017"

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
	a, err := staff.Prove(staff.Member{ID: id, Roles: roles, Key: signed.Key, Mark: Marker().Mark(Person(t, Own))}, signed)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
