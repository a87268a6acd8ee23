// Package issue is the certificate authority of daily use: it decides about
// certificates for holders' keys, signs them with the issuing CA's key, and
// revokes them.
//
// A certificate is made in four steps, so that nothing leaves that was not
// judged, and nothing is signed that was not written down: (1) the profile is
// filled in and signed with a throwaway key under the issuing CA's name; (2)
// that draft is linted (zlint, RFC 5280 and ETSI sources) and read back as one
// of the scheme's profiles; (3) the to-be-signed bytes are committed as an
// intent; (4) just these bytes are signed, and the certificate is committed.
// After a crash in between, the same request finds its intent and goes on with
// the same serial number and the same bytes.
//
// The package does not know whether a person may have a certificate: the flow
// that calls it has proved that (package enrol). It keeps no keys: the CA's
// key is a [crypto.Signer] that is handed in.
package issue
