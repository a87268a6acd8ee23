package config

import (
	"fmt"
	"slices"
	"strings"
)

// A Role is a part of the service that may run as a process of its own.
type Role string

// The roles. What each may do and holds is told in doc/roles.md.
const (
	Front    Role = "front"    // apps and relying parties, registrations, log-ins, accounts
	Keyshare Role = "keyshare" // the server's half of the keys, and the PIN counters
	Issue    Role = "issue"    // the certificate authority
)

// Roles are those of one process.
type Roles []Role

// All are the roles of a process that stands alone.
func All() Roles { return Roles{Front, Keyshare, Issue} }

// ParseRoles reads what --roles says: "all", or names with commas between.
func ParseRoles(s string) (Roles, error) {
	if s == "all" {
		return All(), nil
	}
	var out Roles
	for name := range strings.SplitSeq(s, ",") {
		r := Role(name)
		if !slices.Contains(All(), r) || out.Has(r) {
			return nil, fmt.Errorf(`roles: %q; "all", or some of front, keyshare, issue with commas between, each once`, s)
		}
		out = append(out, r)
	}
	return out, nil
}

// Has reports whether r is one of them.
func (r Roles) Has(one Role) bool { return slices.Contains(r, one) }

// some reports whether one of the roles is there.
func (r Roles) some(of ...Role) bool { return slices.ContainsFunc(of, r.Has) }
