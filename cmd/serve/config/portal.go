package config

import (
	"net"
	"strings"
)

// PortalConfig is for the pages of people at a computer, below /portal/ of Origin:
// the ID-card way, and own accounts. Without it there is no portal, and the ID-card
// way is closed.
type PortalConfig struct {
	// Cards are the issuers of ID-cards that are taken.
	Cards []CardConfig `json:"cards"`
	// Responders are hosts that tell the status of cards without having a public
	// address, "ocsp.cards.example:80", each with where it is reached, "10.0.0.7:80".
	Responders map[string]string `json:"responders"`
	// NoNonce are the addresses of responders that do not repeat a nonce, as
	// certificates write them. Optional.
	NoNonce []string `json:"no_nonce"`
	// PlacesFile tells in which country an address of the network is: lines of
	// "192.0.2.0/24,EE". Optional; no country is known then, and every account by
	// ID-card is held at first.
	PlacesFile string `json:"places_file"`
	// Guesses is how many wrong registration codes an hour are borne in all before
	// each log-in has one try. Optional; 600.
	Guesses int `json:"guesses"`
}

// CardConfig is an issuer of ID-cards.
type CardConfig struct {
	// CertificateFile holds the certificate of the CA that signs cards (not that of a
	// root above it), PEM or DER.
	CertificateFile string `json:"certificate_file"`
	// Countries are those whose personal codes it may write, two letters each.
	Countries []string `json:"countries"`
}

func (p *PortalConfig) paths() (all []*string) {
	if p == nil {
		return nil
	}
	all = append(all, &p.PlacesFile)
	for i := range p.Cards {
		all = append(all, &p.Cards[i].CertificateFile)
	}
	return all
}

func (c *Config) faultsOfPortal() []fault {
	p := c.Portal
	if p == nil {
		return nil
	}
	all := []fault{
		{!strings.HasPrefix(c.Origin, "https://"), `portal: origin must be there, and begin with "https://"`},
		{len(p.Cards) == 0, "portal.cards: missing; whose ID-cards?"},
		{p.Guesses < 0 || p.Guesses > 1_000_000, "portal.guesses: 0 to 1000000"},
	}
	for _, card := range p.Cards {
		all = append(all, fault{card.CertificateFile == "" || len(card.Countries) == 0, "portal.cards: certificate_file and countries are needed"})
	}
	for name, at := range p.Responders {
		_, _, err1 := net.SplitHostPort(name)
		_, _, err2 := net.SplitHostPort(at)
		all = append(all, fault{err1 != nil || err2 != nil, `portal.responders: "host:port" each`})
	}
	return all
}
