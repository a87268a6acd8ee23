// Package place tells in which country an address of the network is, from a table
// that the operator keeps: a text of lines "CIDR,country", such as
// "192.0.2.0/24,XX". The narrowest network wins. What is in no line is not known,
// and nothing else is asked.
//
// A country from such a table is a hint: addresses move, and whoever wants to can
// seem to be elsewhere. It serves one purpose (security.md R1): a phone and a
// browser that are seen in different countries make the new account wait.
package place

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Local is the place of loopback and private addresses, in a table that has it.
const Local = "local network"

// maxLines bounds a table.
const maxLines = 5_000_000

// A Table holds networks with their countries. The zero one knows nothing.
type Table struct {
	rows  []row // those of one size by address, narrower sizes first
	sizes []size
	local bool
}

type row struct {
	from    netip.Addr
	country string
}

// A size is where the networks of one length begin in the rows, and end.
type size struct {
	v6         bool
	bits       int
	start, end int
}

var country = regexp.MustCompile(`^[A-Z]{2}$`)

// Parse reads a table. Empty lines and those that begin with # are passed over. It
// names the first line that is wrong, and refuses a network that stands twice.
func Parse(text string) (Table, error) {
	type line struct {
		net     netip.Prefix
		country string
	}
	var lines []line
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.FieldsPerRecord, r.ReuseRecord, r.TrimLeadingSpace = '#', 2, true, true
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Table{}, errors.New("place: not lines of two fields")
		}
		at, _ := r.FieldPos(0)
		net, err := netip.ParsePrefix(strings.TrimSpace(rec[0]))
		if err != nil || net != net.Masked() || net.Addr().Is4In6() || !country.MatchString(strings.TrimSpace(rec[1])) {
			return Table{}, fmt.Errorf("place: line %d: a network and a country expected, such as 192.0.2.0/24,XX", at)
		}
		if lines = append(lines, line{net, strings.TrimSpace(rec[1])}); len(lines) > maxLines {
			return Table{}, errors.New("place: too many lines")
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(a.net.Addr().BitLen()-b.net.Addr().BitLen(), b.net.Bits()-a.net.Bits(), a.net.Addr().Compare(b.net.Addr()))
	})
	var t Table
	for i, l := range lines {
		if i > 0 && lines[i-1].net == l.net {
			return Table{}, fmt.Errorf("place: %v stands twice", l.net)
		}
		s := size{l.net.Addr().Is6(), l.net.Bits(), i, i + 1}
		if n := len(t.sizes); n > 0 && t.sizes[n-1].v6 == s.v6 && t.sizes[n-1].bits == s.bits {
			t.sizes[n-1].end++
		} else {
			t.sizes = append(t.sizes, s)
		}
		t.rows = append(t.rows, row{l.net.Addr(), l.country})
	}
	return t, nil
}

// WithLocal is the table with loopback and private addresses in it, as one place:
// for a sandbox, where everything runs on one machine.
func (t Table) WithLocal() Table {
	t.local = true
	return t
}

// Neighbourhood is where a request came from (as [net/http.Request] has it), in the
// form in which it is slowed and placed: of IPv6 the /64, which one subscriber has whole.
func Neighbourhood(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// Place tells the country of an address, or of a network as addresses are slowed
// ("2001:db8::/64"); "" if it is not known.
func (t Table) Place(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		p, perr := netip.ParsePrefix(address)
		if perr != nil {
			return ""
		}
		a = p.Addr()
	}
	a = a.Unmap().WithZone("")
	for _, s := range t.sizes {
		if s.v6 != a.Is6() {
			continue
		}
		net, err := a.Prefix(s.bits)
		if err != nil {
			continue
		}
		rows := t.rows[s.start:s.end]
		if i, found := slices.BinarySearchFunc(rows, net.Addr(), func(r row, want netip.Addr) int { return r.from.Compare(want) }); found {
			return rows[i].country
		}
	}
	if t.local && (a.IsLoopback() || a.IsPrivate()) {
		return Local
	}
	return ""
}
