package virtual

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/trustlist"
)

const plain = `passport 1
holder LOVE / ADA MARIA
number X1234567
born 1990-02-14
expires 2032-01-31
country-signer ecdsa secp256r1 named sha256
document-signer ecdsa secp256r1 named sha256
active-auth none
pace gm ecdh aes128 12
can 271828
`

// The files that are written are those of a document that is found genuine, and
// what was kept is read again.
func TestFilesOfAPassport(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "ada.passport")
	if err := os.WriteFile(name, []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := load(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := save(filepath.Join(dir, "out"), d); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, "out", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	trust, err := trustlist.Of(read("CSCA.cer"))
	if err != nil {
		t.Fatal(err)
	}
	ev := emrtd.Evidence{SOD: read("EF_SOD.bin"), Groups: map[int][]byte{1: read("DG1.bin"), 2: read("DG2.bin"), 14: read("DG14.bin")}}
	if _, err := emrtd.Verify(ev, trust, []byte("8 bytes!"), time.Now()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"EF_COM.bin", "EF_CardAccess.bin", "CSCA_before.cer", "CSCA_link.cer", "CSCA.crl", "UTO.ml", "DS.cer"} {
		read(name)
	}
	kept, err := json.Marshal(d.Passport)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := load(name)
	if err != nil || !bytes.Equal(again.Passport.SOD(), d.Passport.SOD()) {
		t.Errorf("kept: %v", err)
	}
	var out strings.Builder
	if err := page(&out, again.Passport); err != nil || !strings.Contains(out.String(), "P<UTOLOVE<<ADA<MARIA") || !strings.Contains(out.String(), "271828") {
		t.Errorf("%s, %v", out.String(), err)
	}
}

func TestWhatCannotBeLoaded(t *testing.T) {
	for name, text := range map[string]string{"no description": "hello", "no passport": "{}", "a fault that is none": plain + "fault rain"} {
		file := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := load(file); err == nil {
			t.Errorf("%s was loaded", name)
		}
	}
}

func TestLateChipEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (late{nil, time.Hour}).Transceive(ctx, []byte{0, 0, 0, 0}); err == nil {
		t.Error("answered")
	}
}

// A driver is the PC/SC driver's side of a virtual reader.
type driver struct {
	t    *testing.T
	conn net.Conn
}

// ask sends a frame and reads the answer.
func (d driver) ask(frame ...byte) []byte {
	d.t.Helper()
	var head [2]byte
	_, err := d.conn.Write(append([]byte{0, byte(len(frame))}, frame...))
	if err == nil {
		_, err = io.ReadFull(d.conn, head[:])
	}
	answer := make([]byte, binary.BigEndian.Uint16(head[:]))
	if err == nil {
		_, err = io.ReadFull(d.conn, answer)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return answer
}

// The command lays the passport of a description on the reader, where it answers as a
// chip does, until it is interrupted. Without a reader it says what is missing.
func TestPassportLiesOnTheReader(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ada.passport")
	if err := os.WriteFile(name, []byte(plain+"delay 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ended := make(chan error, 1)
	go func() { ended <- Passport{File: name, PCSC: true, Address: l.Addr().String()}.Run(ctx) }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	d := driver{t, conn}
	if atr := d.ask(4); !bytes.Contains(atr, []byte("TUNNUS UTO")) {
		t.Errorf("ATR %x", atr)
	}
	application := []byte{0, 0xA4, 4, 0x0C, 7, 0xA0, 0, 0, 2, 0x47, 0x10, 1}
	for _, tt := range []struct{ command, want []byte }{
		{application, []byte{0x90, 0}},
		{[]byte{0, 0xA4, 2, 0x0C, 2, 1, 1}, []byte{0x69, 0x82}}, // data group 1, without a key
	} {
		if got := d.ask(tt.command...); !bytes.Equal(got, tt.want) {
			t.Errorf("%x: %x", tt.command, got)
		}
	}
	kept, err := load(name)
	if err != nil || (Passport{}).card(kept).delay != time.Millisecond || (Passport{Delay: time.Hour}).card(kept).delay != time.Hour {
		t.Errorf("it answers as late as nobody said, %v", err)
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Errorf("interrupted: %v", err)
	}
	l.Close()
	if err := (Passport{File: name, PCSC: true, Address: l.Addr().String()}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "pcscd") {
		t.Errorf("no reader: %v", err)
	}
}
