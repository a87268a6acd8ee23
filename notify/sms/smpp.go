package sms

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/tunnus-id/tunnus"
)

// SMPPConfig describes a gateway of SMPP 3.4.
type SMPPConfig struct {
	Addr     string // "smsc.example:2775"
	SystemID string
	Password tunnus.Secret // at most eight signs (SMPP 3.4 §5.2.2)
	From     string        // who sends: up to eleven letters and digits, or a number with its plus
	// Plain does without TLS, which is for this machine and private networks only.
	Plain   bool
	Roots   *x509.CertPool // nil for those of the system
	Window  int            // messages on their way at once; zero is 10
	Timeout time.Duration  // for an answer; zero is 35 s
}

// Times and sizes of a connection.
const (
	dialTimeout  = 10 * time.Second
	writeTimeout = 10 * time.Second
	enquireEvery = time.Minute
	readTimeout  = 90 * time.Second
	rebindEvery  = 2 * time.Second
	window       = 10
	maxFrom      = 11
	maxSystemID  = 15
	maxPassword  = 8
)

// SMPP is a gateway of SMPP. It connects when the first message is sent, and again
// by itself when the connection is lost. Close it after use.
type SMPP struct {
	cfg  SMPPConfig
	slot chan struct{} // the request window

	mu      sync.Mutex
	session *gosmpp.Session
	closed  bool
	answers map[int32]chan data.CommandStatusType // by sequence number
}

// NewSMPP checks the configuration; it does not connect.
func NewSMPP(c SMPPConfig) (*SMPP, error) {
	host, _, err := net.SplitHostPort(c.Addr)
	if c.Window == 0 {
		c.Window = window
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	_, from := sender(c.From)
	if err := faults(map[string]bool{
		"addr: host and port expected":                              err != nil || host == "",
		"tls: only a gateway on this machine or a private network":  c.Plain && !private(host),
		"system_id: 1 to 15 signs expected":                         c.SystemID == "" || len(c.SystemID) > maxSystemID,
		"password: at most 8 signs":                                 len(c.Password.Reveal()) > maxPassword,
		"from: up to 11 letters and digits, or a number with its +": from != nil,
		"window: 1 to 255 expected":                                 c.Window < 1 || c.Window > 255,
	}); err != nil {
		return nil, err
	}
	return &SMPP{cfg: c, slot: make(chan struct{}, c.Window), answers: map[int32]chan data.CommandStatusType{}}, nil
}

// private reports whether a host is this machine or an address of a private network.
func private(host string) bool {
	ip, err := netip.ParseAddr(host)
	return loopback(host) || err == nil && ip.IsPrivate()
}

// sender makes the source address: letters, or a number (SMPP 3.4 §5.2.5).
func sender(from string) (pdu.Address, error) {
	if digits, ok := strings.CutPrefix(from, "+"); ok && digits != "" && len(digits) <= 15 && strings.Trim(digits, "0123456789") == "" {
		return address(1, 1, digits)
	}
	if from == "" || len(from) > maxFrom || strings.Trim(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -") != "" {
		return pdu.Address{}, &Undelivered{Stage: "message"}
	}
	return address(5, 0, from)
}

// address makes one of a type of number and a numbering plan.
func address(ton, npi byte, text string) (pdu.Address, error) {
	a := pdu.NewAddress()
	a.SetTon(ton)
	a.SetNpi(npi)
	return a, a.SetAddress(text)
}

// Send implements [Gateway].
func (s *SMPP) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	p, err := s.submit(m)
	if err != nil {
		return &Undelivered{Stage: "message"}
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	select {
	case s.slot <- struct{}{}:
		defer func() { <-s.slot }()
	case <-ctx.Done():
		return &Undelivered{Stage: "send", Temporary: true} // the window is full
	}
	session, err := s.bound()
	if err != nil {
		return &Undelivered{Stage: "connect", Temporary: true}
	}
	answer := s.expect(p.GetSequenceNumber())
	defer s.forget(p.GetSequenceNumber())
	if err := session.Transmitter().Submit(p); err != nil {
		return &Undelivered{Stage: "send", Temporary: true}
	}
	select {
	case status := <-answer:
		return judge(status)
	case <-ctx.Done():
		return &Undelivered{Stage: "answer", Temporary: true}
	}
}

// submit makes the request of a message.
func (s *SMPP) submit(m Message) (*pdu.SubmitSM, error) {
	p := pdu.NewSubmitSM().(*pdu.SubmitSM)
	var err error
	if p.SourceAddr, err = sender(s.cfg.From); err != nil {
		return nil, err
	}
	if p.DestAddr, err = address(1, 1, m.To[1:]); err != nil {
		return nil, err
	}
	p.ValidityPeriod = validity(m.life())
	return p, p.Message.SetMessageWithEncoding(m.Text, encoding(m.Text))
}

// validity writes a span as a relative time (SMPP 3.4 §7.1.1.2).
func validity(d time.Duration) string {
	t := int(min(d, 48*time.Hour).Seconds())
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", t/86400, t/3600%24, t/60%60, t%60)
}

// never are the statuses after which the same message fails again (SMPP 3.4 §5.1.3):
// its length, its addresses, its form.
func never() []data.CommandStatusType {
	return []data.CommandStatusType{
		data.ESME_RINVMSGLEN, data.ESME_RINVCMDLEN, data.ESME_RINVSRCADR, data.ESME_RINVDSTADR, data.ESME_RINVSRCTON, data.ESME_RINVSRCNPI,
		data.ESME_RINVDSTTON, data.ESME_RINVDSTNPI, data.ESME_RINVESMCLASS, data.ESME_RINVEXPIRY,
	}
}

func judge(status data.CommandStatusType) error {
	if status == data.ESME_ROK {
		return nil
	}
	return &Undelivered{Stage: "answer", Status: int(status), Temporary: !slices.Contains(never(), status)}
}

// lost is what those who wait are told when their connection ends: no status of SMPP.
const lost = data.CommandStatusType(-1)

func (s *SMPP) expect(sequence int32) chan data.CommandStatusType {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(chan data.CommandStatusType, 1)
	s.answers[sequence] = c
	return c
}

func (s *SMPP) forget(sequence int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.answers, sequence)
}

// tell gives an answer to who waits for it; late and unknown ones are dropped.
func (s *SMPP) tell(sequence int32, status data.CommandStatusType) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.answers[sequence]; c != nil {
		delete(s.answers, sequence)
		c <- status
	}
}

// drop tells all who wait that their connection is gone.
func (s *SMPP) drop(gosmpp.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sequence, c := range s.answers {
		delete(s.answers, sequence)
		c <- lost
	}
}

// bound returns the session, made if there is none.
func (s *SMPP) bound() (*gosmpp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if s.session != nil {
		return s.session, nil
	}
	auth := gosmpp.Auth{SMSC: s.cfg.Addr, SystemID: s.cfg.SystemID, Password: string(s.cfg.Password.Reveal())}
	session, err := gosmpp.NewSession(gosmpp.TXConnector(s.dial, auth), gosmpp.Settings{
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, EnquireLink: enquireEvery, OnAllPDU: s.receive, OnClosed: s.drop,
	}, rebindEvery)
	if err != nil {
		return nil, err
	}
	s.session = session
	return session, nil
}

// dial connects, with TLS unless told otherwise. What follows on the connection
// sets the deadlines anew; the log-in has this one.
func (s *SMPP) dial(addr string) (net.Conn, error) {
	d := &net.Dialer{Timeout: dialTimeout}
	var conn net.Conn
	var err error
	if s.cfg.Plain {
		conn, err = d.Dial("tcp", addr)
	} else {
		conn, err = tls.DialWithDialer(d, "tcp", addr, &tls.Config{RootCAs: s.cfg.Roots, MinVersion: tls.VersionTLS12})
	}
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(dialTimeout))
}

// receive takes what the gateway sends: answers go to who waits; what is asked is answered.
func (s *SMPP) receive(p pdu.PDU) (pdu.PDU, bool) {
	switch p := p.(type) {
	case *pdu.SubmitSMResp:
		s.tell(p.GetSequenceNumber(), p.CommandStatus)
	case *pdu.GenericNack:
		s.tell(p.GetSequenceNumber(), p.CommandStatus)
	case *pdu.Unbind:
		return p.GetResponse(), true
	case *pdu.EnquireLink, *pdu.DeliverSM, *pdu.DataSM:
		return p.GetResponse(), false
	}
	return nil, false
}

// Close ends the connection. Those who wait for an answer are told that it failed.
func (s *SMPP) Close() error {
	s.mu.Lock()
	session := s.session
	s.session, s.closed = nil, true
	s.mu.Unlock()
	if session == nil {
		return nil
	}
	defer s.drop(gosmpp.ExplicitClosing)
	return session.Close()
}
