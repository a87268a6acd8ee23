package order

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/document/virtual"
	"github.com/tunnus-id/tunnus/document/virtual/files"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// A Document is a passport with what its state publishes.
type Document struct {
	Passport *virtual.Passport

	// DER: the country signer, the one that was before, and the link from that to
	// this; the document signer, the revocation list, the master list (CMS).
	CSCA, Before, Link, Signer, CRL, MasterList []byte

	Delay time.Duration // before each answer: whoever serves the passport waits
}

// A making is a document in the making: what faults may change. What is signed is
// changed before it is signed.
type making struct {
	order  Order
	state  *State
	anchor issuer.Template // of the country signer, by its own key
	signer issuer.Template // of the document signer
	by     *issuer.Key     // who signs its certificate
	ds     *issuer.Key     // its key
	beside [][]byte        // certificates that stand beside its own
	crl    issuer.CRL
	lists  *issuer.Key // who signs the revocation list

	link, lister     issuer.Template
	linkBy, listerBy *issuer.Key

	holder  virtual.Holder
	forgery virtual.Forgery
	faults  virtual.Faults
	edits   []func(p *virtual.Passport) error // what is wrong once all is signed
	served  func(d *Document)                 // what is wrong with the lists once they are signed
}

// Make makes the passport of an order, signed by a state that was founded for it
// or for one like it. Pictures are files that descriptions may name; nil for none.
func (s *State) Make(o Order, pictures fs.FS) (*Document, error) {
	if o.Country != s.Country || o.Document != s.Document {
		return nil, errors.New("order: a state with other keys")
	}
	m := &making{order: o, state: s, holder: o.holder(), by: s.CSCA, ds: s.DS, crl: s.CRL(), lists: s.CSCA}
	m.anchor, m.signer, m.link, m.lister = s.Anchor(), s.Signer(), s.Link(), s.ListSigner()
	m.linkBy, m.listerBy = s.Before, s.CSCA
	var err error
	if m.holder.Key, err = s.chip(o.ActiveAuth, o.Number); err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	if m.holder.Portrait, err = o.Portrait.picture(pictures); err != nil {
		return nil, fmt.Errorf("order: portrait: %w", err)
	}
	if o.Face39794 {
		m.holder.Face = files.Face39794(m.holder.Portrait)
	}
	for _, n := range o.Groups {
		m.holder.Groups[n] = o.group(n, m.holder.Portrait)
	}
	for _, f := range o.Faults {
		if err := m.commit(f); err != nil {
			return nil, fmt.Errorf("order: fault %s: %w", f.Name, err)
		}
	}
	d, err := m.finish()
	if err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	return d, nil
}

// finish signs everything.
func (m *making) finish() (*Document, error) {
	s, d := m.state, &Document{Delay: m.order.Delay}
	var lister []byte
	for _, c := range []struct {
		to  *[]byte
		is  issuer.Template
		key *issuer.Key
	}{
		{&d.CSCA, m.anchor, s.CSCA},
		{&d.Signer, m.signer, m.by},
		{&d.Before, s.Predecessor(), s.Before},
		{&d.Link, m.link, m.linkBy},
		{&lister, m.lister, m.listerBy},
	} {
		var err error
		if *c.to, err = issuer.Certify(c.is, c.key); err != nil {
			return nil, err
		}
	}
	by, err := s.Signatory(m.ds, s.Document.Algorithm(), m.order.Digest, d.Signer)
	if err != nil {
		return nil, err
	}
	by.Beside = m.beside
	if d.Passport, err = virtual.Personalize(m.holder, by, m.forgery); err != nil {
		return nil, err
	}
	for _, edit := range m.edits {
		if err := edit(d.Passport); err != nil {
			return nil, err
		}
	}
	d.Passport = d.Passport.WithFaults(m.faults)
	if d.CRL, err = issuer.Revoke(m.crl, m.lists); err != nil {
		return nil, err
	}
	if d.MasterList, err = s.MasterList(lister, d.CSCA, d.Before, d.Link); err != nil {
		return nil, err
	}
	if m.served != nil {
		m.served(d)
	}
	return d, nil
}

// holder is the person, and what their chip speaks.
func (o Order) holder() virtual.Holder {
	h := virtual.Holder{
		Surname: o.Surname, GivenNames: o.GivenNames, Sex: o.Sex, Number: o.Number, PersonCode: o.PersonCode, Birth: o.Birth, Expiry: o.Expiry,
		Chip: virtual.ChipPlain, Short: o.Short, Groups: map[int][]byte{}, CardSecurity: o.CardSecurity,
		PACE: o.PACE, CAN: o.CAN, NoBAC: o.NoBAC, ChipAuth: o.ChipAuth, AuthGroup: o.AuthGroup, MapKey: o.MapKey,
	}
	return h
}

// maxPicture is how large a picture may be, in bytes.
const maxPicture = 1 << 20

// picture is the portrait: the file, or an oval before a wall.
func (p Portrait) picture(pictures fs.FS) ([]byte, error) {
	if p.File != "" {
		if pictures == nil {
			return nil, errors.New("no files can be named here")
		}
		info, err := fs.Stat(pictures, p.File)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() || info.Size() > maxPicture {
			return nil, fmt.Errorf("no file of at most %d bytes", maxPicture)
		}
		return fs.ReadFile(pictures, p.File)
	}
	img := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for y := range p.Height {
		for x := range p.Width {
			dx, dy := float64(2*x-p.Width)/float64(p.Width), float64(2*y-p.Height)/float64(p.Height)
			c := color.RGBA{200, 210, 220, 255}
			if dx*dx/0.3+dy*dy/0.5 < 1 {
				c = color.RGBA{uint8(220 - 40*dx), uint8(180 - 40*dx), 150, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

// group is one of the data groups besides those needed.
func (o Order) group(n int, picture []byte) []byte {
	names := o.Surname
	if o.GivenNames != "" {
		names += "<<" + o.GivenNames
	}
	names = strings.ReplaceAll(names, " ", "<")
	const day = "20060102"
	switch n {
	case 7:
		return files.Signature(picture)
	case 11:
		return files.Person(names, o.PersonCode, o.Birth.Format(day), "UTOPIA CITY<UTO")
	case 12:
		return files.Document("POLICE OF UTOPIA", o.Expiry.AddDate(-10, 0, 1).Format(day))
	case 13:
		return files.Optional([]byte("Utopia says nothing here."))
	}
	return files.Contact(o.Expiry.AddDate(-10, 0, 1).Format(day), "LOVE<<BEN", "+3725550101", "2 MAIN STREET<UTOPIA CITY")
}
