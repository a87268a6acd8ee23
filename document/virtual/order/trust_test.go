package order_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/tunnus-id/tunnus/document/certificate"
	"github.com/tunnus-id/tunnus/document/trustlist"
	"github.com/tunnus-id/tunnus/document/virtual/order"
)

// imported is the trust list that files make, with one pinned; nil if one of them
// is refused.
func imported(t *testing.T, pin []byte, files ...[]byte) *trustlist.List {
	t.Helper()
	draft := trustlist.NewDraft(new(trustlist.List), now, sha256.Sum256(pin))
	for _, f := range files {
		if _, err := draft.Add(f); err != nil {
			return nil
		}
	}
	return must(draft.Finish())
}

// standing is how the document signer stands on a list: "" if no anchor of it has
// signed him.
func standing(d *order.Document, list *trustlist.List) trustlist.Status {
	signer := must(certificate.Parse(d.Signer))
	for _, a := range list.Issuers(signer) {
		if signer.IssuedBy(a.Certificate) == nil {
			return list.Revoked(signer, now).Status
		}
	}
	return ""
}

// What a state publishes makes a trust list by which its signer is known, whatever
// its keys are.
func TestPublishedListsAreTrusted(t *testing.T) {
	for _, kind := range signers {
		d := of(kind)
		for name, list := range map[string]*trustlist.List{
			"master list": imported(t, d.CSCA, d.MasterList, d.CRL), "pinned": imported(t, d.CSCA, d.CSCA, d.CRL), "link": imported(t, d.Before, d.Before, d.Link, d.CRL),
		} {
			weak := strings.Contains(kind, "sha1") || strings.Contains(kind, "1024")
			if known := list != nil && standing(d, list) == trustlist.Revoked; known == weak {
				t.Errorf("%s, %s: known is %v", kind, name, known)
			}
		}
	}
}

// What is wrong with it does not come onto a trust list, or changes nothing there.
func TestWrongListsAreNotTrusted(t *testing.T) {
	for _, of := range []string{"foreign", "use", "ended", "garbled"} {
		d, _ := published(t, "master-list "+of)
		if list := imported(t, d.CSCA, d.MasterList); list != nil && standing(d, list) != "" {
			t.Errorf("master list, %s: was taken", of)
		}
	}
	for _, of := range []string{"foreign", "no-ca", "other-name"} { // one that has ended serves for what was signed before
		d, _ := published(t, "link "+of)
		if list := imported(t, d.Before, d.Before, d.Link); list != nil && standing(d, list) != "" {
			t.Errorf("link, %s: was taken", of)
		}
	}
	for of, want := range map[string]trustlist.Status{"foreign": "", "garbled": "", "critical": "", "other-name": "", "stale": trustlist.Unknown, "future": trustlist.Unknown} {
		d, _ := published(t, "crl "+of)
		list := imported(t, d.CSCA, d.CSCA, d.CRL)
		if list != nil && (want == "" && len(list.CRLs) > 0 || standing(d, list) == trustlist.Good) {
			t.Errorf("revocation list, %s: was taken", of)
		}
	}
	d, csca := published(t, "revoked signer")
	if list := imported(t, d.CSCA, d.CSCA, d.CRL); list == nil || standing(d, list) != trustlist.Revoked || !bytes.Equal(list.Anchors[0].Raw, csca.Raw) {
		t.Errorf("revoked: %v", list)
	}
}
