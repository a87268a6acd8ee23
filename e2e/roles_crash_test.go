package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// evaluations are the tries that keyshare has charged in log-ins and applications.
const evaluations = "SELECT count(*) FROM keyshare_evaluation"

// Kill -9 of keyshare behind the charge of a wrong PIN, and again behind that of
// the right one: after the restarts the log-in ends well, no try was refunded and
// none charged twice, and nobody is taken for a copy.
func TestRolesKillKeyshareBetweenChargeAndVerdict(t *testing.T) {
	s := startSplit(t)
	h, a, who := s.register()
	h.typed["pin1"] = []string{"9999", "4719"}
	before := s.rows("keyshare", evaluations)
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	done := answer(ctx, a)
	asked := make(chan error, 1)
	go func() { _, err := s.ask(ctx, who); asked <- err }()
	for n := 1; n <= 2; n++ {
		until(t, fmt.Sprintf("try %d is charged", n), func() bool { return s.rows("keyshare", evaluations) == before+n })
		s.keyshare.kill()
		if n := s.rows("keyshare", "SELECT count(*) FROM keyshare_transaction WHERE kind = 'acsp' AND state = 'signed'"); n != 0 {
			t.Fatal("it was signed before the kill: this run proves nothing")
		}
		s.keyshare.run()
	}
	if err := <-done; err != nil {
		t.Errorf("app: %s; told %v; log %s", app.Explain(err), h.told, s.log)
	}
	if err := <-asked; err != nil {
		t.Errorf("the service: %v", err)
	}
	if n := s.rows("keyshare", evaluations); n != before+2 {
		t.Errorf("%d tries are charged; want 2", n-before)
	}
	if n := s.rows("keyshare", "SELECT sum(unconfirmed) FROM keyshare_key"); n != 1 {
		t.Errorf("%d tries stay unconfirmed; want the wrong one", n)
	}
	if n := s.rows("keyshare", "SELECT count(*) FROM keyshare_key WHERE state <> 'ready'"); n != 0 {
		t.Errorf("%d keys are not ready: a copy was seen where there is none", n)
	}
}

// The authority goes down before the certificates are made, and comes back: the
// registration waits, goes on where it was, and each key has one certificate.
func TestRolesIssueGoesDownDuringRegistration(t *testing.T) {
	s := startSplit(t)
	s.issue.kill()
	h := s.newHolder("ben")
	done := make(chan error, 1)
	a := s.phone(h, "ben.phone")
	go func() { _, err := a.Register(t.Context()); done <- err }()
	until(t, "the keys are made and nobody certifies them", func() bool {
		return strings.Contains(s.log.String(), `"code":"service-down"`)
	})
	select {
	case err := <-done:
		t.Fatalf("the registration ended: %v", err)
	default:
	}
	s.issue.run()
	if err := <-done; err != nil {
		t.Fatalf("after the restart: %s; server: %s", app.Explain(err), s.log)
	}
	if n := s.rows("issue", "SELECT count(*) FROM certificate"); n != 2 {
		t.Errorf("%d certificates and intents; want 2", n)
	}
	if n := s.rows("server", "SELECT count(*) FROM account WHERE state = 'active'"); n != 1 {
		t.Errorf("%d active accounts", n)
	}
}

// With keyshare down for good nothing is signed, nothing is a yes, and what is
// told is that a part of the service does not answer; afterwards all goes on.
func TestRolesKeyshareDownIsNoYes(t *testing.T) {
	s := startSplit(t)
	_, a, who := s.register()
	s.keyshare.kill()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	_, err := s.ask(ctx, who)
	if told, ok := errors.AsType[*client.HTTPError](err); err == nil || ok && told.Status != 503 {
		t.Errorf("a log-in without keyshare: %v; want 503", err)
	}
	s.keyshare.run()
	s.logIn(a, who)
	if n := s.rows("server", "SELECT count(*) FROM account WHERE state = 'active'"); n != 1 {
		t.Errorf("%d active accounts", n)
	}
	if strings.Contains(s.log.String(), string(tunnus.CodeAccCloned)) {
		t.Error("somebody was taken for a copy")
	}
}

// BenchmarkRolesLogin is BenchmarkLogin with three processes: the whole log-in, from
// the service's question to its answer, and what each process holds resident.
func BenchmarkRolesLogin(b *testing.B) {
	s := startSplit(b)
	_, a, who := s.register()
	rp := s.party()
	for b.Loop() {
		ctx, stop := context.WithTimeout(b.Context(), time.Minute)
		q, err := rp.Prepare(client.Ask{Subject: who, Interactions: []acsp.Interaction{{Type: acsp.DisplayTextAndPIN, Text: "Log in"}}})
		if err != nil {
			b.Fatal(err)
		}
		p, err := rp.Start(ctx, q)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := a.Next(ctx); err != nil {
			b.Fatal(err)
		}
		if st, err := rp.Wait(ctx, p); err != nil || st.Result.End != "OK" {
			b.Fatal("the service heard nothing")
		}
		stop()
	}
	b.ReportMetric(s.resident(), "front-rss-MB")
	for name, p := range map[string]*process{"keyshare": s.keyshare, "issue": s.issue} {
		b.ReportMetric((&server{t: b, cmd: p.cmd}).resident(), name+"-rss-MB")
	}
}
