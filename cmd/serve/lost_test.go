package serve

import (
	"net/http"
	"testing"

	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/app/wire"
)

// The answer to any step may be lost, with the server's memory of it or without:
// the same journey ends well, and nothing is done twice.
func TestLostAnswerOfEachStep(t *testing.T) {
	steps := []string{
		wire.StepTerms, wire.StepConsent, wire.StepForm, wire.StepChip, wire.StepSendCode, wire.StepContact,
		wire.StepRegister, wire.StepFace, wire.StepKeys, wire.StepApplication,
	}
	for _, step := range steps {
		for name, killed := range map[string]bool{"": false, ", and the server died": true} {
			t.Run(step+name, func(t *testing.T) {
				h, ben, phone := fresh(t)
				h.loseOnce(wire.PathRegistration+"/"+step, killed)
				account, err := phone.Register(t.Context())
				if err != nil {
					t.Fatalf("%s; asked %v; told %v", app.Explain(err), ben.asked, ben.told)
				}
				if account.State != "active" || h.line.cut != nil {
					t.Errorf("account %s; answer lost: %v", account.State, h.line.cut == nil)
				}
				if list := sure(h.store.Accounts().ByPerson(t.Context(), ben.person.Code))(t); len(list) != 1 {
					t.Errorf("%d accounts", len(list))
				}
			})
		}
	}
}

// loseOnce loses the first answer of a path; the request itself is served. If the
// server is killed there, it has not kept the answer either.
func (h *house) loseOnce(path string, killed bool) {
	h.line.mu.Lock()
	defer h.line.mu.Unlock()
	h.line.cut = func(r *http.Request) bool {
		if r.URL.Path != path {
			return false
		}
		h.line.cut = nil
		h.killed = killed
		h.line.after = func() { h.line.mu.Lock(); defer h.line.mu.Unlock(); h.killed = false }
		return true
	}
}
