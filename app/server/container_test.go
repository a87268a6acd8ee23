package server

import (
	"context"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/enrol/container"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/trust/asic"
)

// shelf has one account of one device, with its container.
type shelf struct{}

func (shelf) Get(context.Context, string) (account.Account, error) {
	return account.Account{}, tunnus.NotFound(nil)
}

func (shelf) ByDevice(_ context.Context, thumbprint string) ([]account.Account, error) {
	if thumbprint != "phone" {
		return nil, nil
	}
	return []account.Account{{ID: "a", Document: "PNOXX-1-ABCD-Q"}}, nil
}

func (shelf) Of(_ context.Context, id string) (container.Container, error) {
	if id != "a" {
		return container.Container{}, tunnus.NotFound(nil)
	}
	return container.Container{Level: asic.T, File: []byte("PK")}, nil
}

// A container names a person: only the device of the account gets it.
func TestContainerIsForItsHolder(t *testing.T) {
	s := New(Config{Accounts: shelf{}, Containers: shelf{}})
	for _, tt := range []struct {
		name, device, body string
		code               tunnus.Code
	}{
		{"own", "phone", `{"document":"PNOXX-1-ABCD-Q"}`, ""},
		{"another device", "other", `{"document":"PNOXX-1-ABCD-Q"}`, tunnus.CodeNotFound},
		{"another account", "phone", `{"document":"PNOXX-2-ABCD-Q"}`, tunnus.CodeNotFound},
		{"no document", "phone", `{}`, tunnus.CodeNotFound},
	} {
		c := caller{device: tt.device, signed: device.Signed{Request: device.Request{Body: []byte(tt.body)}}}
		got, err := s.container(t.Context(), c)
		if tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", tt.name, err)
		}
		if v, ok := got.(wire.Container); tt.code == "" && (!ok || v.Level != "T" || string(v.File) != "PK") {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}
