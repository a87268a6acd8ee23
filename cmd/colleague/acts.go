package colleague

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/document/chip"
	"github.com/tunnus-id/tunnus/document/emrtd/relay"
	"github.com/tunnus-id/tunnus/document/mrz"
	"github.com/tunnus-id/tunnus/document/portrait"
	"github.com/tunnus-id/tunnus/enrol/desk"
	"github.com/tunnus-id/tunnus/enrol/review"
	"github.com/tunnus-id/tunnus/sandbox"
	"github.com/tunnus-id/tunnus/staff/api"
	"github.com/tunnus-id/tunnus/staff/client"
	"github.com/tunnus-id/tunnus/staff/support"
)

// Look is `tunnus staff look`.
type Look struct {
	Member
	Case    string `help:"Reference number of the case."`
	Person  string `help:"File with the personal code as PNOXX-199002140017; with --case." type:"existingfile"`
	Consent string `help:"The code that the person has made in the app."`
}

// Run looks.
func (c *Look) Run(ctx context.Context, dial Dial) error {
	switch {
	case c.Consent != "":
		return c.post(ctx, dial, api.Consent{Code: c.Consent}, "consents")
	case c.Person != "":
		p, err := person(c.Person)
		if err != nil {
			return err
		}
		return c.post(ctx, dial, api.Question{Country: p.Country(), Code: p.Value(), Case: c.Case}, "people")
	}
	return c.do(ctx, dial, http.MethodGet, path("cases", c.Case), nil, nil)
}

// Case is `tunnus staff case`.
type Case struct {
	Member
	Reference string `arg:"" help:"The number that the person reads out, such as 7K3Q-ZM2X-WA0B."`
}

// Run shows the events of a case, one a line, in their order.
func (c *Case) Run(ctx context.Context, dial Dial) error {
	var lines []support.Line
	if err := c.do(ctx, dial, http.MethodGet, path("cases", c.Reference), nil, &lines); err != nil {
		return err
	}
	for _, l := range lines {
		text := l.At.UTC().Format(time.DateTime) + "  " + l.Kind
		if l.Code != "" {
			text += "  " + string(l.Code)
		}
		for _, name := range slices.Sorted(maps.Keys(l.Detail)) {
			text += fmt.Sprintf("  %s=%q", name, l.Detail[name])
		}
		fmt.Println(text)
	}
	return nil
}

// Close is `tunnus staff close`.
type Close struct {
	Member
	Account string         `arg:"" help:"Id of the account."`
	Reason  support.Reason `required:"" help:"Why: holder-asked, lost, deceased, authority or data-wrong."`
	Case    string         `required:"" help:"Reference number of the case."`
}

// Run closes.
func (c *Close) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, api.Closing{Reason: c.Reason, Case: c.Case}, "accounts", c.Account, "close")
}

// Find is `tunnus staff find`.
type Find struct {
	Fraud  FindFraud    `cmd:"" help:"Say that an account was got by fraud. Once another member agrees it ends, with all that it vouched for and the contacts that they brought."`
	Holder FindHolder   `cmd:"" help:"Say that an account is the person's who was seen, of two that froze each other. Once another member agrees it is in use again."`
	Second SecondFound  `cmd:"" help:"As another member: agree."`
	List   ListFindings `cmd:"" help:"List those that wait."`
}

// An OfAccount names an account, for a case.
type OfAccount struct {
	Member
	Account string `arg:"" help:"Id of the account."`
	Case    string `required:"" help:"Reference number of the case."`
}

// FindFraud finds fraud.
type FindFraud struct{ OfAccount }

// Run says so.
func (c *FindFraud) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, api.Found{Kind: support.OfFraud, Case: c.Case}, "accounts", c.Account, "find")
}

// FindHolder settles a dispute.
type FindHolder struct{ OfAccount }

// Run says so.
func (c *FindHolder) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, api.Found{Kind: support.OfHolder, Case: c.Case}, "accounts", c.Account, "find")
}

// SecondFound agrees.
type SecondFound struct{ One }

// Run agrees.
func (c *SecondFound) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, nil, "findings", c.ID, "second")
}

// ListFindings lists.
type ListFindings struct{ Member }

// Run lists.
func (c *ListFindings) Run(ctx context.Context, dial Dial) error {
	return c.do(ctx, dial, http.MethodGet, path("findings"), nil, nil)
}

// Review is `tunnus staff review`.
type Review struct {
	Queue   Queue   `cmd:"" help:"List the cases that wait."`
	Claim   Claim   `cmd:"" help:"Take a case to look at."`
	Leave   Leave   `cmd:"" help:"Give a case back."`
	View    View    `cmd:"" help:"Save what there is to see of a claimed case."`
	Approve Approve `cmd:"" help:"It is the same person: another reviewer has to say so too."`
	Decline Decline `cmd:"" help:"It is not, or cannot be told."`
}

// Queue lists.
type Queue struct {
	Member
	After string `help:"Only behind this case."`
}

// Run lists.
func (c *Queue) Run(ctx context.Context, dial Dial) error {
	at := path("reviews")
	if c.After != "" {
		at += "?after=" + c.After
	}
	return c.do(ctx, dial, http.MethodGet, at, nil, nil)
}

// A One names one case, desk or incident.
type One struct {
	Member
	ID string `arg:"" help:"Reference number."`
}

// Claim claims.
type Claim struct{ One }

// Run claims.
func (c *Claim) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, nil, "reviews", c.ID, "claim")
}

// Leave leaves.
type Leave struct{ One }

// Run leaves.
func (c *Leave) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, nil, "reviews", c.ID, "leave")
}

// View saves pictures.
type View struct {
	One
	Dir string `required:"" help:"Folder to write, which must not exist. Delete it after the decision." type:"path"`
}

// Run saves what there is to see, for its owner only.
func (c *View) Run(ctx context.Context, dial Dial) error {
	var v api.Case
	if err := c.do(ctx, dial, http.MethodPost, path("reviews", c.ID, "view"), nil, &v); err != nil {
		return err
	}
	seen, err := drawn(v.Pictures.Portrait)
	if err != nil {
		return err
	}
	files := map[string][]byte{"portrait.png": seen}
	for i, b := range v.Pictures.Frames {
		files[fmt.Sprintf("frame-%d.jpg", i+1)] = b
	}
	if err := os.Mkdir(c.Dir, 0o700); err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(c.Dir, name), b, 0o600); err != nil {
			return err
		}
	}
	v.Pictures = review.Pictures{}
	return show(v)
}

// drawn is a portrait as the engine saw it, in PNG: the pixels, and not the file of
// the chip, of which a reviewer's own program might make something else.
func drawn(file []byte) ([]byte, error) {
	img, err := portrait.Decode(file)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}

// Approve approves.
type Approve struct {
	One
	Reason review.Reason `help:"Why." default:"same-person"`
}

// Run approves.
func (c *Approve) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, api.Decision{Reason: c.Reason}, "reviews", c.ID, "approve")
}

// Decline declines.
type Decline struct {
	One
	Reason review.Reason `required:"" help:"Why: other-person, not-live, poor-pictures, document-odd or under-pressure."`
}

// Run declines.
func (c *Decline) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, api.Decision{Reason: c.Reason}, "reviews", c.ID, "decline")
}

// Desk is `tunnus staff desk`.
type Desk struct {
	Open   Open   `cmd:"" help:"Begin with the code that the applicant's app shows."`
	Read   Read   `cmd:"" help:"Read the document in the reader."`
	Raise  Raise  `cmd:"" help:"Ask for an exception."`
	Second Second `cmd:"" help:"As another officer: agree to an exception, or refuse it."`
	Sign   Sign   `cmd:"" help:"Sign what was found; prints the activation code."`
	Stop   Stop   `cmd:"" help:"Give up."`
}

// Open opens a desk.
type Open struct {
	Member
	Ticket  string `arg:"" help:"Text of the code on the applicant's screen: tunnus:desk:1:…"`
	Booking string `help:"Reference number of the appointment."`
}

// Run opens.
func (c *Open) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, api.Scan{Ticket: c.Ticket, Booking: c.Booking}, "desks")
}

// Read reads a document.
type Read struct {
	One
	Virtual string `required:"" help:"The virtual reader, with the passport of this person of the sandbox on it." placeholder:"NAME"`
	World   string `required:"" help:"Folder of the sandbox." type:"existingdir"`
}

// Run relays between the server and the chip: nothing of the holder stays here.
func (c *Read) Run(ctx context.Context, dial Dial) error {
	body, err := sandbox.NewBody(c.World, c.Virtual, tunnus.SystemClock{})
	if err != nil {
		return err
	}
	line, err := body.CodeLine(ctx)
	if err != nil {
		return err
	}
	zone, err := mrz.Parse(line)
	if err != nil {
		return err
	}
	member, err := c.client(dial)
	if err != nil {
		return err
	}
	var ch api.Challenge
	if err := member.Do(ctx, http.MethodPost, path("desks", c.ID, "challenge"), nil, &ch); err != nil {
		return err
	}
	server := &relay.Reader{Dial: func(ctx context.Context, group [sha256.Size]byte) (relay.Conn, error) {
		conn, err := member.Relay(ctx, path("desks", c.ID, "relay"), group)
		if _, refused := errors.AsType[*client.Refused](err); err != nil && !refused {
			return nil, fmt.Errorf("%w: %w", relay.ErrBroken, err)
		}
		return conn, err
	}}
	defer server.Close()
	r, err := readOn(ctx, chip.Request{AccessKey: zone.AccessKey(), Challenge: ch.Challenge, Prover: server}, body.Chip)
	if err != nil {
		return err
	}
	var out desk.Reading
	in := api.Chip{SOD: r.SOD, COM: r.COM, Groups: r.Groups, ActiveAuth: r.ActiveAuth, Access: string(r.Access.Protocol), CardAccess: r.Access.CardAccess}
	if err := member.Do(ctx, http.MethodPost, path("desks", c.ID, "read"), in, &out); err != nil {
		return err
	}
	out.Portrait = nil // a terminal shows no pictures
	return show(out)
}

// While a document is read, chip or line may be lost a few times in a row, and the server
// may be busy: it is asked again after 1, 2, 4, 8 and 16 s, when seats are free again.
const (
	maxReads  = 6
	busyPause = time.Second
)

// readOn reads a chip, and goes on where it was lost, as the holder's own phone does:
// nothing has been counted, and the challenge stands.
func readOn(ctx context.Context, q chip.Request, lay func(context.Context) (chip.Transceiver, error)) (chip.Reading, error) {
	for n := 1; ; n++ {
		card, err := lay(ctx)
		if err == nil {
			q.Before, err = q.Read(ctx, card)
		}
		if err == nil {
			return q.Before, nil
		}
		no, refused := errors.AsType[*client.Refused](err)
		busy := refused && no.Code == tunnus.CodeRateLimited
		lost := []tunnus.Code{tunnus.CodeNFCNoChip, tunnus.CodeNFCLost, tunnus.CodeNFCTimeout}
		if n == maxReads || !busy && !errors.Is(err, relay.ErrBroken) && !slices.Contains(lost, tunnus.CodeOf(err)) {
			return chip.Reading{}, err
		}
		fmt.Fprintln(os.Stderr, "Please leave the document on the reader:", err)
		if !busy {
			continue
		}
		select {
		case <-ctx.Done():
			return chip.Reading{}, ctx.Err()
		case <-time.After(busyPause << (n - 1)):
		}
	}
}

// Raise asks for an exception.
type Raise struct {
	One
	Kind  desk.Kind `required:"" help:"Which: expired, name-change or no-chip."`
	Zone  string    `help:"File with the code line as printed, two or three lines: for no-chip where no chip was read." type:"existingfile"`
	File  string    `help:"File with what the code line lacks, JSON: country and code, or surname and given_names of a paper." type:"existingfile"`
	Paper string    `help:"Number of the paper on a changed name."`
}

// Run asks.
func (c *Raise) Run(ctx context.Context, dial Dial) error {
	w := desk.Wish{Kind: c.Kind, Paper: c.Paper}
	if c.Zone != "" {
		b, err := os.ReadFile(c.Zone)
		if err != nil {
			return err
		}
		w.Zone = string(b)
	}
	if c.File != "" {
		b, err := os.ReadFile(c.File)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, &w.Person); err != nil {
			return fmt.Errorf("%s: not a person as JSON", c.File)
		}
	}
	return c.post(ctx, dial, w, "desks", c.ID, "raise")
}

// Second agrees.
type Second struct {
	One
	Refuse bool `help:"Do not agree: the desk ends."`
}

// Run agrees, or refuses.
func (c *Second) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, api.Answer{Agrees: !c.Refuse}, "desks", c.ID, "second")
}

// Sign signs.
type Sign struct {
	One
	Tick []desk.Tick `required:"" help:"What was checked, each by its name: all are needed (face-compared, document-genuine, data-agree, acts-freely, own-phone, counter-code-same)."`
}

// Run fetches the statement, sees that it is the one meant, and signs it.
func (c *Sign) Run(ctx context.Context, dial Dial) error {
	if err := ticked(c.Tick); err != nil {
		return err
	}
	var st json.RawMessage
	if err := c.do(ctx, dial, http.MethodGet, path("desks", c.ID, "statement"), nil, &st); err != nil {
		return err
	}
	var s desk.Statement
	if err := json.Unmarshal(st, &s); err != nil || s.Officer != c.As {
		return fmt.Errorf("the server's statement is of another officer")
	}
	return c.post(ctx, dial, st, "desks", c.ID, "sign")
}

func ticked(have []desk.Tick) error {
	for _, want := range desk.Ticks() {
		found := false
		for _, t := range have {
			found = found || t == want
		}
		if !found {
			return fmt.Errorf("not ticked: %s", want)
		}
	}
	return nil
}

// Stop gives up.
type Stop struct{ One }

// Run gives up.
func (c *Stop) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, nil, "desks", c.ID, "stop")
}

// Incident is `tunnus incident`.
type Incident struct {
	Open   OpenIncident   `cmd:"" help:"Say that charges of a release, in a window of time, were a fault of ours."`
	Second SecondIncident `cmd:"" help:"As another member: agree. Locks that these charges led to, and that are not permanent yet, are void then."`
	List   ListIncidents  `cmd:"" help:"List the newest."`
}

// OpenIncident opens.
type OpenIncident struct {
	Member
	Release string    `required:"" help:"The software that was at fault."`
	From    time.Time `required:"" help:"From this moment on, such as 2026-11-22T09:00:00Z."`
	Until   time.Time `required:"" help:"Until before this moment."`
	Case    string    `required:"" help:"Reference of the operator's own records."`
}

// Run opens.
func (c *OpenIncident) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, api.Fault{Release: c.Release, From: c.From, Until: c.Until, Case: c.Case}, "incidents")
}

// SecondIncident agrees.
type SecondIncident struct{ One }

// Run agrees.
func (c *SecondIncident) Run(ctx context.Context, dial Dial) error {
	return c.post(ctx, dial, nil, "incidents", c.ID, "second")
}

// ListIncidents lists.
type ListIncidents struct{ Member }

// Run lists.
func (c *ListIncidents) Run(ctx context.Context, dial Dial) error {
	return c.do(ctx, dial, http.MethodGet, path("incidents"), nil, nil)
}
