package store

import (
	"fmt"
	"testing"

	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/life"
	"github.com/tunnus-id/tunnus/store/engine"
)

// Accounts from before they could be blocked: each stands as it stood, was told of
// long ago, and keys and certificates of those that ended are looked after once more,
// for they were not always then. What has ended stays ended in the new table too.
func TestAccountsOfAnOlderDatabase(t *testing.T) {
	states := []account.State{account.Issued, account.Active, account.Suspended, account.Revoked, account.Closed, account.Expired}
	empty(t, func(t *testing.T, where string) {
		var rows []string
		for _, s := range states {
			rows = append(rows, fmt.Sprintf(`INSERT INTO account VALUES ('%s', 3, 'PNOXX-199002140017', 'number-%[1]s', 's', 'g', 'QUALIFIED', '%[1]s',
			'device-%[1]s', 'login', 'sign', '[]', 'x', '', '', %d, %d)`, s, engine.Millis(noon), engine.Millis(noon.AddDate(3, 0, 0))))
		}
		aged(t, where, 31, engine.Schema{}, rows...)
		s := openAt(t, where)
		for _, state := range states {
			a, err := s.Accounts().Get(t.Context(), string(state))
			if err != nil || a.State != state || a.Rev != 3 || a.Proofed != account.ByPassport || a.Purpose != account.ForNew {
				t.Errorf("%s: %+v, %v", state, a, err)
			}
			if begun := state != account.Issued; a.Told != begun || a.ActiveAt.IsZero() == begun || a.Behind == state.Live() {
				t.Errorf("%s: told %t, active at %v, behind %t", state, a.Told, a.ActiveAt, a.Behind)
			}
		}
		ids, err := s.Life().List(t.Context(), life.Behind, noon, "", 10)
		if err != nil || fmt.Sprint(ids) != "[closed expired revoked]" {
			t.Errorf("behind: %v, %v", ids, err)
		}
		writer, _ := s.d.Raw()
		if _, err := writer.ExecContext(t.Context(), "UPDATE account SET state = 'active' WHERE id = 'closed'"); err == nil {
			t.Error("a closed account was revived")
		}
	})
}
