package copies

import (
	"github.com/tunnus-id/tunnus/account/contact"
	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

// A Member is what is kept of a member of staff who has ended: the whole row, so
// that a database which never had it lets nobody have that ID again.
type Member struct {
	ID      string `json:"id"`
	Roles   string `json:"roles"`
	Key     []byte `json:"key"`  // public
	Mark    string `json:"mark"` // keyed hash
	AddedAt int64  `json:"added"`
	EndedAt int64  `json:"ended"`
}

// EndedMember leaves a copy of a member, once he has ended.
func EndedMember(t *engine.Tx, r db.StaffMember) error {
	if r.EndedAt == 0 {
		return nil
	}
	c, err := OfMember(r)
	return leave(t, c, err)
}

// OfMember is the copy of a member. Nobody who has ended comes back, so it has one
// revision; one who works here has none.
func OfMember(r db.StaffMember) (Copy, error) {
	rev := int64(0)
	if r.EndedAt != 0 {
		rev = 1
	}
	return made(KindMember, r.ID, rev, Member{r.ID, r.Roles, r.Key, r.Mark, r.AddedAt, r.EndedAt})
}

// A Contact is what is kept of a contact: keyed hashes, and where it stands.
type Contact struct {
	Person    string `json:"person"`
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	State     string `json:"state"`
	Since     int64  `json:"since"`
	HeldUntil int64  `json:"held"`
	Account   string `json:"account"` // that brought it
}

// ContactState leaves a copy of a contact that was stopped or is taken off, and of
// one that is good again; rev is that of the row as it is stored now.
func ContactState(t *engine.Tx, v Contact, rev int64) error {
	again := v.State == string(contact.Confirmed) && rev > 1
	if !again && !Silenced(v.State) {
		return nil
	}
	c, err := OfContact(v, rev)
	return leave(t, c, err)
}

// Silenced reports whether a contact in that state gets no codes, by the word of
// somebody.
func Silenced(state string) bool {
	return state == string(contact.Stopped) || state == string(contact.Leaving) || state == string(contact.Removed)
}

// OfContact is the copy of a contact. Its revision is of the contact's whole life
// ([Contact.Order]).
func OfContact(v Contact, rev int64) (Copy, error) {
	return made(KindContact, v.Person+"/"+v.ID, v.Order(rev), v)
}

const revBits = 20

// Order puts all that a contact ever was into one order: a row that the nightly job has
// deleted may come again, with revisions from 1 on, but not with an older time.
func (v Contact) Order(rev int64) int64 { return v.Since<<revBits | Rev(rev) }

// Rev is the row's own revision in what [Contact.Order] made.
func Rev(order int64) int64 { return order & (1<<revBits - 1) }

// ContactOf reads a contact from its row.
func ContactOf(r db.Contact) Contact {
	return Contact{r.Person, r.ID, r.Kind, r.State, r.Since, r.HeldUntil, r.Account}
}
