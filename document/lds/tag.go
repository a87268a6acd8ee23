package lds

import cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

// Tags of fields that have a number instead of a name.
var (
	tag0  = cbasn1.Tag(0).ContextSpecific().Constructed()
	tag1  = cbasn1.Tag(1).ContextSpecific().Constructed()
	tag0p = cbasn1.Tag(0).ContextSpecific()
)
