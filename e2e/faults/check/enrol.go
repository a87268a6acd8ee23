package check

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// I3: entries of a ledger stay; each has its line; and nothing was judged for
// which no charge stands.
func attemptsKept(s *Sight) error {
	ledger := map[string][]string{}
	kinds := map[string]int{}
	err := s.rows("SELECT key, place, kind, attempt, at, code FROM lock_entry ORDER BY key, place", func(scan func(...any) error) error {
		var key, kind, attempt, code string
		var place, at int64
		err := scan(&key, &place, &kind, &attempt, &at, &code)
		ledger[key] = append(ledger[key], fmt.Sprint(place, kind, attempt, at, code))
		kinds[key+" "+kind]++
		return err
	})
	if err != nil {
		return err
	}
	for key, before := range s.past.ledger {
		if now := ledger[key]; len(now) < len(before) || !slices.Equal(now[:len(before)], before) {
			s.fault("the ledger %.8s has lost or changed entries: %d, %d before", key, len(now), len(before))
		}
	}
	s.past.ledger = ledger
	lines := map[string]int{}
	for _, e := range s.audit {
		if kind, ok := strings.CutPrefix(e.Kind, "lock."); ok {
			lines[e.Subject+" "+kind]++
		}
	}
	for what, n := range lines {
		if kinds[what] < n {
			s.fault("%d of %d entries %q of the audit log stand in the ledger", kinds[what], n, what)
		}
	}
	for what, n := range kinds {
		if lines[what] < n {
			s.fault("%d of %d entries %q of the ledger stand in the audit log", lines[what], n, what)
		}
	}
	return s.judgedIsCharged()
}

// judgedIsCharged compares what the app was answered with the ledger.
func (s *Sight) judgedIsCharged() error {
	charged := map[string]bool{}
	err := s.rows("SELECT attempt FROM lock_entry WHERE kind = 'charged'", func(scan func(...any) error) error {
		var attempt string
		err := scan(&attempt)
		if part := strings.Split(attempt, "/"); len(part) >= 2 {
			charged[part[0]+"/"+part[1]] = true
		}
		return err
	})
	for _, e := range s.told {
		phase, judged := map[string]string{"chip": "proof", "face": "face"}[e.step()], e.Status == 200
		if phase != "" && judged && !charged[e.Session+"/"+phase] {
			s.fault("the %s of session %.8s was judged, and no charge of it stands", e.step(), e.Session)
		}
	}
	return err
}

// I4: a permanent lock that anybody has noted stands in its ledger.
func permanentKept(s *Sight) error {
	for _, e := range s.audit {
		if e.Kind != "lock.permanent" {
			continue
		}
		if !slices.ContainsFunc(s.past.ledger[e.Subject], func(entry string) bool { return strings.Contains(entry, "permanent") }) {
			s.fault("the permanent lock of ledger %.8s is gone", e.Subject)
		}
	}
	return nil
}

// I7: a person who had an active account has one, unless an end was written down;
// a device has one living account at most.
func accountsHandedOver(s *Sight) error {
	all, err := s.accounts()
	if err != nil {
		return err
	}
	active, device := map[string]string{}, map[string]string{}
	for _, a := range all {
		if a.state == "active" {
			active[a.person] = a.id
		}
		if a.state == "active" || a.state == "issued" || a.state == "suspended" {
			if other := device[a.device]; other != "" {
				s.fault("one device has two living accounts, %s and %s", other, a.id)
			}
			device[a.device] = a.id
		}
	}
	for person, id := range s.past.active {
		if active[person] == "" && s.find("account.close", id) < 0 && s.find("account.revoke", id) < 0 && s.find("account.suspend", id) < 0 && s.find("account.expire", id) < 0 {
			s.fault("account %s was active, and its holder has none now", id)
		}
	}
	for _, a := range all {
		gone := a.state == "closed" || a.state == "revoked"
		if by := replacedBy(s, a.id); gone && by != "" && s.find("account.activate", by) < 0 {
			s.fault("account %s was ended for %s, which has never been active", a.id, by)
		}
	}
	s.past.active = active
	return nil
}

// replacedBy returns the account in whose favour one was closed, "" if none was named.
func replacedBy(s *Sight, id string) string {
	for _, e := range s.audit {
		if e.Subject == id && e.Detail["replaced_by"] != "" {
			return e.Detail["replaced_by"]
		}
	}
	return ""
}

// I8: one code of a registration opens once; two registrations never end with one account.
func codesUsedOnce(s *Sight) error {
	used, made := map[string]int{}, map[string]int{}
	for _, e := range s.audit {
		switch e.Kind {
		case "otp.confirmed":
			used[e.Subject]++
		case "account.create":
			made[e.Subject]++
		case "enrol.fact":
			used[e.Subject+" "+e.Detail["fact"]]++
		}
	}
	for what, n := range used {
		if n > 1 {
			s.fault("%q was accepted %d times", what, n)
		}
	}
	for id, n := range made {
		if n > 1 {
			s.fault("account %s was made %d times", id, n)
		}
	}
	return nil
}

// I9: an end that was seen stays as it was.
func endsStand(s *Sight) error {
	end := func(id, how string) {
		if before, ok := s.past.ends[id]; ok && before != how {
			s.fault("session %.12s ended as %q, and now it is %q", id, before, how)
		}
		s.past.ends[id] = how
	}
	all, err := s.sessions()
	if err != nil {
		return err
	}
	for _, v := range all {
		if v.state == "done" || v.state == "refused" || v.state == "expired" {
			end(v.id, v.state+" "+v.why)
		} else if before, ok := s.past.ends[v.id]; ok {
			s.fault("session %.12s ended as %q, and is %s again", v.id, before, v.state)
		}
		if v.state == "done" && v.account == "" {
			s.fault("session %.12s is done without an account", v.id)
		}
	}
	return s.rows("SELECT id, state, end_result, ended FROM login_session", func(scan func(...any) error) error {
		var id, state, result string
		var at int64
		err := scan(&id, &state, &result, &at)
		if before, ok := s.past.ends[id]; err == nil && state != "COMPLETE" && ok {
			s.fault("log-in %.12s ended as %q, and runs again", id, before)
		} else if err == nil && state == "COMPLETE" {
			end(id, fmt.Sprint(result, at))
		}
		return err
	})
}

// grace is how long after its time a session may stand open (catalogue, I14), with
// the pause of the job that looks at it.
const grace = 10*time.Second + 10*time.Second

// I14: nothing waits behind its time while somebody serves.
func nothingStuck(s *Sight) error {
	all, err := s.sessions()
	for _, v := range all {
		late := s.now().Sub(time.UnixMilli(v.due))
		if s.responder != "" && (v.state == "open" || v.state == "undoing") && v.due > 0 && late > grace {
			s.fault("session %.12s is %s, %v behind its time", v.id, v.state, late.Round(time.Second))
		}
	}
	return err
}
