package emrtd

import (
	"crypto/x509"
	"errors"
	"strings"
)

// states maps the issuing states of code lines (Doc 9303-3 §5) to the two
// letters that certificates use (ISO 3166-1). Germany writes one letter; what
// issues under another name than its signer's stands here too.
var states = map[string]string{
	"UTO": "XX", // invented: package virtual
	"AUT": "AT", "BEL": "BE", "BGR": "BG", "HRV": "HR", "CYP": "CY", "CZE": "CZ", "DNK": "DK",
	"EST": "EE", "FIN": "FI", "FRA": "FR", "D": "DE", "GRC": "GR", "HUN": "HU", "IRL": "IE",
	"ITA": "IT", "LVA": "LV", "LTU": "LT", "LUX": "LU", "MLT": "MT", "NLD": "NL", "POL": "PL",
	"PRT": "PT", "ROU": "RO", "SVK": "SK", "SVN": "SI", "ESP": "ES", "SWE": "SE",
	"ISL": "IS", "LIE": "LI", "NOR": "NO", "CHE": "CH", "EUE": "EU",
	"ALB": "AL", "AND": "AD", "BIH": "BA", "BLR": "BY", "GEO": "GE", "MDA": "MD", "MCO": "MC",
	"MNE": "ME", "MKD": "MK", "SMR": "SM", "SRB": "RS", "TUR": "TR", "UKR": "UA", "VAT": "VA",
	"RKS": "KS", "GBR": "GB", "GBD": "GB", "GBN": "GB", "GBO": "GB", "GBP": "GB", "GBS": "GB",
	"USA": "US", "CAN": "CA", "AUS": "AU", "NZL": "NZ", "JPN": "JP", "KOR": "KR", "SGP": "SG",
	"CHN": "CN", "HKG": "CN", "MAC": "CN", "TWN": "TW", "IND": "IN", "ISR": "IL", "BRA": "BR",
	"ARG": "AR", "CHL": "CL", "MEX": "MX", "ZAF": "ZA", "ARE": "AE", "THA": "TH", "PHL": "PH",
	"UNO": "UN",
}

var errCountry = errors.New("issuing state and signers' countries differ")

// agree checks that the code line's issuer and both signers are of one country.
func agree(issuer string, certs ...*x509.Certificate) error {
	want, ok := states[issuer]
	if !ok {
		return errors.New("issuing state is not known here")
	}
	for _, c := range certs {
		// Some signers write the letters small.
		if len(c.Subject.Country) != 1 || !strings.EqualFold(c.Subject.Country[0], want) {
			return errCountry
		}
	}
	return nil
}
