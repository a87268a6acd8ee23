package desk

import (
	"context"

	"github.com/tunnus-id/tunnus/key/hsm/rewrap"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// The sealed records of this package, as a rotation of sealing keys goes through
// them (package rewrap): for each place how they are listed and how one is written.

// SealedFolder lists the records at review_case.folder.
func SealedFolder(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedFolder(ctx, db.SealedFolderParams{After: after, Many: many})
	return engine.Each("sealed records", list, err, func(r db.SealedFolderRow) rewrap.Row { return rewrap.Row(r) })
}

// ResealFolder writes a record at review_case.folder.
func ResealFolder(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	return t.ResealFolder(ctx, db.ResealFolderParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
}

// SealedPictures lists the records at review_case.pictures.
func SealedPictures(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedPictures(ctx, db.SealedPicturesParams{After: after, Many: many})
	return engine.Each("sealed records", list, err, func(r db.SealedPicturesRow) rewrap.Row { return rewrap.Row(r) })
}

// ResealPictures writes a record at review_case.pictures.
func ResealPictures(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	return t.ResealPictures(ctx, db.ResealPicturesParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
}

// SealedCaseContact lists the records at review_case.contact.
func SealedCaseContact(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedCaseContact(ctx, db.SealedCaseContactParams{After: after, Many: many})
	return engine.Each("sealed records", list, err, func(r db.SealedCaseContactRow) rewrap.Row { return rewrap.Row(r) })
}

// ResealCaseContact writes a record at review_case.contact.
func ResealCaseContact(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	return t.ResealCaseContact(ctx, db.ResealCaseContactParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
}

// SealedDesk lists the records at desk_session.payload.
func SealedDesk(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedDesk(ctx, db.SealedDeskParams{After: after, Many: many})
	return engine.Each("sealed records", list, err, func(r db.SealedDeskRow) rewrap.Row { return rewrap.Row(r) })
}

// ResealDesk writes a record at desk_session.payload.
func ResealDesk(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	return t.ResealDesk(ctx, db.ResealDeskParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
}

// SealedAppointment lists the records at appointment.contact.
func SealedAppointment(ctx context.Context, q *db.Queries, after string, many int32) ([]rewrap.Row, error) {
	list, err := q.SealedAppointment(ctx, db.SealedAppointmentParams{After: after, Many: many})
	return engine.Each("sealed records", list, err, func(r db.SealedAppointmentRow) rewrap.Row { return rewrap.Row(r) })
}

// ResealAppointment writes a record at appointment.contact.
func ResealAppointment(ctx context.Context, t *engine.Tx, r rewrap.Row, fresh []byte) (int64, error) {
	return t.ResealAppointment(ctx, db.ResealAppointmentParams{Fresh: fresh, ID: r.ID, Sealed: r.Sealed, Rev: r.Rev})
}
