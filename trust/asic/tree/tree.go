// Package tree reads XML of which there is one reading only, gives elements their
// canonical form, and walks through them in order. It is made for signatures: what
// it does not know it refuses, rather than skip it.
package tree

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Canonicalisations, by their identifiers.
const (
	Exclusive   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	Inclusive10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	Inclusive11 = "http://www.w3.org/2006/12/xml-c14n11"
)

// Limits of a piece of XML.
const (
	maxDepth      = 24
	maxElements   = 4096
	maxAttributes = 64 // of one element; work grows with their square
)

// Parse reads a document in UTF-8 of which there is one reading only: no
// document type and so no entities, no comments, no processing instructions,
// nothing outside of the root, no two attributes of one name, no two of the
// same Id, and no attribute whose value a parser would change. Attributes have
// no prefix, but for the namespaces given.
func Parse(b []byte, namespaces ...string) (*etree.Element, error) {
	if err := scan(b, namespaces); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	doc.ReadSettings.MaxDepth = maxDepth
	if err := doc.ReadFromBytes(b); err != nil || doc.Root() == nil {
		return nil, errors.New("tree: XML that cannot be read")
	}
	return doc.Root(), nil
}

func scan(b []byte, namespaces []string) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	ids, depth, elements, roots := map[string]bool{}, 0, 0, 0
	for first := true; ; first = false {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.New("tree: XML that is not well formed")
		}
		switch t := token.(type) {
		case xml.Directive, xml.Comment:
			return errors.New("tree: XML with a document type or a comment")
		case xml.ProcInst:
			if !first || t.Target != "xml" {
				return errors.New("tree: XML with a processing instruction")
			}
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return errors.New("tree: XML with text outside of its root")
			}
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			elements++
			if depth > maxDepth || elements > maxElements || roots > 1 {
				return errors.New("tree: XML that is too deep, too large, or has two roots")
			}
			if err := scanAttributes(t.Attr, ids, namespaces); err != nil {
				return err
			}
		}
	}
	if roots != 1 || depth != 0 {
		return errors.New("tree: XML without a root, or cut off")
	}
	return nil
}

func scanAttributes(attributes []xml.Attr, ids map[string]bool, namespaces []string) error {
	if len(attributes) > maxAttributes {
		return errors.New("tree: XML with an element of too many attributes")
	}
	seen := map[xml.Name]bool{}
	for _, a := range attributes {
		// Canonical forms differ in how they take xml:lang, xml:base and xml:id, and
		// sort attributes with a prefix by what it stands for.
		foreign := a.Name.Space != "" && a.Name.Space != "xmlns" && !slices.Contains(namespaces, a.Name.Space)
		if seen[a.Name] || foreign || a.Name.Space == "xmlns" && a.Value == "" || strings.ContainsFunc(a.Value, unicode.IsControl) {
			return fmt.Errorf("tree: XML with an attribute %q that is not understood", a.Name.Local)
		}
		seen[a.Name] = true
		if a.Name.Space == "" && strings.EqualFold(a.Name.Local, "Id") {
			if a.Value == "" || ids[a.Value] {
				return errors.New("tree: XML with two elements of one Id, or an empty one")
			}
			ids[a.Value] = true
		}
	}
	return nil
}

// Canonical returns the canonical form of an element where it stands.
func Canonical(e *etree.Element, algorithm string) ([]byte, error) {
	var c dsig.Canonicalizer
	switch algorithm {
	case Exclusive:
		c = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	case Inclusive11, Inclusive10: // they differ in xml: attributes only, which scan refuses
		c = dsig.MakeC14N11Canonicalizer()
	default:
		return nil, fmt.Errorf("tree: canonicalisation %q is not known", algorithm)
	}
	whole := e.Copy() // the canonicaliser writes into what it gets, and sees nothing above it
	for up := e.Parent(); up != nil; up = up.Parent() {
		for _, a := range up.Attr {
			if declares(a) && whole.SelectAttr(a.FullKey()) == nil {
				whole.CreateAttr(a.FullKey(), a.Value)
			}
		}
	}
	b, err := c.Canonicalize(whole)
	if err != nil {
		return nil, errors.New("tree: XML that has no canonical form")
	}
	return b, nil
}

func declares(a etree.Attr) bool { return a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns" }

// A Cursor steps through the children of an element, in order.
type Cursor struct {
	parent *etree.Element
	left   []*etree.Element
	Err    error // the first thing that was not as expected
}

// Into opens an element: it must be the one named, and hold nothing but elements.
func Into(e *etree.Element, space, tag string) *Cursor {
	c := &Cursor{parent: e}
	if e == nil || e.Tag != tag || e.NamespaceURI() != space {
		c.Err = fmt.Errorf("tree: <%s> is missing, or something else stands there", tag)
		return c
	}
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.Element:
			c.left = append(c.left, t)
		case *etree.CharData:
			if strings.TrimSpace(t.Data) != "" {
				c.Err = fmt.Errorf("tree: text in <%s>", tag)
			}
		}
	}
	return c
}

// Is reports whether the next child has the name.
func (c *Cursor) Is(space, tag string) bool {
	return c.Err == nil && len(c.left) > 0 && c.left[0].Tag == tag && c.left[0].NamespaceURI() == space
}

// Take returns the next child, which must have the name. After a failure it is an empty element.
func (c *Cursor) Take(space, tag string) *etree.Element {
	if !c.Is(space, tag) {
		if c.Err == nil {
			c.Err = fmt.Errorf("tree: <%s> is missing in <%s>, or stands elsewhere", tag, c.parent.Tag)
		}
		return etree.NewElement(tag)
	}
	e := c.left[0]
	c.left = c.left[1:]
	return e
}

// All takes the children of that name that come next.
func (c *Cursor) All(space, tag string) (out []*etree.Element) {
	for c.Is(space, tag) {
		out = append(out, c.Take(space, tag))
	}
	return out
}

// End demands that nothing is left.
func (c *Cursor) End() error {
	if c.Err == nil && len(c.left) > 0 {
		c.Err = fmt.Errorf("tree: <%s> in <%s> is not understood", c.left[0].Tag, c.parent.Tag)
	}
	return c.Err
}

// Text returns what an element without children holds, without space around.
func Text(e *etree.Element) (string, error) {
	var b strings.Builder
	for _, t := range e.Child {
		d, ok := t.(*etree.CharData)
		if !ok {
			return "", fmt.Errorf("tree: <%s> holds more than text", e.Tag)
		}
		b.WriteString(d.Data)
	}
	return strings.TrimSpace(b.String()), nil
}

// Binary returns what an element holds in base64.
func Binary(e *etree.Element) ([]byte, error) {
	s, err := Text(e)
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("tree: <%s> is not base64", e.Tag)
	}
	return b, nil
}

// Attributes returns those of an element that declare nothing; it may have no others
// than those named.
func Attributes(e *etree.Element, allowed ...string) (map[string]string, error) {
	out := map[string]string{}
	for _, a := range e.Attr {
		if declares(a) {
			continue
		}
		out[a.FullKey()] = a.Value
	}
	for k := range out {
		if !strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+k+" ") {
			return nil, fmt.Errorf("tree: attribute %q of <%s> is not understood", k, e.Tag)
		}
	}
	return out, nil
}

// Algorithm returns the Algorithm of an element that has nothing else, no parameters either.
func Algorithm(e *etree.Element) (string, error) {
	a, err := Attributes(e, "Algorithm")
	if err == nil {
		err = Into(e, e.NamespaceURI(), e.Tag).End()
	}
	return a["Algorithm"], err
}
