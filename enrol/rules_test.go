package enrol

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/account"
	"github.com/tunnus-id/tunnus/account/tell"
	"github.com/tunnus-id/tunnus/enrol/application"
	"github.com/tunnus-id/tunnus/enrol/binding"
	"github.com/tunnus-id/tunnus/enrol/sitting"
	"github.com/tunnus-id/tunnus/enrol/statement"
	"github.com/tunnus-id/tunnus/enrol/way"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// Routes of the rules.
var (
	byAccount   = way.Route{Way: way.Account, Purpose: way.New}
	byCard      = way.Route{Way: way.IDCard, Purpose: way.New}
	childRoute  = way.Route{Way: way.Passport, Purpose: way.New, Minor: true}
	renewal     = way.Route{Way: way.Passport, Purpose: way.Renew}
	cardRenewal = way.Route{Way: way.IDCard, Purpose: way.Renew}
)

// at goes a route until a fact is the next one.
func at(t *testing.T, route way.Route, f way.Fact) (*world, sitting.Ref) {
	t.Helper()
	w, r := newWorld(t).by(route), ref("phone", 1)
	w.upTo(r, f, pass(t, route))
	return w, r
}

// ended demands that the session is over, for a reason, and holds nothing.
func (w *world) ended(r sitting.Ref, why tunnus.Code) {
	w.t.Helper()
	s := w.mem.sessions[r.Session]
	if s.State.Holds() || s.Why != why || s.Payload != nil {
		w.t.Errorf("the session is %s, %q, and holds %d bytes; want an end with %q", s.State, s.Why, len(s.Payload), why)
	}
	for _, a := range w.mine(r.Device) {
		if a.State.Live() {
			w.t.Errorf("account %s is %s", a.ID, a.State)
		}
	}
}

// R1: phone and portal are far from each other, so the new account is held for a
// day, and thaws by itself.
func TestR1FarPortalHoldsTheAccountForADay(t *testing.T) {
	w, r := newWorld(t).by(byCard), ref("phone", 1)
	w.hold = true
	w.upTo(r, "", nil)
	a := w.mine("phone")[0]
	if a.State != account.Frozen || !a.FrozenUntil.Equal(w.now.Add(24*time.Hour)) || !a.Behind || a.Usable(w.now) {
		t.Errorf("the account is %s until %s, behind %v", a.State, a.FrozenUntil, a.Behind)
	}
}

// R2: a chip's answer to the challenge of one session is worth nothing in another.
func TestR2ChipAnswersForOneSession(t *testing.T) {
	w, p := newWorld(t), ada(t, nil)
	thief, victim := ref("thief", 1), ref("phone", 1)
	w.upTo(victim, way.ChipProved, p)
	w.upTo(thief, way.ChipProved, p)
	hers, _, err := w.flow.Challenge(t.Context(), victim)
	if err != nil {
		t.Fatal(err)
	}
	his, _, err := w.flow.Challenge(t.Context(), thief)
	if err != nil || bytes.Equal(hers, his) {
		t.Fatalf("one challenge for two sessions, %v", err)
	}
	refused(t, w.flow.Chip(t.Context(), thief, read(t, p, hers)), tunnus.CodeDocSigBad, -1)
}

// requests notes for which device certificates are asked for.
type requests struct {
	*world
	devices []string
}

func (q *requests) Issue(ctx context.Context, r binding.Request) (account.Certificate, error) {
	q.devices = append(q.devices, r.Device)
	return q.world.Issue(ctx, r)
}

// R2: evidence, application and certificate request name the device key.
func TestR2EverythingNamesTheDeviceKey(t *testing.T) {
	w, p, r := newWorld(t), ada(t, nil), ref("phone", 1)
	asked := &requests{world: w}
	w.cfg.Issuer = asked
	w.restart()
	w.upTo(r, "", p)
	record, err := application.ParseRecord(w.onlyAccount().Application)
	if err != nil || record.Application.Device != "phone" || !slices.Equal(asked.devices, []string{"phone", "phone"}) || w.mem.sessions[r.Session].Device != "phone" {
		t.Errorf("application of %q, %v; certificates of %v", record.Application.Device, err, asked.devices)
	}
}

// R3: the account that vouches is looked at again when its word is taken.
func TestR3HeldAccountDoesNotVouch(t *testing.T) {
	for _, state := range []account.State{account.Frozen, account.Suspended, account.Blocked, account.Closed} {
		w, r := at(t, byAccount, way.AccountVouches)
		if err := w.follow(r, "old"); err != nil {
			t.Fatal(err)
		}
		a := w.mem.accounts["old"]
		a.State = state
		w.mem.accounts["old"] = a
		refused(t, w.flow.Vouch(t.Context(), r), tunnus.CodeSrcAccountNo, -1)
		w.ended(r, tunnus.CodeSrcAccountNo)
		for _, q := range w.mem.questions {
			if !q.State.Over() || q.Sealed != nil {
				t.Errorf("the question is %s and holds %d bytes", q.State, len(q.Sealed))
			}
		}
	}
}

// R3: the new account has the level that was shown, not more.
func TestR3LevelIsThatOfTheAccountThatVouches(t *testing.T) {
	w, r := newWorld(t).by(byAccount), ref("phone", 1)
	a := w.mem.accounts["old"]
	a.Level = tunnus.Advanced
	w.mem.accounts["old"] = a
	w.upTo(r, "", nil)
	made := w.mine("phone")[0]
	if made.Level != tunnus.Advanced || made.VouchedBy != "old" || made.Proofed != account.ByAccount {
		t.Errorf("account: %s, vouched by %q, proofed %s", made.Level, made.VouchedBy, made.Proofed)
	}
	shown := false
	for _, o := range w.keys.offers {
		if s, err := statement.Parse(o.Record); err == nil && s.About == statement.Vouch {
			shown = true
			if s.Level != string(tunnus.Advanced) {
				t.Errorf("the statement shows %s", s.Level)
			}
		}
	}
	if !shown {
		t.Error("no statement was shown")
	}
}

// R3: an account that was vouched for vouches for nobody.
func TestR3NoChainOfVouching(t *testing.T) {
	w, r := newWorld(t).by(byAccount), ref("phone", 1)
	w.upTo(r, "", nil)
	first := w.mine("phone")[0]
	w.now = w.now.Add(100 * time.Hour)
	w.upTo(ref("tablet", 1), way.AccountVouches, nil)
	refused(t, w.follow(ref("tablet", 1), first.ID), tunnus.CodeSrcAccountNo, -1)
}

// The rules of the scheme are asked on the way by an account too.
func TestWayByAccountAsksTheScheme(t *testing.T) {
	w, r := newWorld(t).by(byAccount), ref("phone", 1)
	p := w.people[w.adult]
	p.Birth = w.now.AddDate(-17, 0, 0)
	w.people[w.adult] = p
	w.upTo(r, way.AccountVouches, nil)
	refused(t, w.step(r, way.AccountVouches, nil), tunnus.CodeEligAge, -1)
	w.ended(r, tunnus.CodeEligAge)
}

// A way that the scheme has switched off cannot be begun.
func TestStartOfAWayThatIsOff(t *testing.T) {
	w := newWorld(t).by(byAccount)
	for _, route := range []way.Route{{Way: way.Account, Purpose: way.Renew}, {Way: "other", Purpose: way.New}, {Way: way.Passport, Purpose: way.New, Minor: true}} {
		_, err := w.flow.Start(t.Context(), ref("phone", 1), route, claim(), "")
		refused(t, err, tunnus.CodeBadRequest, -1)
	}
	rules := w.cfg.Rules.Ways[way.Account]
	rules.On = false
	w.cfg.Rules.Ways[way.Account] = rules
	w.restart()
	_, err := w.flow.Start(t.Context(), ref("phone", 1), byAccount, claim(), "")
	refused(t, err, tunnus.CodeBadRequest, -1)
}

// R4: that the old device is gone is a claim; whoever has refused on it is heard,
// whatever the new phone says afterwards.
func TestR4RefusalOnTheOldDeviceIsHeard(t *testing.T) {
	w, r := at(t, renewal, way.DeviceConfirms)
	if err := w.flow.OldDevice(t.Context(), r, false, ""); err != nil {
		t.Fatal(err)
	}
	link, err := w.flow.Link(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.service.Refuse(t.Context(), link, w.mem.accounts["old"]); err != nil {
		t.Fatal(err)
	}
	if link, err := w.flow.Link(t.Context(), r); link != "" || err != nil { // the status can be asked for
		t.Errorf("the link is %q, %v", link, err)
	}
	refused(t, w.flow.OldDevice(t.Context(), r, true, ""), tunnus.CodeConfirmNo, -1)
	w.ended(r, tunnus.CodeConfirmNo)
}

// R4: without the old device, nobody has agreed, and the account says so.
func TestR4WithoutTheOldDeviceNobodyAgreed(t *testing.T) {
	w, r := newWorld(t).by(renewal), ref("phone", 1)
	w.lost = true
	w.upTo(r, "", pass(t, renewal))
	a := w.mine("phone")[0]
	if a.Replaces != "old" || a.Agreed || w.mem.sessions[r.Session].Facts[way.DeviceConfirms].Mark != way.Claimed {
		t.Errorf("replaces %q, agreed %v", a.Replaces, a.Agreed)
	}
	if w.mem.accounts["old"].State != account.Active {
		t.Error("the old account is gone")
	}
}

// Replacing without the holder's consent makes nothing.
func TestReplacementRefused(t *testing.T) {
	w, r := at(t, renewal, way.ReplacementAgreed)
	refused(t, w.flow.Replace(t.Context(), r, false), tunnus.CodeConsentNo, -1)
	w.ended(r, tunnus.CodeConsentNo)
	if w.standing() != 0 || w.mem.accounts["old"].State != account.Active {
		t.Errorf("%d certificates stand; the old account is %s", w.standing(), w.mem.accounts["old"].State)
	}
}

// R5: what is on file comes only after presence.
func TestR5ContactsOnFileComeAfterProof(t *testing.T) {
	w, r := newWorld(t).by(byAccount), ref("phone", 1)
	w.upTo(r, way.AccountVouches, nil)
	if list, err := w.flow.Choices(t.Context(), r); err == nil || len(list) != 0 {
		t.Errorf("masks before the account has vouched: %v, %v", list, err)
	}
	if err := w.step(r, way.AccountVouches, nil); err != nil {
		t.Fatal(err)
	}
	if list, err := w.flow.Choices(t.Context(), r); err != nil || len(list) != 1 || strings.Contains(list[0].Mask, "ada@") {
		t.Errorf("masks: %v, %v", list, err)
	}
}

// R6: a register that is down when it should tell how it reaches somebody holds
// nobody up.
func TestR6RegisterThatIsDownHoldsNobodyUp(t *testing.T) {
	w, r, p := newWorld(t), ref("phone", 1), ada(t, nil)
	w.upTo(r, way.KeysMade, p)
	w.down = true
	w.upTo(r, "", p)
	if got := w.told(tell.Started); len(got) != 0 || w.onlyAccount().State != account.Active {
		t.Errorf("told: %v; the account is %s", got, w.onlyAccount().State)
	}
}

// R7: the app asks "is this you?" before the PINs are recalled; who says no ends it.
func TestR7IsThisYou(t *testing.T) {
	w, r := at(t, byCard, way.IdentityConfirmed)
	who, err := w.flow.Who(t.Context(), r)
	if err != nil || who.Name != "Ada Maria Åsk" || who.Birth != "1990-02-14" {
		t.Errorf("Who = %+v, %v", who, err)
	}
	refused(t, w.flow.IsMe(t.Context(), r, false, ""), tunnus.CodeSesTerminated, -1)
	w.ended(r, tunnus.CodeSesTerminated)
	if len(w.issued) != 0 {
		t.Errorf("%d certificates", len(w.issued))
	}
}

// R12: before the card has told who it is, any account may confirm; one of somebody
// else ends the registration once the card has spoken.
func TestR12OldDeviceOfSomebodyElse(t *testing.T) {
	w, r := newWorld(t).by(cardRenewal), ref("phone", 1)
	w.upTo(r, way.DeviceConfirms, nil)
	w.older("bens", person(t, "PNOXX-"+utopian("19850101001")))
	if err := w.follow(r, "bens"); err != nil {
		t.Fatal(err)
	}
	if err := w.flow.OldDevice(t.Context(), r, false, ""); err != nil {
		t.Fatal(err)
	}
	for _, f := range []way.Fact{way.PINsChosen, way.CodeShown} {
		if err := w.step(r, f, nil); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, w.flow.Card(t.Context(), r), tunnus.CodeSesTerminated, -1)
	w.ended(r, tunnus.CodeSesTerminated)
}

// R12: without the old device, the account that makes place is found once the card
// has told who the applicant is.
func TestR12CardFindsTheOlderAccount(t *testing.T) {
	w, r := newWorld(t).by(cardRenewal), ref("phone", 1)
	w.lost = true
	w.upTo(r, "", nil)
	if a := w.mine("phone")[0]; a.Replaces != "old" || a.Agreed {
		t.Errorf("replaces %q, agreed %v", a.Replaces, a.Agreed)
	}
}

// Both PINs are recalled before anything else is asked, each with its own key.
func TestRecallNeedsBothPINs(t *testing.T) {
	w, r := at(t, byCard, way.PINsRecalled)
	recall, err := w.flow.Recall(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for tx, key := range map[string]string{recall.Login: "phone-login", recall.Sign: "phone-signature"} {
		o := w.keys.offers[tx]
		says, err := statement.Parse(o.Record)
		if err != nil || o.KeyID != key || o.Padding != splitkey.Internal || says.About != statement.Recall || says.Device != "phone" || says.Session != r.Session {
			t.Errorf("%s: %+v, %v", key, o, err)
		}
	}
	refused(t, w.flow.Recalled(t.Context(), r), tunnus.CodeStateConflict, -1)
	w.keys.sign(recall.Login, w.keys.offers[recall.Login].Record)
	refused(t, w.flow.Recalled(t.Context(), r), tunnus.CodeStateConflict, -1)
	if again, err := w.flow.Recall(t.Context(), r); err != nil || again != recall {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	w.keys.sign(recall.Sign, w.keys.offers[recall.Sign].Record)
	if err := w.flow.Recalled(t.Context(), r); err != nil {
		t.Error(err)
	}
}
