package order_test

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/emrtd"
	"github.com/tunnus-id/tunnus/document/portrait"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/hostile"
	"github.com/tunnus-id/tunnus/document/virtual/order"
)

// A complete order: everything that faults may be about. Its keys are those that
// any verifier knows.
const complete = ada + `sex F
code 199002140015
portrait jpeg 60 80
country-signer rsa 2048 pkcs1 sha256
document-signer rsa 2048 pkcs1 sha256
pace gm ecdh aes128 12
chip-auth ecdh aes128 12
`

var state = sync.OnceValue(func() *order.State { return must(must(order.Parse([]byte(complete))).Found(now)) })

// outcome says how a passport is taken: the code with which reading or judging
// ends, "good", or what is told beside that.
func outcome(t *testing.T, o order.Order) string {
	t.Helper()
	d, err := state().Make(o, nil)
	if err != nil {
		t.Fatalf("%v: %v", o.Faults, err)
	}
	trust, err := trustlist.Of(d.CSCA)
	if err != nil {
		return "anchor refused"
	}
	r := new(runner)
	got, err := chip.Request{AccessKey: d.Passport.AccessKey(), Challenge: challenge, Prover: r}.Read(t.Context(), d.Passport)
	if err != nil {
		return string(tunnus.CodeOf(err))
	}
	ev := emrtd.Evidence{SOD: got.SOD, Groups: got.Groups, ActiveAuth: got.ActiveAuth, Access: got.Access, COM: got.COM, ChipAuth: r.proof.Proved()}
	v, err := emrtd.Verify(ev, trust, challenge, now)
	switch {
	case err != nil:
		return string(tunnus.CodeOf(err))
	case got.Access.Downgraded:
		return "downgraded"
	case v.Expired(now):
		return "expired"
	case v.Clonable():
		return "clonable"
	}
	if _, err := portrait.Decode(v.Portrait()); err != nil {
		return "no picture"
	}
	return withLists(t, d, ev)
}

// withLists says how a passport that is good by itself is taken with what its state
// publishes: a revocation list, a link from the country signer before, a master list.
func withLists(t *testing.T, d *order.Document, ev emrtd.Evidence) string {
	t.Helper()
	for name, list := range map[string]*trustlist.List{
		"revocation list": imported(t, d.CSCA, d.CSCA, d.CRL), "link": imported(t, d.Before, d.Before, d.Link), "master list": imported(t, d.CSCA, d.MasterList),
	} {
		if list == nil {
			return name + " refused"
		}
		v, err := emrtd.Verify(ev, list, challenge, now)
		if err != nil {
			return string(tunnus.CodeOf(err))
		}
		if name == "revocation list" && v.Result(emrtd.CheckRevocation) != emrtd.Successful {
			return "revocation unknown"
		}
	}
	return "good"
}

// runner asks the chip for its own proof, as the server does.
type runner struct {
	run   *emrtd.ChipRun
	proof emrtd.ChipProof
}

func (r *runner) Begin(_ context.Context, dg14 []byte) (commands []apdu.Command, err error) {
	r.run, commands, err = emrtd.StartChipAuth(dg14, rand.Reader)
	if err != nil { // nothing there that is spoken: whoever judges the file says so
		return nil, nil
	}
	return commands, nil
}

func (r *runner) Next(_ context.Context, answer []byte) ([]byte, error) {
	if answer == nil {
		return r.run.Select()
	}
	r.proof = r.run.Accept(answer, nil)
	return nil, nil
}

// unseen are faults that are not noticed by reading and judging, or that do no harm,
// with the reason. A row may be a name with all that it may be about.
var unseen = map[string]string{
	"without com":           "nobody signs EF.COM, nothing depends on it",
	"com-lists-more":        "nobody signs EF.COM, nothing depends on it",
	"signer-ends-soon":      "it was valid when it signed, and is",
	"group-not-listed dg14": "what is not listed is not asked for",
	"group-not-listed dg15": "what is not listed is not asked for",
	"manner drip":           "odd, and legal",
	"manner half":           "odd, and legal",
	"manner parts":          "odd, and legal",
	"manner-of":             "a file, and no manner",
}

// Each fault is noticed, whatever it is about, but for those that cannot be.
func TestEveryFaultIsNoticed(t *testing.T) {
	base := must(order.Parse([]byte(complete)))
	if got := outcome(t, base); got != "good" {
		t.Fatalf("without a fault: %s", got)
	}
	left := maps.Clone(unseen)
	for _, k := range order.Faults() {
		for _, of := range append(slices.Clone(k.Of), "")[:max(1, len(k.Of))] {
			o := must(order.Parse([]byte(complete + "fault " + k.Name + " " + of)))
			name := strings.TrimSpace(k.Name + " " + of)
			got := outcome(t, o)
			if got == "good" {
				_, all := unseen[k.Name]
				_, one := unseen[name]
				if !all && !one {
					t.Errorf("%s (%s): %s", name, k.Says, got)
				}
				delete(left, k.Name)
				delete(left, name)
			}
			if k.Row == "" || k.Says == "" {
				t.Errorf("%s: nothing is said of it", name)
			}
		}
	}
	for name := range left {
		t.Errorf("%s is noticed", name)
	}
}

// A chip that signs with a curve answers wrongly in more ways than one with RSA.
func TestWrongAnswersOfCurves(t *testing.T) {
	for _, of := range append(hostile.Answers(), "other-chip") {
		got := outcome(t, must(order.Parse([]byte(complete+"active-auth ecdsa secp256r1\nfault active "+of))))
		if got != string(tunnus.CodeDocClone) {
			t.Errorf("%s: %s", of, got)
		}
	}
}

// Some faults are told apart from others.
func TestOutcomes(t *testing.T) {
	for fault, want := range map[string]string{
		"flip dg2":            string(tunnus.CodeHashMismatch),
		"flip signature":      string(tunnus.CodeDocSigBad),
		"other-sod":           string(tunnus.CodeHashMismatch),
		"impostor":            string(tunnus.CodeDocSigBad),
		"signer-below-signer": string(tunnus.CodeDocSignerUnknown),
		"swap dg15":           string(tunnus.CodeHashMismatch),
		"without-active-auth": string(tunnus.CodeDocClone),
		"active replayed":     string(tunnus.CodeDocClone),
		"clone":               string(tunnus.CodeDocClone),
		"other-chip-key":      string(tunnus.CodeDocClone),
		"active other-chip":   string(tunnus.CodeDocClone),
		"cube-root":           string(tunnus.CodeDocClone),
		"path-length":         string(tunnus.CodeDocSignerUnknown),
		"picture text":        string(tunnus.CodeDocChipBroken),
		"picture jp2-roi-255": "no picture",
		"manner replay":       string(tunnus.CodeDocChipBroken),
		"pace token":          string(tunnus.CodeDocChipBroken),
		"weak-card-access":    string(tunnus.CodeNFCAccessDenied),
		"no-card-access":      "downgraded",
		"expired":             "expired",
		"bomb-sod deep":       string(tunnus.CodeDocChipBroken),
		"revoked signer":      string(tunnus.CodeDocSigBad),
		"crl stale":           "revocation unknown",
		"crl garbled":         "revocation unknown",
		"link foreign":        string(tunnus.CodeDocSignerUnknown),
		"master-list use":     "master list refused",
		"key-used-late":       string(tunnus.CodeDocSigBad),
		"manner more":         string(tunnus.CodeDocChipBroken),
		"manner garbage":      string(tunnus.CodeNFCNoChip),
	} {
		if got := outcome(t, must(order.Parse([]byte(complete+"fault "+fault)))); got != want {
			t.Errorf("%s: %s; want %s", fault, got, want)
		}
	}
}
