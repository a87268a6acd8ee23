package storetest

import (
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/store/storetest/check"
	"github.com/tunnus-id/tunnus/trust/issue"
	"github.com/tunnus-id/tunnus/trust/status"
)

// StatusPorts are the ports that see the status of one and the same certificate.
type StatusPorts struct {
	Certificates issue.Store
	Holds        issue.Holds
	Source       status.Source
	Shelf        status.Shelf
}

// Holds tests implementations of [issue.Holds], [status.Source] and [status.Shelf].
func Holds(t *testing.T, fresh func(t *testing.T) check.Fixture[StatusPorts]) {
	t.Run("a suspension begins once, ends, and is seen at once", func(t *testing.T) { suspension(t, fresh(t)) })
	t.Run("what is revoked is neither suspended nor resumed", func(t *testing.T) { revokedForEver(t, fresh(t)) })
	t.Run("each change of a status changes the mark", func(t *testing.T) { marks(t, fresh(t)) })
	t.Run("bad ones come in pages, without those that ended", func(t *testing.T) { pages(t, fresh(t)) })
	t.Run("numbers of lists rise by one", func(t *testing.T) { numbers(t, fresh(t)) })
}

// issued makes a certificate with a serial number.
func issued(t *testing.T, f check.Fixture[StatusPorts], serial string) {
	t.Helper()
	_, err := f.Port().Certificates.Intend(t.Context(), intent(serial), nil)
	check.Must(t, "Intend", err)
	check.Must(t, "Issued", f.Port().Certificates.Issued(t.Context(), serial, []byte(serial), check.At(1), nil))
}

// wantStanding checks what is known of 01.
func wantStanding(t *testing.T, f check.Fixture[StatusPorts], want status.Standing) {
	t.Helper()
	got, err := f.Port().Source.Standing(t.Context(), "01")
	want.Serial = "01"
	check.Same(t, "Standing", got, err, want)
}

func suspension(t *testing.T, f check.Fixture[StatusPorts]) {
	_, err := f.Port().Source.Standing(t.Context(), "01")
	check.Code(t, "Standing of none", err, tunnus.CodeNotFound)
	_, err = f.Port().Certificates.Intend(t.Context(), intent("01"), nil)
	check.Must(t, "Intend", err)
	wantStanding(t, f, status.Standing{})
	check.Must(t, "Issued", f.Port().Certificates.Issued(t.Context(), "01", []byte{7}, check.At(1), nil))
	check.Must(t, "Lift of what is not held", f.Port().Holds.Lift(t.Context(), "01", check.At(1), check.Event("cert.resumed", "01")))
	for i := range 2 {
		check.Must(t, "Hold", f.Port().Holds.Hold(t.Context(), "01", check.At(2+i), check.Event("cert.suspended", "01")))
	}
	f.Reopen()
	wantStanding(t, f, status.Standing{Certificate: []byte{7}, Held: check.At(2)})
	check.Must(t, "Lift", f.Port().Holds.Lift(t.Context(), "01", check.At(4), check.Event("cert.resumed", "01")))
	wantStanding(t, f, status.Standing{Certificate: []byte{7}})
	check.Events(t, f, "01", "cert.suspended", "cert.resumed")
	for _, do := range []func() error{
		func() error { return f.Port().Holds.Hold(t.Context(), "02", check.At(1), nil) },
		func() error { return f.Port().Holds.Lift(t.Context(), "02", check.At(1), nil) },
	} {
		check.Code(t, "of none", do(), tunnus.CodeNotFound)
	}
}

func revokedForEver(t *testing.T, f check.Fixture[StatusPorts]) {
	issued(t, f, "01")
	check.Must(t, "Hold", f.Port().Holds.Hold(t.Context(), "01", check.At(2), nil))
	check.Must(t, "Revoke", f.Port().Certificates.Revoke(t.Context(), "01", check.At(3), "keyCompromise", nil))
	check.Code(t, "Hold", f.Port().Holds.Hold(t.Context(), "01", check.At(4), check.Event("cert.suspended", "01")), tunnus.CodeStateConflict)
	check.Code(t, "Lift", f.Port().Holds.Lift(t.Context(), "01", check.At(4), check.Event("cert.resumed", "01")), tunnus.CodeStateConflict)
	wantStanding(t, f, status.Standing{Certificate: []byte("01"), Held: check.At(2), Revoked: check.At(3), Reason: "keyCompromise"})
	check.Events(t, f, "01")
	check.Refused(t, f, "UPDATE certificate SET held = 0", "UPDATE certificate SET held = 7")
}

func marks(t *testing.T, f check.Fixture[StatusPorts]) {
	issued(t, f, "01")
	issued(t, f, "02")
	last, err := f.Port().Shelf.Mark(t.Context())
	check.Same(t, "Mark", last, err, status.Mark{})
	for _, step := range []struct {
		what string
		do   func() error
		want status.Mark
	}{
		{"Hold", func() error { return f.Port().Holds.Hold(t.Context(), "01", check.At(5), nil) }, status.Mark{Count: 1, Newest: check.At(5)}},
		{"late Revoke", func() error { return f.Port().Certificates.Revoke(t.Context(), "02", check.At(4), "superseded", nil) }, status.Mark{Count: 2, Newest: check.At(5)}},
		{"Lift", func() error { return f.Port().Holds.Lift(t.Context(), "01", check.At(6), nil) }, status.Mark{Count: 1, Newest: check.At(6)}},
		{"Revoke", func() error { return f.Port().Certificates.Revoke(t.Context(), "01", check.At(7), "superseded", nil) }, status.Mark{Count: 2, Newest: check.At(7)}},
	} {
		check.Must(t, step.what, step.do())
		got, err := f.Port().Shelf.Mark(t.Context())
		check.Same(t, "Mark after "+step.what, got, err, step.want)
	}
}

func pages(t *testing.T, f check.Fixture[StatusPorts]) {
	for _, serial := range []string{"01", "02", "03", "04"} {
		issued(t, f, serial)
	}
	_, err := f.Port().Certificates.Intend(t.Context(), intent("05"), nil) // never issued
	check.Must(t, "Intend", err)
	for _, serial := range []string{"01", "03", "05"} {
		check.Must(t, "Revoke", f.Port().Certificates.Revoke(t.Context(), serial, check.At(2), "superseded", nil))
	}
	check.Must(t, "Hold", f.Port().Holds.Hold(t.Context(), "02", check.At(3), nil))
	first := []status.Standing{
		{Serial: "01", Certificate: []byte("01"), Revoked: check.At(2), Reason: "superseded"},
		{Serial: "02", Certificate: []byte("02"), Held: check.At(3)},
	}
	got, err := f.Port().Shelf.Bad(t.Context(), check.At(1000), "", 2)
	check.Same(t, "first page", got, err, first)
	got, err = f.Port().Shelf.Bad(t.Context(), check.At(1000), "02", 2)
	check.Same(t, "second page", got, err, []status.Standing{{Serial: "03", Certificate: []byte("03"), Revoked: check.At(2), Reason: "superseded"}})
	got, err = f.Port().Shelf.Bad(t.Context(), check.At(1000).Add(time.Second), "", 2)
	check.Same(t, "all ended", got, err, []status.Standing{})
}

func numbers(t *testing.T, f check.Fixture[StatusPorts]) {
	got, err := f.Port().Shelf.Latest(t.Context(), "a")
	check.Same(t, "none", got, err, status.List{})
	list := func(n int64) status.List {
		return status.List{Issuer: "a", Number: n, Made: check.At(1), Next: check.At(2), Mark: status.Mark{Count: 3, Newest: check.At(4)}, DER: []byte{byte(n)}}
	}
	check.Code(t, "not from 2", f.Port().Shelf.Publish(t.Context(), list(2), check.Event("crl.made", "a")), tunnus.CodeStateConflict)
	check.One(t, "the first", func(int) error { return f.Port().Shelf.Publish(t.Context(), list(1), check.Event("crl.made", "a")) })
	for n := int64(2); n < 7; n++ {
		check.Must(t, "Publish", f.Port().Shelf.Publish(t.Context(), list(n), nil))
	}
	check.Code(t, "an old number", f.Port().Shelf.Publish(t.Context(), list(1), nil), tunnus.CodeStateConflict)
	f.Reopen()
	got, err = f.Port().Shelf.Latest(t.Context(), "a")
	check.Whole(t, "Latest", got, err, list(6))
	got, err = f.Port().Shelf.Latest(t.Context(), "b")
	check.Same(t, "another issuer's", got, err, status.List{})
	check.Events(t, f, "a", "crl.made")
}
