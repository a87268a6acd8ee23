package lds

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tunnus-id/tunnus/document/tlv"
)

// A Name is one of a person in the letters of the country. An empty part is not
// told.
type Name struct{ Primary, Secondary string }

// A Date is YYYYMMDD; what is not known of it is written as the document has it,
// with zeros or fillers (<).
type Date string

// Day is the day, midnight UTC; ok is false if a part of it is not known.
func (d Date) Day() (day time.Time, ok bool) {
	day, err := time.Parse("20060102", string(d))
	return day, err == nil
}

// PersonalDetails are the additional details of data group 11 (Doc 9303-10
// §4.7.11). What is not told is empty. Lists keep the order of the document.
type PersonalDetails struct {
	Name           Name
	OtherNames     []Name
	PersonalNumber string
	Birth          Date
	BirthPlace     []string
	Address        []string
	Telephone      string
	Profession     string
	Title          string
	Summary        string
	Citizenship    []byte   // picture of a proof, as it is stored
	Documents      []string // numbers of other travel documents
	Custody        string
}

// DocumentDetails are those of data group 12 (Doc 9303-10 §4.7.12). What is not
// told is empty.
type DocumentDetails struct {
	Authority    string
	Issued       Date
	Others       []Name // persons in the same document
	Endorsements string
	Tax          string // requirements of tax or of leaving the country
	Front, Rear  []byte // pictures of the document, as they are stored
	Personalized string // YYYYMMDDhhmmss
	System       string // serial number of the system that personalized it
}

// A Contact is a person to notify (data group 16).
type Contact struct {
	Recorded  Date
	Name      Name
	Telephone string
	Address   []string
}

// Limits of details.
const (
	maxText     = 2 << 10 // bytes of one text
	maxNames    = 16
	maxContacts = 15 // their tags end in one hexadecimal digit
)

// Tags that several groups have.
const (
	tagList   = tlv.Tag(0x5C) // which elements there are: nothing depends on it
	tagNumber = tlv.Tag(0x02)
	tagOthers = tlv.Tag(0xA0) // other names or persons, counted
)

// ReadPersonalDetails reads data group 11.
func ReadPersonalDetails(dg11 []byte) (PersonalDetails, error) {
	var d PersonalDetails
	err := readDetails(11, dg11, map[tlv.Tag]reader{
		0x5F0E: name(&d.Name), tagOthers: names(&d.OtherNames, 0x5F0F),
		0x5F10: text(&d.PersonalNumber), 0x5F2B: date(&d.Birth),
		0x5F11: texts(&d.BirthPlace), 0x5F42: texts(&d.Address),
		0x5F12: text(&d.Telephone), 0x5F13: text(&d.Profession), 0x5F14: text(&d.Title), 0x5F15: text(&d.Summary),
		0x5F16: octets(&d.Citizenship), 0x5F17: texts(&d.Documents), 0x5F18: text(&d.Custody),
	})
	if err != nil {
		return PersonalDetails{}, err
	}
	return d, nil
}

// ReadDocumentDetails reads data group 12.
func ReadDocumentDetails(dg12 []byte) (DocumentDetails, error) {
	var d DocumentDetails
	err := readDetails(12, dg12, map[tlv.Tag]reader{
		0x5F19: text(&d.Authority), 0x5F26: date(&d.Issued), tagOthers: names(&d.Others, 0x5F1A),
		0x5F1B: text(&d.Endorsements), 0x5F1C: text(&d.Tax),
		0x5F1D: octets(&d.Front), 0x5F1E: octets(&d.Rear),
		0x5F55: moment(&d.Personalized), 0x5F56: text(&d.System),
	})
	if err != nil {
		return DocumentDetails{}, err
	}
	return d, nil
}

// OptionalDetails returns the content of data group 13, whose form is the
// country's own (Doc 9303-10 §4.7.13).
func OptionalDetails(dg13 []byte) ([]byte, error) { return groups[13].Open(dg13) }

// Contacts reads the persons to notify of data group 16 (Doc 9303-10 §4.7.16).
func Contacts(dg16 []byte) ([]Contact, error) {
	content, err := groups[16].Open(dg16)
	if err != nil {
		return nil, err
	}
	all, err := tlv.All(content)
	if err != nil {
		return nil, fmt.Errorf("lds: DG16: %w", err)
	}
	if len(all) == 0 || len(all) > 1+maxContacts || all[0].Tag != tagNumber ||
		len(all[0].Value) != 1 || int(all[0].Value[0]) != len(all)-1 {
		return nil, errors.New("lds: DG16: another number of persons than is told")
	}
	contacts := make([]Contact, len(all)-1)
	for i, e := range all[1:] {
		c := &contacts[i]
		if e.Tag != tlv.Tag(0xA1+i) {
			return nil, fmt.Errorf("lds: DG16: person %d has tag %X", i+1, uint32(e.Tag))
		}
		err := readElements(e.Value, map[tlv.Tag]reader{
			0x5F50: date(&c.Recorded), 0x5F51: name(&c.Name), 0x5F52: text(&c.Telephone), 0x5F53: texts(&c.Address),
		})
		if err != nil {
			return nil, fmt.Errorf("lds: DG16: %w", err)
		}
	}
	return contacts, nil
}

// A reader takes the value of one element.
type reader func(value []byte) error

func readDetails(group int, file []byte, readers map[tlv.Tag]reader) error {
	content, err := groups[group].Open(file)
	if err != nil {
		return err
	}
	if err := readElements(content, readers); err != nil {
		return fmt.Errorf("lds: DG%d: %w", group, err)
	}
	return nil
}

// readElements hands each element to its reader; none may come twice. Elements
// that nobody reads are skipped: countries add their own.
func readElements(content []byte, readers map[tlv.Tag]reader) error {
	all, err := tlv.All(content)
	if err != nil {
		return err
	}
	seen := map[tlv.Tag]bool{}
	for _, e := range all {
		if seen[e.Tag] {
			return fmt.Errorf("%w: tag %X", tlv.ErrTwice, uint32(e.Tag))
		}
		seen[e.Tag] = true
		if read := readers[e.Tag]; read != nil {
			if err := read(e.Value); err != nil {
				return fmt.Errorf("tag %X: %w", uint32(e.Tag), err)
			}
		}
	}
	return nil
}

var errText = errors.New("text that is too long, not UTF-8, or has characters that command")

// readText takes UTF-8 without characters that are not to be shown but obeyed:
// controls, and those that turn the direction of what stands behind them.
func readText(b []byte) (string, error) {
	if len(b) > maxText || !utf8.Valid(b) {
		return "", errText
	}
	s := string(b)
	commands := func(r rune) bool {
		return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
	}
	if strings.ContainsFunc(s, commands) {
		return "", errText
	}
	return s, nil
}

func text(to *string) reader {
	return func(b []byte) (err error) {
		*to, err = readText(b)
		return err
	}
}

// texts are parted by fillers; empty ones are none.
func texts(to *[]string) reader {
	return func(b []byte) error {
		s, err := readText(b)
		for part := range strings.SplitSeq(s, "<") {
			if part != "" {
				*to = append(*to, part)
			}
		}
		return err
	}
}

// name reads a name in the form of the code line: two fillers between its parts,
// one between words (Doc 9303-3 §4.6).
func name(to *Name) reader {
	return func(b []byte) error {
		s, err := readText(b)
		primary, secondary, _ := strings.Cut(s, "<<")
		words := func(s string) string {
			return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '<' || r == ' ' }), " ")
		}
		*to = Name{words(primary), words(secondary)}
		return err
	}
}

// names reads a number and as many names.
func names(to *[]Name, tag tlv.Tag) reader {
	return func(b []byte) error {
		all, err := tlv.All(b)
		if err != nil {
			return err
		}
		if len(all) == 1 && all[0].Tag == tagNumber && string(all[0].Value) == "\x00" {
			return nil
		}
		n, err := counted(all, tag, maxNames)
		if err != nil {
			return err
		}
		*to = make([]Name, n)
		for i, e := range all[1:] {
			if err := name(&(*to)[i])(e.Value); err != nil {
				return err
			}
		}
		return nil
	}
}

func octets(to *[]byte) reader {
	return func(b []byte) error {
		*to = b
		return nil
	}
}

var errDate = errors.New("no date")

// date reads eight digits, or the four bytes that older documents make of them.
func date(to *Date) reader {
	return func(b []byte) error {
		s := b
		if len(b) == 4 {
			s = []byte(hex.EncodeToString(b))
		}
		if !digits([]byte(strings.ReplaceAll(string(s), "<", "0")), 8) && len(s) != 0 {
			return errDate
		}
		*to = Date(s)
		return nil
	}
}

// moment reads fourteen digits, or the seven bytes that older documents make of them.
func moment(to *string) reader {
	return func(b []byte) error {
		s := b
		if len(b) == 7 {
			s = []byte(hex.EncodeToString(b))
		}
		if !digits(s, 14) && len(s) != 0 {
			return errDate
		}
		*to = string(s)
		return nil
	}
}
