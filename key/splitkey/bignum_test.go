package splitkey

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// publicBig lists the functions under key/ that calculate with math/big, which
// does not run in constant time, with the values that they put into it. All of
// them are public. No other function may (split-key facts §4).
var publicBig = map[string]string{
	"splitkey: Generate":       "hands the primes over, out of the key that crypto/rsa made, and calculates with n",
	"splitkey: wide":           "a modulus",
	"splitkey: Power":          "em and the modulus, before anything secret comes in",
	"splitkey: CheckModulus":   "n1",
	"splitkey: isPrime":        "n1",
	"splitkey: smallFactor":    "n1",
	"splitkey: factorOf":       "n1",
	"splitkey: perfectPower":   "n1",
	"splitkey: root":           "n1",
	"splitkey: roca":           "n1",
	"splitkey: Join":           "n1 and n2",
	"splitkey: Other":          "n and n1",
	"splitkey: CheckProduct":   "n and n1",
	"splitkey: CheckShare":     "n1, em and a share that is part of a signature",
	"splitkey: powersTo":       "a modulus, em and a part of a signature",
	"splitkey: combineChecked": "moduli, em and both parts of a signature",
	"splitkey: CheckProof":     "n1",
	"voprf: hashToScalar":      "hashes of what is sent",
	"keyshare: Outcome":        "n",
	"keyshare/moduli: *":       "moduli only; its halves are made elsewhere and sealed before it sees them",
	"hsm/token: drawHalf":      "e", "hsm/token: modulus": "n2", "hsm/token: Power": "em and n2",
	"hsm/token: public": "a public key", "hsm/token: ecdsaDER": "a signature",
}

// circlBig are the operations of circl on scalars that go through math/big.
var circlBig = []string{"HashToScalar", "RandomScalar", "RandomNonZeroScalar", "SetBigInt", "Neg", "Inv"}

// bigUsers finds the functions of a file that touch numbers of math/big, by
// package of the folder and name: through the package's name, through the fields
// of crypto/rsa that hold secrets as such numbers, or through circl's scalars.
func bigUsers(file *ast.File, folder string) (users []string) {
	name := "" // by which the file knows math/big
	circl := false
	for _, imp := range file.Imports {
		switch strings.Trim(imp.Path.Value, `"`) {
		case "math/big":
			if name = "big"; imp.Name != nil {
				name = imp.Name.Name
			}
		case "github.com/cloudflare/circl/group":
			circl = true
		}
	}
	for _, d := range file.Decls {
		where := folder + ": (declarations)"
		if f, ok := d.(*ast.FuncDecl); ok {
			where = folder + ": " + f.Name.Name
		}
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			e, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, named := e.X.(*ast.Ident)
			touches := named && name != "" && (x.Name == name) ||
				slices.Contains([]string{"Primes", "Precomputed"}, e.Sel.Name) ||
				circl && (slices.Contains(circlBig, e.Sel.Name) || arithmetic(e))
			if touches && !slices.Contains(users, where) {
				users = append(users, where)
			}
			return true
		})
	}
	return users
}

// arithmetic reports a sum, difference or product made on a scalar of circl.
func arithmetic(e *ast.SelectorExpr) bool {
	if !slices.Contains([]string{"Add", "Sub", "Mul"}, e.Sel.Name) {
		return false
	}
	call, ok := e.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && f.Sel.Name == "NewScalar"
}

// No number of math/big touches a secret of the server, nor of the phone.
func TestNoBigNumberTouchesASecret(t *testing.T) {
	used := map[string]bool{}
	files := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
		for _, user := range bigUsers(file, folder) {
			if all := folder + ": *"; publicBig[all] != "" {
				user = all
			}
			if used[user] = true; publicBig[user] == "" {
				t.Errorf("%s calculates with math/big; if all that it puts in is public, list it with what that is", user)
			}
		}
		return nil
	})
	if err != nil || files < 30 {
		t.Fatalf("%d files were read, %v", files, err)
	}
	for user := range publicBig {
		if !used[user] {
			t.Errorf("%s is listed and does not calculate with math/big", user)
		}
	}
}

// The test above goes red when such a number is added, in whichever way.
func TestBigNumbersAreFound(t *testing.T) {
	for name, body := range map[string]string{
		"by name":         `import "math/big"` + "\n" + `func f(k []byte) { new(big.Int).SetBytes(k) }`,
		"by another name": `import x "math/big"` + "\n" + `func f(k []byte) { var n x.Int; n.SetBytes(k) }`,
		"a key's primes":  `import "crypto/rsa"` + "\n" + `func f(k *rsa.PrivateKey) { k.Primes[0].Bit(0) }`,
		"circl's product": `import "github.com/cloudflare/circl/group"` + "\n" + `func f(a, b group.Scalar) { group.P256.NewScalar().Mul(a, b) }`,
		"circl's inverse": `import "github.com/cloudflare/circl/group"` + "\n" + `func f(a group.Scalar) { a.Inv(a) }`,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\n"+body, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := bigUsers(file, "x"); !slices.Equal(got, []string{"x: f"}) {
			t.Errorf("%s: found %v", name, got)
		}
	}
	clean := `package x
import "filippo.io/bigmod"
func f(k *bigmod.Nat, m *bigmod.Modulus) { k.Mul(k, m) }`
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", clean, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := bigUsers(file, "x"); got != nil {
		t.Errorf("found %v where there is none", got)
	}
}
