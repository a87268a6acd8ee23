package faults

import (
	"context"
	"crypto/x509"
	"os"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/app"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// twoNodes are two processes on one database of PostgreSQL.
func twoNodes(t *testing.T) (a, b *House) {
	t.Helper()
	a = built(t).running(t, PostgreSQL, Shared)
	b, err := a.Beside()
	if err != nil {
		t.Fatal(err)
	}
	b.start(t)
	t.Cleanup(b.Kill)
	return a, b
}

// party is a service that calls a node.
func (h *House) party(t *testing.T) *client.Client {
	t.Helper()
	read := func(parts ...string) []*x509.Certificate {
		text, err := os.ReadFile(h.world.Path(parts...))
		if err != nil {
			t.Fatal(err)
		}
		certs, err := pki.DecodeCertificates(text)
		if err != nil {
			t.Fatal(err)
		}
		return certs
	}
	profiles, err := pki.Sandbox().Profiles()
	if err != nil {
		t.Fatal(err)
	}
	p, err := pki.Pick(profiles, pki.Login, tunnus.Qualified)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Config{
		BaseURL: h.url + "/v3", UUID: PartyUUID, Name: PartyName, Scheme: "tunnus-demo", TLSRoots: read("tls", "ca.pem"),
		Roots: read("authority", "root.pem"), Issuing: read("authority", "issuing.pem"), Usage: pki.UsageLogin, Level: tunnus.Qualified,
		Policies: map[tunnus.Level][]string{tunnus.Qualified: p.Policies},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each request of a registration goes to another node than the one before it. A
// log-in that is asked at one node is answered through the other one, and the poll
// at the first wakes within a second. The log has one writer and is whole.
func TestTwoNodesOneService(t *testing.T) {
	a, b := twoNodes(t)
	direct := a.http
	a.alternate(b)
	p, err := a.Person(t.Context(), "ben")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Register(t.Context()); err != nil {
		t.Fatalf("%v; A: %s; B: %s", err, a.Tail(), b.Tail())
	}
	a.http = direct
	accounts, err := p.Phone.Accounts(t.Context())
	if err != nil || len(accounts) != 1 {
		t.Fatal(accounts, err)
	}
	for round, at := range []*House{a, b} {
		took := at.loggedIn(t, p.Phone, accounts[0].Document)
		if t.Logf("round %d: the service heard %v after the phone was done", round, took); took > time.Second {
			t.Errorf("the poll woke %v after the answer", took)
		}
	}
	if err := a.Check(t.Context(), true); err != nil {
		t.Error(err)
	}
	var holders int
	if err := a.db.QueryRow("SELECT count(*) FROM log_lease").Scan(&holders); err != nil || holders != 1 {
		t.Errorf("%d leases of the log, %v", holders, err)
	}
}

// loggedIn asks at this node and answers with the phone, whose requests go to both
// in turn; it returns how long after the phone's last answer the service has heard.
func (h *House) loggedIn(t *testing.T, phone *app.App, document string) time.Duration {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	rp := h.party(t)
	q, err := rp.Prepare(client.Ask{Subject: client.Subject{Number: document}, Interactions: []acsp.Interaction{{Type: acsp.DisplayTextAndPIN, Text: "Log in"}}})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := rp.Start(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan time.Time, 1)
	go func() {
		st, err := rp.Wait(ctx, asked)
		if err != nil || st.Result.End != "OK" {
			t.Errorf("the service: %v, %v", st, err)
		}
		heard <- time.Now()
	}()
	if _, err := phone.Next(ctx); err != nil {
		t.Fatal(err)
	}
	done := time.Now()
	return (<-heard).Sub(done)
}

// A node is killed in the middle of what the other one goes on with.
func TestOtherNodeGoesOn(t *testing.T) {
	a, b := twoNodes(t)
	done := make(chan error, 1)
	p, err := b.Person(t.Context(), "hana") // b speaks for itself; a had the lease of the log
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	go func() { done <- p.Register(t.Context()) }()
	time.Sleep(500 * time.Millisecond)
	a.Kill()
	if err := <-done; err != nil {
		t.Fatalf("%v; B: %s", err, b.Tail())
	}
	if err := b.Check(t.Context(), false); err != nil {
		t.Error(err)
	}
}
