package order

import (
	"crypto"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/document/chip/apdu"
	"github.com/tunnus-id/tunnus/document/chip/domain"
	"github.com/tunnus-id/tunnus/document/chip/pace"
	"github.com/tunnus-id/tunnus/document/chip/security"
	"github.com/tunnus-id/tunnus/document/curve"
	"github.com/tunnus-id/tunnus/document/virtual"
)

// A keyword is the first word of a line: how what follows is taken, and given back.
type keyword struct {
	word  string
	often bool
	take  func(o *Order, args []string) error
	give  func(o Order) []string
}

// keywords are all there are, in the order of [Order.String].
func keywords() []keyword {
	return []keyword{
		{"passport", false, takeVersion, func(Order) []string { return nil }}, // String writes it
		{"holder", false, takeHolder, giveHolder},
		text("sex", 1, func(o *Order) *string { return &o.Sex }),
		text("number", 9, func(o *Order) *string { return &o.Number }),
		text("code", 14, func(o *Order) *string { return &o.PersonCode }),
		day("born", func(o *Order) *time.Time { return &o.Birth }),
		day("expires", func(o *Order) *time.Time { return &o.Expiry }),
		{"portrait", false, takePortrait, givePortrait},
		choice("face-record", "iso19794", "iso39794", func(o *Order) *bool { return &o.Face39794 }),
		signer("country-signer", func(o *Order) *Key { return &o.Country }),
		signer("document-signer", func(o *Order) *Key { return &o.Document }),
		{"digest", false, takeDigest, func(o Order) []string { return []string{hashes.name(o.Digest)} }},
		choice("bac", "yes", "no", func(o *Order) *bool { return &o.NoBAC }),
		{"pace", true, takePACE, givePACE},
		text("can", 12, func(o *Order) *string { return &o.CAN }),
		{"chip-auth", true, takeAuth, giveAuth},
		{"cam-key", false, takeMapKey, giveMapKey},
		{"active-auth", false, takeActive, giveActive},
		choice("length", "extended", "short", func(o *Order) *bool { return &o.Short }),
		{"delay", false, takeDelay, giveDelay},
		{"groups", false, takeGroups, giveGroups},
		choice("card-security", "no", "yes", func(o *Order) *bool { return &o.CardSecurity }),
		{"fault", true, takeFault, giveFaults},
	}
}

// names are words for values.
type names[T comparable] []struct {
	name  string
	value T
}

func (n names[T]) of(name string) (v T, err error) {
	for _, e := range n {
		if e.name == name {
			return e.value, nil
		}
	}
	return v, errValue
}

func (n names[T]) name(v T) string {
	for _, e := range n {
		if e.value == v {
			return e.name
		}
	}
	return "?"
}

var (
	hashes = names[crypto.Hash]{
		{"md5", crypto.MD5}, {"sha1", crypto.SHA1}, {"sha224", crypto.SHA224}, {"sha256", crypto.SHA256}, {"sha384", crypto.SHA384}, {"sha512", crypto.SHA512},
	}
	suites   = names[apdu.Suite]{{"3des", apdu.DES3}, {"aes128", apdu.AES128}, {"aes192", apdu.AES192}, {"aes256", apdu.AES256}}
	mappings = names[security.Mapping]{{"gm", security.Generic}, {"im", security.Integrated}, {"cam", security.ChipAuth}}
	kinds    = names[bool]{{"ecdh", true}, {"dh", false}}
)

// number reads a number as it is written back.
func number(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most || strconv.Itoa(n) != s {
		return 0, errNumber
	}
	return n, nil
}

// text is a keyword with one word of letters and digits.
func text(word string, most int, field func(*Order) *string) keyword {
	take := func(o *Order, args []string) error {
		if len(args) != 1 {
			return errArgs
		}
		if len(args[0]) > most || strings.Trim(args[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			return errValue
		}
		*field(o) = args[0]
		return nil
	}
	return keyword{word, false, take, func(o Order) []string { return some(*field(&o)) }}
}

// some is a value, if there is one.
func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func day(word string, field func(*Order) *time.Time) keyword {
	take := func(o *Order, args []string) error {
		if len(args) != 1 {
			return errArgs
		}
		d, err := time.Parse(time.DateOnly, args[0])
		if err != nil || d.Year() < 1900 || d.Year() > 2099 {
			return errDay
		}
		*field(o) = d
		return nil
	}
	return keyword{word, false, take, func(o Order) []string { return []string{field(&o).Format(time.DateOnly)} }}
}

// choice is a keyword with two values, of which the first is preset.
func choice(word, preset, other string, field func(*Order) *bool) keyword {
	values := names[bool]{{preset, false}, {other, true}}
	take := func(o *Order, args []string) (err error) {
		if len(args) != 1 {
			return errArgs
		}
		*field(o), err = values.of(args[0])
		return err
	}
	return keyword{word, false, take, func(o Order) []string { return []string{values.name(*field(&o))} }}
}

func takeVersion(_ *Order, args []string) error {
	if !slices.Equal(args, []string{"1"}) {
		return errFirst
	}
	return nil
}

func takeHolder(o *Order, args []string) error {
	surname, given, _ := strings.Cut(strings.Join(args, " "), " / ")
	o.Surname, o.GivenNames = surname, given
	for _, n := range []string{surname, given} {
		if len(n) > 39 || strings.Trim(n, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") != "" || n != strings.TrimSpace(n) {
			return errValue
		}
	}
	if surname == "" {
		return errArgs
	}
	return nil
}

func giveHolder(o Order) []string {
	if o.GivenNames == "" {
		return []string{o.Surname}
	}
	return []string{o.Surname + " / " + o.GivenNames}
}

func takePortrait(o *Order, args []string) (err error) {
	o.Portrait = Portrait{}
	switch {
	case len(args) == 3 && args[0] == "jpeg":
		if o.Portrait.Width, err = number(args[1], 1, maxSide); err == nil {
			o.Portrait.Height, err = number(args[2], 1, maxSide)
		}
		return err
	case len(args) == 2 && args[0] == "file":
		o.Portrait.File = args[1]
		return nil
	}
	return errArgs
}

func givePortrait(o Order) []string {
	if o.Portrait.File != "" {
		return []string{"file " + o.Portrait.File}
	}
	return []string{fmt.Sprintf("jpeg %d %d", o.Portrait.Width, o.Portrait.Height)}
}

func signer(word string, field func(*Order) *Key) keyword {
	take := func(o *Order, args []string) (err error) {
		*field(o), err = parseKey(args)
		return err
	}
	return keyword{word, false, take, func(o Order) []string { return []string{giveKey(*field(&o))} }}
}

// parseKey reads rsa BITS pkcs1|pss HASH [exponent N], or ecdsa CURVE
// named|explicit HASH.
func parseKey(args []string) (k Key, err error) {
	odd := len(args) == 6 && args[0] == "rsa" && args[4] == "exponent"
	if len(args) != 4 && !odd {
		return Key{}, errArgs
	}
	if k.Hash, err = hashes.of(args[3]); err != nil {
		return Key{}, err
	}
	switch args[0] {
	case "rsa":
		if k.PSS, err = (names[bool]{{"pkcs1", false}, {"pss", true}}).of(args[2]); err == nil {
			k.Bits, err = number(args[1], leastRSA, mostRSA)
		}
	case "ecdsa":
		if k.Explicit, err = (names[bool]{{"named", false}, {"explicit", true}}).of(args[2]); err == nil {
			k.Curve = args[1]
			_, err = curve.Named(k.Curve)
		}
	default:
		err = errValue
	}
	if err == nil && odd {
		e := 0
		if e, err = number(args[5], 3, 1<<31-1); e%2 == 0 || k.PSS {
			err = errNumber
		}
		k.Exponent = int64(e)
	}
	return k, err
}

// giveKey is the key as a description has it.
func giveKey(k Key) string {
	if k.Curve != "" {
		form := names[bool]{{"named", false}, {"explicit", true}}.name(k.Explicit)
		return fmt.Sprintf("ecdsa %s %s %s", k.Curve, form, hashes.name(k.Hash))
	}
	s := fmt.Sprintf("rsa %d %s %s", k.Bits, names[bool]{{"pkcs1", false}, {"pss", true}}.name(k.PSS), hashes.name(k.Hash))
	if k.Exponent != 0 {
		s += fmt.Sprintf(" exponent %d", k.Exponent)
	}
	return s
}

func takeDigest(o *Order, args []string) (err error) {
	if len(args) != 1 {
		return errArgs
	}
	o.Digest, err = hashes.of(args[0])
	return err
}

// takeGroup reads the kind, cipher and parameters of an agreement.
func takeGroup(args []string) (curve bool, s apdu.Suite, id int, err error) {
	if curve, err = kinds.of(args[0]); err != nil {
		return
	}
	if s, err = suites.of(args[1]); err != nil {
		return
	}
	if id, err = number(args[2], 0, 18); err != nil {
		return
	}
	g, err := domain.Standard(id)
	if err == nil && g.Curve != curve {
		err = errValue
	}
	return curve, s, id, err
}

func takePACE(o *Order, args []string) error {
	if len(args) != 4 {
		return errArgs
	}
	m, err := mappings.of(args[0])
	if err != nil {
		return err
	}
	c, s, id, err := takeGroup(args[1:])
	if err != nil {
		return err
	}
	p := security.NewPACE(m, c, s, id)
	if _, err := pace.NewMethod(p); err != nil {
		return err
	}
	if o.PACE = append(o.PACE, p); len(o.PACE) > maxPACE {
		return errMany
	}
	return nil
}

func givePACE(o Order) (lines []string) {
	for _, p := range o.PACE {
		lines = append(lines, fmt.Sprintf("%s %s %s %d", mappings.name(p.Mapping), kinds.name(p.Curve), suites.name(p.Suite), p.Domain))
	}
	return lines
}

func takeAuth(o *Order, args []string) error {
	if len(args) != 3 {
		return errArgs
	}
	c, s, id, err := takeGroup(args)
	switch {
	case err != nil:
		return err
	case len(o.ChipAuth) == maxAuth:
		return errMany
	case len(o.ChipAuth) > 0 && id != o.AuthGroup:
		return fmt.Errorf("the chip has one key, with the parameters %d", o.AuthGroup)
	}
	o.ChipAuth, o.AuthGroup = append(o.ChipAuth, security.NewAuth(c, s)), id
	return nil
}

func giveAuth(o Order) (lines []string) {
	for _, a := range o.ChipAuth {
		lines = append(lines, fmt.Sprintf("%s %s %d", kinds.name(a.Curve), suites.name(a.Suite), o.AuthGroup))
	}
	return lines
}

var mapKeys = names[virtual.MapKey]{{"shared", virtual.MapShared}, {"second", virtual.MapSecond}, {"card-security", virtual.MapSecurity}}

func takeMapKey(o *Order, args []string) (err error) {
	o.MapKey, err = mapKeys.of(strings.Join(args, " "))
	return err
}

func giveMapKey(o Order) []string { return []string{mapKeys.name(o.MapKey)} }

// mapping checks that the keys of chip authentication and its mapping go together: each
// has one set of parameters, and so have both if they are one.
func (o Order) mapping() error {
	var ids []int
	if o.MapKey == virtual.MapShared && len(o.ChipAuth) > 0 {
		ids = append(ids, o.AuthGroup)
	}
	for _, p := range o.PACE {
		if p.Mapping == security.ChipAuth {
			ids = append(ids, p.Domain)
		}
	}
	if ids = slices.Compact(ids); len(ids) > 1 {
		return fmt.Errorf(`one key with the parameters %d and %d; "cam-key second" orders another`, ids[0], ids[1])
	}
	return nil
}

// takeActive reads the kind and size of the chip's key: those that crypto/x509
// can write.
func takeActive(o *Order, args []string) (err error) {
	o.ActiveAuth = Key{}
	switch {
	case slices.Equal(args, []string{"none"}):
		return nil
	case len(args) != 2:
		return errArgs
	case args[0] == "rsa":
		o.ActiveAuth.Bits, err = number(args[1], leastRSA, 4096)
		return err
	case args[0] == "ecdsa" && nist(args[1]) != nil:
		o.ActiveAuth.Curve = args[1]
		return nil
	}
	return errValue
}

func giveActive(o Order) []string {
	switch {
	case o.ActiveAuth.Curve != "":
		return []string{"ecdsa " + o.ActiveAuth.Curve}
	case o.ActiveAuth.Bits != 0:
		return []string{fmt.Sprintf("rsa %d", o.ActiveAuth.Bits)}
	}
	return []string{"none"}
}

// takeDelay reads milliseconds.
func takeDelay(o *Order, args []string) error {
	if len(args) != 1 {
		return errArgs
	}
	ms, err := number(args[0], 0, maxDelay)
	o.Delay = time.Duration(ms) * time.Millisecond
	return err
}

func giveDelay(o Order) []string { return []string{strconv.FormatInt(o.Delay.Milliseconds(), 10)} }

// more are the data groups that can be ordered.
var more = []int{7, 11, 12, 13, 16}

func takeGroups(o *Order, args []string) error {
	if len(args) == 0 {
		return errArgs
	}
	for _, a := range args {
		n, err := number(a, 1, 16)
		if err != nil {
			return err
		}
		if !slices.Contains(more, n) || len(o.Groups) > 0 && n <= o.Groups[len(o.Groups)-1] {
			return errValue
		}
		o.Groups = append(o.Groups, n)
	}
	return nil
}

func giveGroups(o Order) []string {
	return some(strings.Trim(fmt.Sprint(o.Groups), "[]"))
}

func takeFault(o *Order, args []string) error {
	if len(args) != 1 && len(args) != 2 {
		return errArgs
	}
	f := Fault{Name: args[0], Of: strings.Join(args[1:], "")}
	if err := known(f); err != nil {
		return err
	}
	if o.Faults = append(o.Faults, f); len(o.Faults) > maxFault {
		return errMany
	}
	return nil
}

func giveFaults(o Order) (lines []string) {
	for _, f := range o.Faults {
		lines = append(lines, strings.TrimSpace(f.Name+" "+f.Of))
	}
	return lines
}
