// Package rp is a relying party on the command line: it asks somebody to log in by
// the RP API, and verifies the answer as a service must (package client).
package rp

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/client"
	"github.com/tunnus-id/tunnus/cmd/serve/inputs"
	"github.com/tunnus-id/tunnus/enrol/scheme"
	"github.com/tunnus-id/tunnus/login/acsp"
	"github.com/tunnus-id/tunnus/sandbox/demo"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// ErrRefused ends a log-in that did not come about: why was printed.
var ErrRefused = errors.New("rp: not logged in")

// Command is `tunnus rp`.
type Command struct {
	Login Login `cmd:"" help:"Ask somebody to log in, and verify the answer."`
}

// Login is `tunnus rp login`.
type Login struct {
	Server    string        `help:"Address of the server." default:"https://127.0.0.1:8443"`
	CA        string        `help:"Authority of the server's TLS certificate, PEM." type:"existingfile"`
	Authority string        `required:"" help:"Folder with root.pem and issuing.pem of the scheme." type:"existingdir"`
	UUID      string        `required:"" help:"relyingPartyUUID."`
	Name      string        `required:"" help:"relyingPartyName, as the operator configured it."`
	Scheme    string        `help:"Scheme name that enters what is signed." default:"tunnus-demo"`
	Person    string        `help:"Semantics identifier of who is asked, such as PNOXX-199002140017." xor:"who" required:""`
	Document  string        `help:"Document number of the account that is asked." xor:"who" required:""`
	Text      string        `help:"What the person is shown." default:"Log in"`
	Screen    string        `help:"Kind of screen: displayTextAndPIN, confirmationMessage or confirmationMessageAndVerificationCodeChoice." default:"displayTextAndPIN"`
	Hash      string        `help:"Hash algorithm." default:"SHA-512"`
	Level     string        `help:"Least level that is accepted." default:"QUALIFIED" enum:"ADVANCED,QUALIFIED"`
	Status    bool          `help:"Ask the OCSP responder that the certificate names; without an answer there is no log-in."`
	Rules     string        `name:"scheme-file" help:"Scheme file, whose certificate policies are demanded; without it those of the schemes that ship." type:"existingfile"`
	Like      string        `help:"Whose identifiers the certificates have: ours, or those of Smart-ID in a compatible sandbox." enum:"tunnus,smart-id" default:"tunnus"`
	Client    string        `help:"PEM file with the TLS client certificate and its key." type:"existingfile"`
	Keep      string        `help:"Folder to leave certificates, signed payload and signature in." type:"path"`
	Timeout   time.Duration `help:"How long to wait." default:"2m"`
	JSON      bool          `help:"Print one JSON object."`
}

// Run asks, waits and verifies.
func (c *Login) Run(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, c.Timeout)
	defer stop()
	rp, err := c.client()
	if err != nil {
		return err
	}
	ask := client.Ask{
		Subject:      client.Subject{Number: c.Document},
		Interactions: []acsp.Interaction{{Type: acsp.Type(c.Screen), Text: c.Text}},
		Hash:         acsp.Hash(c.Hash), Level: tunnus.Level(c.Level),
	}
	if c.Person != "" {
		if ask.Subject.Person, err = tunnus.ParseSemanticsID(c.Person); err != nil {
			return err
		}
	}
	who, err := c.ask(ctx, rp, ask)
	report := demo.Login{EndResult: "OK", Verified: err == nil}
	if refusal, ok := errors.AsType[*client.Refusal](err); ok {
		report.Reason = string(refusal.Reason)
		if refusal.End != "" {
			report.EndResult = refusal.End
		}
	} else if err != nil {
		return plain(ctx, err)
	}
	if err == nil {
		report.Level, report.Document = string(who.Level), who.Number
		if c.Keep != "" {
			if err := keepLogin(c.Keep, c.Authority, who); err != nil {
				return err
			}
		}
	}
	return c.tell(report, who, err)
}

// ask is client.Authenticate, but that the code is shown once the server has
// taken the request: what is printed stays on the terminal if it does not.
func (c *Login) ask(ctx context.Context, rp *client.Client, ask client.Ask) (client.Identity, error) {
	q, err := rp.Prepare(ask)
	if err != nil {
		return client.Identity{}, err
	}
	p, err := rp.Start(ctx, q)
	if err != nil {
		return client.Identity{}, err
	}
	if !c.JSON {
		fmt.Println("Verification code:", q.Code(), "(the app must show the same)")
	}
	st, err := rp.Wait(ctx, p)
	if err != nil {
		return client.Identity{}, err
	}
	return rp.Verify(q, st)
}

// ends says in words how a log-in ended that did not take place.
var ends = map[string]string{
	"TIMEOUT":                  "Nobody answered in time.",
	"USER_REFUSED":             "The person refused.",
	"USER_REFUSED_INTERACTION": "The person refused.",
	"WRONG_VC":                 "Another code was picked than the one shown.",
	"DOCUMENT_UNUSABLE":        "The account cannot be used now.",
}

// plain is a failure in the words of its code, if the server named one.
func plain(ctx context.Context, err error) error {
	if told, ok := errors.AsType[*client.HTTPError](err); ok && slices.Contains(tunnus.Codes(), told.Code) {
		return fmt.Errorf("%s [%s]", told.Code.Sentence(), told.Code)
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("nobody answered in time")
	}
	return err
}

func (c *Login) tell(r demo.Login, who client.Identity, refused error) error {
	if c.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return err
		}
	} else if r.Verified {
		fmt.Printf("Logged in: %s %s, %s, by %s.\n", who.GivenNames, who.Surname, who.Level, who.Number)
	} else if words, ok := ends[r.EndResult]; ok {
		fmt.Printf("Not logged in: %s [%s]\n", words, r.EndResult)
	} else {
		fmt.Println("Not logged in:", refused)
	}
	if !r.Verified {
		return ErrRefused
	}
	return nil
}

func (c *Login) client() (*client.Client, error) {
	if c.CA == "" && !strings.HasPrefix(c.Server, "http:") {
		return nil, errors.New("--ca is needed: the authority of the server's TLS certificate, PEM")
	}
	root, err := inputs.Certificates(filepath.Join(c.Authority, "root.pem"))
	if err != nil {
		return nil, err
	}
	issuing, err := inputs.Certificates(filepath.Join(c.Authority, "issuing.pem"))
	if err != nil {
		return nil, err
	}
	conf := client.Config{
		BaseURL: strings.TrimRight(c.Server, "/") + "/v3", UUID: c.UUID, Name: c.Name, Scheme: c.Scheme,
		Roots: root, Issuing: issuing, Level: tunnus.Level(c.Level), Policies: map[tunnus.Level][]string{},
		CheckStatus: c.Status,
	}
	for _, l := range []tunnus.Level{tunnus.Advanced, tunnus.Qualified} {
		p, err := c.profile(l)
		if err != nil {
			return nil, err
		}
		conf.Policies[l], conf.Usage = p.Policies, p.Usages[0]
	}
	if c.CA != "" {
		if conf.TLSRoots, err = inputs.Certificates(c.CA); err != nil {
			return nil, err
		}
	}
	if c.Client != "" {
		pair, err := tls.LoadX509KeyPair(c.Client, c.Client)
		if err != nil {
			return nil, err
		}
		conf.Certificate = &pair
	}
	return client.New(conf)
}

// profile is that of log-in certificates of a level, with the scheme's own policies.
func (c *Login) profile(l tunnus.Level) (pki.Profile, error) {
	names := pki.Sandbox()
	names.Name, names.Compatible = c.Scheme, c.Like == "smart-id"
	if c.Rules != "" {
		file, err := os.ReadFile(c.Rules)
		if err != nil {
			return pki.Profile{}, err
		}
		rules, err := scheme.Parse(c.Rules, file)
		if err != nil {
			return pki.Profile{}, err
		}
		names.Policies = rules.Issuance.Policies()
	}
	profiles, err := names.Profiles()
	if err != nil {
		return pki.Profile{}, err
	}
	return pki.Pick(profiles, pki.Login, l)
}

// keepLogin leaves what openssl needs to verify the log-in by itself.
func keepLogin(dir, authority string, who client.Identity) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files := map[string][]byte{
		"login.pem": pki.EncodeCertificates(who.Certificate), "payload.bin": who.Payload, "signature.bin": who.Signature,
	}
	for _, name := range []string{"root.pem", "issuing.pem"} {
		b, err := os.ReadFile(filepath.Join(authority, name))
		if err != nil {
			return err
		}
		files[name] = b
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
