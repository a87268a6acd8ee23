// Package visitor walks through the portal as a browser with a virtual ID-card would,
// without being one: it loads pages, fills in their forms, and does what their script
// does with the card. It knows of the pages what stands in their HTML, and nothing of
// the server.
package visitor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/document/virtual/card"
)

// A Visitor is a person at a computer with an ID-card. It has one browser.
type Visitor struct {
	Origin   string // of the portal, "https://id.example"
	Card     *card.Card
	Language string // of the browser, as Accept-Language; "" asks for none
	client   *http.Client
	page     Page
}

// A Page is what came last.
type Page struct {
	Path   string
	Status int
	Body   string
}

// New makes a visitor who trusts a TLS authority besides nobody.
func New(origin string, roots *x509.CertPool, c *card.Card) (*Visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Visitor{Origin: strings.TrimRight(origin, "/"), Card: c, client: &http.Client{
		Jar: jar, Timeout: 20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
	}}, nil
}

// Page returns what came last.
func (v *Visitor) Page() Page { return v.page }

// A Refusal is a page that says what went wrong, or another one than expected.
type Refusal struct {
	Page Page
	Said string
}

// Error implements error: it repeats what the page says to everybody.
func (r *Refusal) Error() string {
	return fmt.Sprintf("visitor: %s answered %d: %s", r.Page.Path, r.Page.Status, r.Said)
}

const maxPage = 1 << 20

func (v *Visitor) send(req *http.Request) error {
	if v.Language != "" {
		req.Header.Set("Accept-Language", v.Language)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return err
	}
	v.page = Page{resp.Request.URL.Path, resp.StatusCode, string(b)}
	if said := v.Said(); said != "" || resp.StatusCode != http.StatusOK {
		return &Refusal{v.page, said}
	}
	return nil
}

// Get loads a page.
func (v *Visitor) Get(ctx context.Context, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.Origin+path, nil)
	if err != nil {
		return err
	}
	return v.send(req)
}

// Post sends a form, as the page's own would be sent.
func (v *Visitor) Post(ctx context.Context, path string, fields ...string) error {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.Origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", v.Origin)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.send(req)
}

var (
	mishap  = regexp.MustCompile(`(?s)<div class="mishap".*?</h2>(.*?)</div>`)
	tags    = regexp.MustCompile(`<[^>]*>`)
	heading = regexp.MustCompile(`(?s)<h1[^>]*>(.*?)</h1>`)
	choice  = regexp.MustCompile(`name="pick" value="([^"]+)"`)
	counter = regexp.MustCompile(`<dd class="counter">([0-9]{2})</dd>`)
	child   = regexp.MustCompile(`href="/portal/children/([A-Za-z0-9_-]+)"`)
	pre     = regexp.MustCompile(`(?s)<pre[^>]*>(.*?)</pre>`)
)

// Said is what the page says to have gone wrong; "" if nothing.
func (v *Visitor) Said() string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(v.find(mishap), " ")), " ")
}

// Heading is that of the page.
func (v *Visitor) Heading() string { return v.find(heading) }

// Counter is the number that page and phone show; "" if there is none.
func (v *Visitor) Counter() string { return v.find(counter) }

// Text is what the card is to sign.
func (v *Visitor) Text() string { return v.find(pre) }

func (v *Visitor) find(re *regexp.Regexp) string {
	m := re.FindStringSubmatch(v.page.Body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// attribute is one of the form that asks the card.
func (v *Visitor) attribute(name string) string {
	return v.find(regexp.MustCompile(`[ \n]` + name + `="([^"]*)"`))
}

func (v *Visitor) pairing() string {
	return v.find(regexp.MustCompile(`name="pairing" value="([^"]*)"`))
}

// Login logs in with the card's PIN1.
func (v *Visitor) Login(ctx context.Context) error {
	if err := v.Get(ctx, "/portal/"); err != nil {
		return err
	}
	if err := v.Post(ctx, "/portal/login/start"); err != nil {
		return err
	}
	pin, _ := v.Card.PINs()
	token, err := v.Card.Authenticate(v.Origin, v.attribute("data-nonce"), pin)
	if err != nil {
		return err
	}
	return v.json(ctx, "/portal/login", "token", token)
}

func (v *Visitor) json(ctx context.Context, path, field string, what any, more ...string) error {
	b, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return v.Post(ctx, path, append([]string{field, string(b)}, more...)...)
}

// Answer answers the questions as somebody does who is not deceived.
func (v *Visitor) Answer(ctx context.Context) error {
	return v.Post(ctx, "/portal/step/answer", "own-phone", "yes", "guided", "no", "terms", "yes")
}

// SendCode has a one-time code sent: to a contact, or to the first of those on file
// where the page offers them.
func (v *Visitor) SendCode(ctx context.Context, contact string) error {
	if pick := v.find(choice); pick != "" {
		return v.Post(ctx, "/portal/step/contact", "pick", pick)
	}
	return v.Post(ctx, "/portal/step/contact", "contact", contact)
}

// ConfirmCode types the one-time code.
func (v *Visitor) ConfirmCode(ctx context.Context, code string) error {
	return v.Post(ctx, "/portal/step/otp", "otp", code)
}

// Match types the registration code of the app. Then [Visitor.Counter] is there.
func (v *Visitor) Match(ctx context.Context, code string) error {
	return v.Post(ctx, "/portal/step/code", "code", code)
}

// Sign signs what the page shows, with PIN2 of the card.
func (v *Visitor) Sign(ctx context.Context) error {
	pairing := v.pairing()
	if pairing == "" {
		return errors.New("visitor: nothing to be signed is on the page")
	}
	return v.sign(ctx, "/portal/step/", "pairing", pairing)
}

// Consent signs as the guardian what a child's registration asks, of which the page
// with the list names the id, with PIN2 of the card.
func (v *Visitor) Consent(ctx context.Context, id string) error {
	at := "/portal/children/" + id
	if err := v.Get(ctx, at); err != nil {
		return err
	}
	return v.sign(ctx, at+"/")
}

// Children are the ids of what waits for the guardian.
func (v *Visitor) Children(ctx context.Context) (ids []string, err error) {
	if err := v.Get(ctx, "/portal/children"); err != nil {
		return nil, err
	}
	for _, m := range child.FindAllStringSubmatch(v.page.Body, -1) {
		ids = append(ids, m[1])
	}
	return ids, nil
}

// sign has the card sign what is on the page; more are fields of both forms.
func (v *Visitor) sign(ctx context.Context, at string, more ...string) error {
	if err := v.json(ctx, at+"offer", "offer", v.Card.SigningCertificate(), more...); err != nil {
		return err
	}
	hash, err := base64.StdEncoding.DecodeString(v.attribute("data-hash"))
	if err != nil {
		return err
	}
	_, pin := v.Card.PINs()
	reply, err := v.Card.Sign(hash, v.attribute("data-function"), pin)
	if err != nil {
		return err
	}
	return v.json(ctx, at+"sign", "reply", reply, more...)
}

// A Registration is what a visitor has to know.
type Registration struct {
	Contact string
	// OneTime waits for the one-time code that was sent after a moment.
	OneTime func(ctx context.Context, since time.Time) (string, error)
	Code    string // that the app shows
	Counter string // that the app shows; "" does not look
}

// Register goes through the portal's part of a registration, from log-in to signature.
// It stops where page and phone show different numbers.
func (v *Visitor) Register(ctx context.Context, r Registration) error {
	if err := v.Login(ctx); err != nil {
		return err
	}
	if err := v.Answer(ctx); err != nil {
		return err
	}
	since := time.Now()
	if err := v.SendCode(ctx, r.Contact); err != nil {
		return err
	}
	code, err := r.OneTime(ctx, since)
	if err != nil {
		return err
	}
	if err := v.ConfirmCode(ctx, code); err != nil {
		return err
	}
	if err := v.Match(ctx, r.Code); err != nil {
		return err
	}
	if r.Counter != "" && r.Counter != v.Counter() {
		return fmt.Errorf("visitor: the page shows %q, the phone %q", v.Counter(), r.Counter)
	}
	return v.Sign(ctx)
}

// Cookie is the value of one that the browser holds; "" if it has none.
func (v *Visitor) Cookie(name string) string {
	at, err := url.Parse(v.Origin)
	if err != nil {
		return ""
	}
	for _, c := range v.client.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}
