package tunnus_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// pure are the layers to which files, network, clock and log are handed in.
var pure = []string{words, read, decide}

// barred is what a pure package must not import, nor anything below it.
var barred = []string{"net", "os", "log", "database", "syscall", "plugin", "crypto/tls", "io/ioutil", "expvar", "C"}

// harmless are parts of barred folders that only parse or name, as "package: import".
var harmless = map[string]string{
	"trust/asic: net/url":      "the escapes in a file's name; opens no connection",
	": log/slog":               "the LogValue of a secret and of a person; nothing is logged here",
	"enrol/place: net/netip":   "addresses and networks, as values; opens no connection",
	"login: net/netip":         "the address of a caller, as a value; opens no connection",
	"document/idcard: net/url": "the origin, as a value; opens no connection",
	"trust/pki: net/netip":     "an address in a server certificate, as a value; opens no connection",
}

// foreign is what pure packages import from other modules, as "package: import".
var foreign = map[string]string{
	"trust/pades: github.com/digitorus/pkcs7":                     "CMS of PDF signatures",
	"trust/asic: github.com/beevik/etree":                         "the tree of a signature file, as trust/asic/tree reads it",
	"trust/asic/tree: github.com/beevik/etree":                    "the tree that is made canonical",
	"trust/asic/tree: github.com/russellhaering/goxmldsig":        "canonical XML",
	"account/address: github.com/nyaruka/phonenumbers":            "which numbers a country has",
	"account/address: golang.org/x/net/idna":                      "domains of other scripts",
	"document/chip/domain: filippo.io/bigmod":                     "constant-time arithmetic of residues",
	"document/chip/domain: golang.org/x/crypto/cryptobyte":        "strict DER",
	"document/chip/domain: golang.org/x/crypto/cryptobyte/asn1":   "strict DER",
	"document/chip/security: golang.org/x/crypto/cryptobyte":      "strict DER",
	"document/chip/security: golang.org/x/crypto/cryptobyte/asn1": "strict DER",
	"document/cms: golang.org/x/crypto/cryptobyte":                "strict DER",
	"document/cms: golang.org/x/crypto/cryptobyte/asn1":           "strict DER",
	"document/curve: golang.org/x/crypto/cryptobyte":              "strict DER",
	"document/curve: golang.org/x/crypto/cryptobyte/asn1":         "strict DER",
	"document/lds: golang.org/x/crypto/cryptobyte":                "strict DER",
	"document/lds: golang.org/x/crypto/cryptobyte/asn1":           "strict DER",
	"document/virtual: golang.org/x/crypto/cryptobyte":            "writes DER",
	"document/virtual: golang.org/x/crypto/cryptobyte/asn1":       "writes DER",
	"enrol/reconcile: golang.org/x/text/unicode/norm":             "names are compared composed",
	"enrol/translit: golang.org/x/text/unicode/norm":              "letters are read with their marks, and without",
	"notify/words: golang.org/x/text/unicode/norm":                "letters and their marks, apart",
	"face/tensor: golang.org/x/sys/cpu":                           "which kernel the processor can run",
	"key/splitkey: filippo.io/bigmod":                             "constant-time arithmetic of halves",
	"key/splitkey: golang.org/x/crypto/argon2":                    "slows down guessing a PIN",
	"key/voprf: filippo.io/bigmod":                                "constant-time arithmetic of scalars",
	"key/voprf: github.com/cloudflare/circl/group":                "the group of the VOPRF",
	"key/voprf: github.com/cloudflare/circl/oprf":                 "the phone's side of it",
	"key/voprf: github.com/cloudflare/circl/zk/dleq":              "its proof",
	"problem/phrases: github.com/nicksnyder/go-i18n/v2/i18n":      "messages in six languages, with plural forms",
	"problem/phrases: golang.org/x/text/language":                 "tags and weights of Accept-Language",
	"trust/proof: github.com/transparency-dev/merkle/proof":       "Merkle proofs",
	"trust/proof: github.com/transparency-dev/merkle/rfc6962":     "the hashes of the tree",
	"trust/proof: golang.org/x/mod/sumdb/note":                    "signed notes, the form of checkpoints",
	"trust/pki: golang.org/x/crypto/cryptobyte":                   "strict DER",
	"trust/pki: golang.org/x/crypto/cryptobyte/asn1":              "strict DER",
	"trust/ocsp: golang.org/x/crypto/cryptobyte":                  "strict DER",
	"trust/ocsp: golang.org/x/crypto/cryptobyte/asn1":             "strict DER",
	"trust/stamp: golang.org/x/crypto/cryptobyte":                 "strict DER",
	"trust/stamp: golang.org/x/crypto/cryptobyte/asn1":            "strict DER",
	"trust/tiles: github.com/transparency-dev/merkle/compact":     "the root over leaves as they come",
	"trust/tiles: github.com/transparency-dev/merkle/rfc6962":     "the hashes of the tree",
	"trust/tiles: github.com/transparency-dev/tessera/api/layout": "which file a tile is in",
	"trust/issue: github.com/zmap/zcrypto/x509":                   "what zlint reads",
	"trust/issue: github.com/zmap/zlint/v3/lint":                  "the linter that judges a draft",
	"trust/issue: github.com/zmap/zlint/v3/lints/etsi":            "its rules of ETSI",
	"trust/issue: github.com/zmap/zlint/v3/lints/rfc":             "its rules of the RFCs",
}

func TestWhatComesFromOutside(t *testing.T) {
	usedHarmless, usedForeign := map[string]bool{}, map[string]bool{}
	for _, r := range rooms {
		for _, f := range sources(t, r.pkg) {
			if _, dot := f.names["."]; dot {
				t.Errorf("%s: a dot import hides where a name comes from", f.path)
			}
		}
		if !slices.Contains(pure, r.layer) {
			continue
		}
		for _, imp := range imports(t, r.pkg) {
			if _, ours := insideModule(imp); ours {
				continue
			}
			key := r.pkg + ": " + imp
			first, _, _ := strings.Cut(imp, "/")
			switch {
			case strings.Contains(first, "."):
				if usedForeign[key] = true; foreign[key] == "" || r.layer == words {
					t.Errorf("%s (%s) imports %s, which is not in the list of foreign packages", r.pkg, r.layer, imp)
				}
			case slices.ContainsFunc(barred, func(b string) bool { return imp == b || strings.HasPrefix(imp, b+"/") }):
				if usedHarmless[key] = true; harmless[key] == "" {
					t.Errorf("%s (%s) must not import %s", r.pkg, r.layer, imp)
				}
			}
		}
	}
	noneUnused(t, "harmless", harmless, usedHarmless)
	noneUnused(t, "foreign", foreign, usedForeign)
}

// timely are the names of package time that depend on the machine's clock or zone.
var timely = []string{"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep", "Local", "LoadLocation"}

// clocks are the pure packages that have one of them, as "package: name".
var clocks = map[string]string{
	": time.Now":                         "SystemClock, which the whole hands to the others",
	"document/chip: context.WithTimeout": "a reading ends after a minute, whoever waits for it; it judges nothing by that",
	"enrol: context.WithTimeout":         "MakeKeys gives up when the parts it calls take too long; it judges nothing by that",
	"enrol/scheme: time.LoadLocation":    "where a scheme's days begin; the table of zones is built into the program",
	"login: time.NewTimer":               "a long poll waits; what it then answers is judged by the clock handed in",
}

// Time is handed in.
func TestNobodyReadsTheClock(t *testing.T) {
	used := map[string]bool{}
	for _, r := range rooms {
		if !slices.Contains(pure, r.layer) {
			continue
		}
		for _, f := range sources(t, r.pkg) {
			ast.Inspect(f.File, func(n ast.Node) bool {
				e, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				name := ""
				switch {
				case f.is(e.X, "time") && slices.Contains(timely, e.Sel.Name):
					name = "time." + e.Sel.Name
				case f.is(e.X, "context") && (strings.HasPrefix(e.Sel.Name, "WithTimeout") || strings.HasPrefix(e.Sel.Name, "WithDeadline")):
					name = "context." + e.Sel.Name
				case f.is(e.X, module) && e.Sel.Name == "SystemClock":
					name = "tunnus.SystemClock"
				default:
					return true
				}
				key := r.pkg + ": " + name
				if used[key] = true; clocks[key] == "" {
					t.Errorf("%s: %s in a package of layer %s", f.at(n), name, r.layer)
				}
				return true
			})
		}
	}
	noneUnused(t, "clocks", clocks, used)
}
