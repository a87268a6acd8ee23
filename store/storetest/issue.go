package storetest

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/storetest/check"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/pki"
)

func intent(serial string) issue.Row {
	return issue.Row{
		Serial: serial, Request: "request" + serial, Digest: []byte{1, 0}, Account: "account", Purpose: pki.Purpose("login"),
		Level: tunnus.Qualified, Key: []byte("key" + serial), TBS: []byte{0x30, 0}, Intent: check.At(0), From: check.At(-1), To: check.At(1000),
	}
}

// wantRow checks that this is all that the account has.
func wantRow(t *testing.T, f check.Fixture[issue.Store], want issue.Row) {
	t.Helper()
	got, err := f.Port().ByAccount(t.Context(), "account")
	check.Same(t, "ByAccount", got, err, []issue.Row{want})
}

// Certificates tests an implementation of [issue.Store].
func Certificates(t *testing.T, fresh func(t *testing.T) check.Fixture[issue.Store]) {
	t.Run("keeps a certificate whole", func(t *testing.T) { wholeCertificate(t, fresh(t)) })
	t.Run("the same request gets the first intent", func(t *testing.T) {
		f := fresh(t)
		if won := check.Race(t, func(i int) error {
			v := intent("01")
			v.Intent = check.At(i)
			_, err := f.Port().Intend(t.Context(), v, check.Event("cert.intent", "01"))
			return err
		}); won != 50 {
			t.Errorf("%d of 50 got it", won)
		}
		check.Events(t, f, "01", "cert.intent")
	})
	t.Run("a key and a serial number are certified once", func(t *testing.T) {
		f := fresh(t)
		_, err := f.Port().Intend(t.Context(), intent("01"), nil)
		check.Must(t, "Intend", err)
		key, serial := intent("02"), intent("03")
		key.Key, serial.Serial = intent("01").Key, "01"
		for _, v := range []issue.Row{key, serial} {
			_, err := f.Port().Intend(t.Context(), v, check.Event("cert.intent", "other"))
			check.Code(t, "Intend", err, tunnus.CodeStateConflict)
		}
		check.Events(t, f, "other")
	})
	t.Run("a certificate is never exchanged", func(t *testing.T) { issuedOnce(t, fresh(t)) })
	t.Run("the first revocation stands", func(t *testing.T) {
		f := fresh(t)
		v, err := f.Port().Intend(t.Context(), intent("01"), nil)
		check.Must(t, "Intend", err)
		for i, why := range []issue.Reason{"superseded", "keyCompromise"} {
			check.Must(t, "Revoke", f.Port().Revoke(t.Context(), "01", check.At(i), why, check.Event("cert.revoked", "01")))
		}
		v.Revoked, v.Reason = check.At(0), "superseded"
		wantRow(t, f, v)
		check.Events(t, f, "01", "cert.revoked")
		check.Code(t, "Revoke of none", f.Port().Revoke(t.Context(), "02", time.Time{}, "superseded", nil), tunnus.CodeNotFound)
		check.Refused(t, f, "UPDATE certificate SET revoked = 0, reason = ''", "DELETE FROM certificate")
	})
	t.Run("records a refusal", func(t *testing.T) {
		f := fresh(t)
		check.Must(t, "Record", f.Port().Record(t.Context(), check.Event("cert.refused", "01")))
		check.Events(t, f, "01", "cert.refused")
	})
}

func issuedOnce(t *testing.T, f check.Fixture[issue.Store]) {
	check.Code(t, "Issued of none", f.Port().Issued(t.Context(), "01", []byte{7}, check.At(1), nil), tunnus.CodeNotFound)
	v, err := f.Port().Intend(t.Context(), intent("01"), nil)
	check.Must(t, "Intend", err)
	for i := range 2 {
		check.Must(t, "the same bytes", f.Port().Issued(t.Context(), "01", []byte{7}, check.At(i+1), check.Event("cert.issued", "01")))
	}
	err = f.Port().Issued(t.Context(), "01", []byte{8}, check.At(3), check.Event("cert.issued", "01"))
	check.Code(t, "other bytes", err, tunnus.CodeStateConflict)
	v.Certificate, v.Issued = []byte{7}, check.At(1)
	wantRow(t, f, v)
	check.Events(t, f, "01", "cert.issued")
}

func wholeCertificate(t *testing.T, f check.Fixture[issue.Store]) {
	v := intent("01")
	v.Held = check.At(-1)
	got, err := f.Port().Intend(t.Context(), v, check.Event("cert.intent", "01"))
	check.Same(t, "Intend", got, err, v)
	check.Must(t, "Issued", f.Port().Issued(t.Context(), "01", []byte{7}, check.At(1), check.Event("cert.issued", "01")))
	check.Must(t, "Revoke", f.Port().Revoke(t.Context(), "01", check.At(2), "keyCompromise", check.Event("cert.revoked", "01")))
	v.Certificate, v.Issued, v.Revoked, v.Reason = []byte{7}, check.At(1), check.At(2), "keyCompromise"
	f.Reopen()
	rows, err := f.Port().ByAccount(t.Context(), "account")
	if len(rows) != 1 || err != nil {
		t.Fatalf("ByAccount = %d rows, %v", len(rows), err)
	}
	check.Whole(t, "ByAccount", rows[0], nil, v)
	check.Events(t, f, "01", "cert.intent", "cert.issued", "cert.revoked")
}
