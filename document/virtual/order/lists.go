package order

import (
	"time"

	"github.com/tunnus-id/tunnus/document/virtual/authority"
	"github.com/tunnus-id/tunnus/document/virtual/issuer"
)

// listFaults are those of revocation and validity.
func listFaults() []Kind {
	return []Kind{
		{"revoked", []string{"signer", "country-signer"}, rowRevoked, "the revocation list has that certificate", func(m *making, of string) error {
			serial := int64(authority.SerialSigner)
			if of == "country-signer" {
				serial = authority.SerialCSCA
			}
			m.crl.Revoked = append(m.crl.Revoked, issuer.Revocation{Serial: serial, At: m.state.Now.AddDate(0, 0, -1), Reason: 1})
			return nil
		}},
		{"crl", []string{"stale", "future", "foreign", "garbled", "critical", "other-name"}, rowRevoked, "what is wrong with the revocation list", crl},
		{"link", []string{"foreign", "no-ca", "ended", "other-name"}, rowLists, "what is wrong with the link certificate", link},
		{"master-list", []string{"foreign", "use", "ended", "garbled"}, rowLists, "what is wrong with the master list", masterList},
		{"expired", nil, rowTime, "the passport ended yesterday", func(m *making, _ string) error {
			m.holder.Expiry = m.state.Now.AddDate(0, 0, -1)
			return nil
		}},
		{"signer-ended", nil, rowTime, "the document signer's certificate ended before it signed", func(m *making, _ string) error {
			m.signer.NotAfter = m.state.Now.Add(-time.Hour)
			return nil
		}},
		{"signer-ends-soon", nil, rowTime, "the document signer's certificate ends an hour after it signed", func(m *making, _ string) error {
			m.signer.NotAfter = m.state.Now.Add(time.Hour)
			return nil
		}},
		{"key-used-late", nil, rowTime, "the document signer signed after the time in which its key may be used", func(m *making, _ string) error {
			put(&m.signer, issuer.UsePeriod(m.state.Now.AddDate(0, -3, 0), m.state.Now.AddDate(0, 0, -1)))
			return nil
		}},
		{"country-not-yet", nil, rowTime, "the country signer's certificate begins tomorrow", func(m *making, _ string) error {
			m.anchor.NotBefore = m.state.Now.AddDate(0, 0, 1)
			return nil
		}},
		{"country-ended", nil, rowTime, "the country signer's certificate ended yesterday", func(m *making, _ string) error {
			m.anchor.NotBefore, m.anchor.NotAfter = m.state.Now.AddDate(-16, 0, 0), m.state.Now.AddDate(0, 0, -1)
			return nil
		}},
	}
}

// crl spoils the revocation list.
func crl(m *making, of string) (err error) {
	switch of {
	case "stale":
		m.crl.This, m.crl.Next = m.state.Now.AddDate(0, -6, 0), m.state.Now.AddDate(0, -3, 0)
	case "future":
		m.crl.This, m.crl.Next = m.state.Now.AddDate(0, 1, 0), m.state.Now.AddDate(0, 4, 0)
	case "foreign":
		m.lists, err = m.state.Country.Make()
	case "critical":
		m.crl.Extensions = append(m.crl.Extensions, issuer.Extension("1.2.3.4", true, []byte{5, 0}))
	case "other-name":
		m.crl.Issuer = authority.NameSigner()
	case "garbled":
		m.served = func(d *Document) { d.CRL[len(d.CRL)-3] ^= 1 }
	}
	return err
}

// link spoils the link certificate.
func link(m *making, of string) (err error) {
	switch of {
	case "foreign":
		m.linkBy, err = authority.Key{Curve: "secp256r1"}.Make()
	case "no-ca":
		put(&m.link, constraints(0x30, 0))
	case "ended":
		m.link.NotBefore, m.link.NotAfter = m.state.Now.AddDate(-4, 0, 0), m.state.Now.AddDate(0, 0, -1)
	case "other-name":
		m.link.Subject = authority.Name("XX", "Another Signing CA Utopia")
	}
	return err
}

// masterList spoils the master list.
func masterList(m *making, of string) (err error) {
	switch of {
	case "foreign":
		m.listerBy, err = m.state.Country.Make()
	case "use":
		put(&m.lister, issuer.ExtUsage("2.23.136.1.1.8"))
	case "ended":
		m.lister.NotBefore, m.lister.NotAfter = m.state.Now.AddDate(-5, 0, 0), m.state.Now.AddDate(0, 0, -1)
	case "garbled":
		m.served = func(d *Document) { d.MasterList[len(d.MasterList)-3] ^= 1 }
	}
	return err
}
