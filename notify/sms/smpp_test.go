package sms_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/smpptest"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/notify/sms"
	"github.com/tunnus-id/tunnus/trust/pki"
)

// A center is an SMPP server of another make.
type center struct {
	*smpptest.Server
	mu     sync.Mutex
	got    []pdu.Body
	status pdu.Status
	silent bool
	drop   bool // ends the connection instead of answering
}

func startCenter(t *testing.T) *center {
	t.Helper()
	c := &center{}
	c.Server = smpptest.NewUnstartedServer()
	c.Handler = func(conn smpptest.Conn, m pdu.Body) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if m.Header().ID != pdu.SubmitSMID {
			return
		}
		c.got = append(c.got, m)
		if c.drop {
			_ = conn.Close()
		}
		if c.drop || c.silent {
			return
		}
		r := pdu.NewSubmitSMResp()
		r.Header().Seq, r.Header().Status = m.Header().Seq, c.status
		_ = r.Fields().Set(pdufield.MessageID, "1")
		_ = conn.Write(r)
	}
	c.Start()
	t.Cleanup(c.Close)
	return c
}

func (c *center) set(status pdu.Status, silent, drop bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status, c.silent, c.drop = status, silent, drop
}

func (c *center) messages() []pdu.Body {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]pdu.Body(nil), c.got...)
}

func (c *center) config() sms.SMPPConfig {
	return sms.SMPPConfig{
		Addr: c.Addr(), SystemID: "client", Password: tunnus.NewSecret([]byte("secret")), From: "tunnus", Plain: true, Timeout: 2 * time.Second,
	}
}

func smpp(t *testing.T, c sms.SMPPConfig) *sms.SMPP {
	t.Helper()
	s, err := sms.NewSMPP(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func undelivered(t *testing.T, err error) sms.Undelivered {
	t.Helper()
	u, ok := errors.AsType[*sms.Undelivered](err)
	if !ok || strings.Contains(err.Error(), hello.To[1:]) {
		t.Fatalf("%v", err)
	}
	return *u
}

func TestSMPPSubmits(t *testing.T) {
	c := startCenter(t)
	s := smpp(t, c.config())
	for text, coding := range map[string]string{"402817: Pixel 8": "0", "402817: kõne": "8"} {
		m := hello
		m.Text = text
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		all := c.messages()
		f := all[len(all)-1].Fields()
		for name, want := range map[pdufield.Name]string{
			pdufield.DestinationAddr: "447700900123", pdufield.DestAddrTON: "1", pdufield.DestAddrNPI: "1",
			pdufield.SourceAddr: "tunnus", pdufield.SourceAddrTON: "5", pdufield.DataCoding: coding, pdufield.ValidityPeriod: "000000000500000R",
		} {
			if got := fmt.Sprint(f[name]); got != want {
				t.Errorf("%q: %s is %q; want %q", text, name, got, want)
			}
		}
	}
	if got := c.messages()[0].Fields()[pdufield.ShortMessage]; got == nil || len(got.Bytes()) == 0 {
		t.Error("no text")
	}
}

// Refused for what it is, never again; for anything else, later.
func TestSMPPStatuses(t *testing.T) {
	c := startCenter(t)
	s := smpp(t, c.config())
	for status, again := range map[pdu.Status]bool{0x0b: false, 0x01: false, 0x58: true, 0x14: true, 0x08: true, 0x45: true} {
		c.set(status, false, false)
		if u := undelivered(t, s.Send(t.Context(), hello)); u.Temporary != again || u.Status != int(status) {
			t.Errorf("status %#x: %+v", status, u)
		}
	}
}

// Down at first, silent, gone in the middle: each is told within its time, and
// what comes after goes through again.
func TestSMPPCenterInTrouble(t *testing.T) {
	c := startCenter(t)
	config := c.config()
	config.Timeout = 300 * time.Millisecond
	nowhere := config
	nowhere.Addr = "127.0.0.1:1"
	if u := undelivered(t, smpp(t, nowhere).Send(t.Context(), hello)); !u.Temporary || u.Stage != "connect" {
		t.Errorf("down: %+v", u)
	}
	s := smpp(t, config)
	c.set(0, true, false)
	if u := undelivered(t, s.Send(t.Context(), hello)); !u.Temporary || u.Stage != "answer" {
		t.Errorf("silent: %+v", u)
	}
	c.set(0, false, true)
	if u := undelivered(t, s.Send(t.Context(), hello)); !u.Temporary {
		t.Errorf("gone: %+v", u)
	}
	c.set(0, false, false)
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = s.Send(t.Context(), hello); err == nil {
			return
		}
	}
	t.Errorf("after that: %v", err)
}

// No more than the window is on its way; who waits too long for a place is told.
func TestSMPPWindow(t *testing.T) {
	c := startCenter(t)
	config := c.config()
	config.Window, config.Timeout = 2, 500*time.Millisecond
	s := smpp(t, config)
	c.set(0, true, false)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			m := hello
			m.ID = fmt.Sprint(i)
			if _, ok := errors.AsType[*sms.Undelivered](s.Send(t.Context(), m)); !ok {
				t.Error("taken by a center that says nothing")
			}
		})
	}
	time.Sleep(300 * time.Millisecond)
	if n := len(c.messages()); n > 2 {
		t.Errorf("%d on their way at once", n)
	}
	all.Wait()
}

// behindTLS listens with TLS and hands on what comes to a plain server.
func behindTLS(t *testing.T, to string, with *tls.Config) string {
	l, err := tls.Listen("tcp", "127.0.0.1:0", with)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
		}
	}()
	return l.Addr().String()
}

func TestSMPPOverTLS(t *testing.T) {
	made, err := pki.NewServer(pki.Sandbox(), []string{"127.0.0.1", "localhost"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := startCenter(t)
	config := c.config()
	config.Addr = behindTLS(t, c.Addr(), &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{made.Certificate.Raw}, PrivateKey: made.Key}}})
	config.Plain, config.Roots = false, x509.NewCertPool()
	if u := undelivered(t, smpp(t, config).Send(t.Context(), hello)); u.Stage != "connect" || !u.Temporary {
		t.Errorf("an unknown CA: %+v", u)
	}
	config.Roots.AddCert(made.CA)
	if err := smpp(t, config).Send(t.Context(), hello); err != nil {
		t.Error(err)
	}
}

func TestNewSMPPRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*sms.SMPPConfig){
		"no port":       func(c *sms.SMPPConfig) { c.Addr = "smsc.example" },
		"plain outside": func(c *sms.SMPPConfig) { c.Addr = "smsc.example:2775" },
		"no name":       func(c *sms.SMPPConfig) { c.SystemID = "" },
		"long password": func(c *sms.SMPPConfig) { c.Password = tunnus.NewSecret([]byte("123456789")) },
		"long sender":   func(c *sms.SMPPConfig) { c.From = "tunnus identity" },
		"odd sender":    func(c *sms.SMPPConfig) { c.From = "tünnus" },
		"no window":     func(c *sms.SMPPConfig) { c.Window = -1 },
	} {
		c := sms.SMPPConfig{Addr: "127.0.0.1:2775", SystemID: "client", From: "+447700900123", Plain: true}
		if _, err := sms.NewSMPP(c); err != nil {
			t.Fatal(err)
		}
		spoil(&c)
		if _, err := sms.NewSMPP(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
