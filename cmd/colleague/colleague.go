// Package colleague is a member of staff in a terminal: support, review, desk and
// incidents, over /staff/v1. The member's key lies in a file; nothing else is kept.
//
// Members themselves are added on the server, by its operator, in its database.
package colleague

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/staff/client"
)

// A Dial makes the line to a server: its address, and the authority of its TLS
// certificate (PEM file, "" for those of the system).
type Dial func(server, ca string) (*http.Client, error)

// Command is `tunnus staff`.
type Command struct {
	Key    Key    `cmd:"" help:"Make a member's key: FILE, and FILE.pub for the operator."`
	Add    Add    `cmd:"" help:"On the server: let somebody work here."`
	End    End    `cmd:"" help:"On the server: let somebody work here no more."`
	List   List   `cmd:"" help:"On the server: list who works here."`
	Look   Look   `cmd:"" help:"Find a case by its reference, or the accounts of a person."`
	Case   Case   `cmd:"" help:"Show what happened in a registration, by its reference number."`
	Close  Close  `cmd:"" help:"End an account."`
	Find   Find   `cmd:"" help:"What takes two to say of an account: that it is fraud, or whose it is."`
	Review Review `cmd:"" help:"Cases that no machine may decide."`
	Desk   Desk   `cmd:"" help:"Register a person face to face."`
}

// A Member are the flags of whoever acts.
type Member struct {
	Server string `help:"Address of the server." default:"https://127.0.0.1:8443"`
	CA     string `help:"Authority of the server's TLS certificate, PEM. Default: those of the system." type:"existingfile"`
	Scheme string `help:"Scheme of the server, which each request is signed for." default:"tunnus"`
	As     string `required:"" help:"The member's ID."`
	With   string `required:"" help:"File with the member's key." type:"existingfile"`
}

// do sends one request and prints the answer, if out is nil.
func (m Member) do(ctx context.Context, dial Dial, method, path string, in, out any) error {
	c, err := m.client(dial)
	if err != nil {
		return err
	}
	if out != nil {
		return c.Do(ctx, method, path, in, out)
	}
	var answer json.RawMessage
	if err := c.Do(ctx, method, path, in, &answer); err != nil {
		return err
	}
	return show(answer)
}

// client is the member on the line.
func (m Member) client(dial Dial) (*client.Client, error) {
	line, err := dial(m.Server, m.CA)
	if err != nil {
		return nil, err
	}
	key, err := readKey(m.With)
	if err != nil {
		return nil, err
	}
	return &client.Client{Server: m.Server, Scheme: m.Scheme, Member: m.As, Key: key, HTTP: line, Clock: tunnus.SystemClock{}}, nil
}

// post is do for a path with a reference in it.
func (m Member) post(ctx context.Context, dial Dial, in any, parts ...string) error {
	return m.do(ctx, dial, http.MethodPost, path(parts...), in, nil)
}

func path(parts ...string) string {
	p := "/staff/v1"
	for _, x := range parts {
		p += "/" + url.PathEscape(x)
	}
	return p
}

// show prints an answer.
func show(v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if s := string(b); s != "{}" && s != "null" {
		fmt.Println(s)
	} else {
		fmt.Println("done")
	}
	return nil
}

// Key is `tunnus staff key`.
type Key struct {
	File string `arg:"" help:"File to write, which must not exist." type:"path"`
}

// Run makes a key.
func (c *Key) Run() error {
	key, err := device.GenerateKey()
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	public, err := device.Public(key)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), f.Close())
	if err != nil {
		return err
	}
	return os.WriteFile(c.File+".pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o644)
}

// block reads a PEM file of one kind.
func block(file, kind string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p, _ := pem.Decode(b)
	if p == nil || p.Type != kind {
		return nil, fmt.Errorf("%s: no %s in it", file, strings.ToLower(kind))
	}
	return p.Bytes, nil
}

func readKey(file string) (crypto.Signer, error) {
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 && info.Mode()&fs.ModeType == 0 {
		return nil, fmt.Errorf("%s: others can read it; chmod 600", file)
	}
	der, err := block(file, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	own, ok := key.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s: no P-256 key", file)
	}
	return own, nil
}

// person reads a semantics identifier such as PNOXX-199002140017 from a file: on a
// command line others would see it.
func person(file string) (tunnus.PersonCode, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return tunnus.PersonCode{}, err
	}
	return tunnus.ParseSemanticsID(strings.TrimSpace(string(b)))
}
