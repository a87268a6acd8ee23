package server

import (
	"context"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/app/wire"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/trust/proof"
)

// registry has the accounts of two devices, and proves what it is asked for.
type registry struct{ Accounts }

func (registry) ByDevice(_ context.Context, thumbprint string) ([]account.Account, error) {
	return []account.Account{{
		ID: "acc of " + thumbprint, Document: "PNOXX-1-" + thumbprint,
		Certificates: []account.Certificate{{Purpose: "login", DER: []byte("login of " + thumbprint)}},
	}}, nil
}

func (registry) Certificate(_ context.Context, id string, der []byte) (proof.Inclusion, string, error) {
	return proof.Inclusion{Record: []byte(id + ": " + string(der))}, "key", nil
}

// A line of the log names an account: only its own device is given it.
func TestLoggedIsForItsHolder(t *testing.T) {
	s := New(Config{Accounts: registry{}, Proofs: registry{}})
	for _, tt := range []struct {
		name, device, body string
		code               tunnus.Code
	}{
		{"own", "phone", `{"document":"PNOXX-1-phone","purpose":"login"}`, ""},
		{"of another device", "other", `{"document":"PNOXX-1-phone","purpose":"login"}`, tunnus.CodeNotFound},
		{"no such purpose", "phone", `{"document":"PNOXX-1-phone","purpose":"signature"}`, tunnus.CodeNotFound},
		{"nothing named", "phone", `{}`, tunnus.CodeNotFound},
		{"something more", "phone", `{"document":"PNOXX-1-phone","purpose":"login","account":"acc of other"}`, tunnus.CodeUnknownField},
	} {
		c := caller{device: tt.device, signed: device.Signed{Request: device.Request{Body: []byte(tt.body)}}}
		got, err := s.logged(t.Context(), c)
		if tunnus.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", tt.name, err)
		}
		if v, ok := got.(wire.Logged); tt.code == "" && (!ok || v.Key != "key" || string(v.Inclusion.Record) != "acc of phone: login of phone") {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}
