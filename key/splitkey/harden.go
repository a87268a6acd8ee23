package splitkey

import (
	"encoding/binary"

	"github.com/tunnus-id/tunnus/key/voprf"
)

// pinTag separates PINs from everything else that could be fed to the PRF.
const pinTag = "tunnus/pin/v1"

// Blind blinds a PIN for the evaluation by the server whose public key is
// pinned in id. It returns what is sent: [ElementSize] bytes. What
// [voprf.Blinding.Finish] makes of the answer is the hardened PIN. A blinding is
// never stored: a lost one costs a try.
func Blind(id Identity, pin []byte) (*voprf.Blinding, []byte, error) {
	return voprf.Blind(id.Public, hardenInput(id, pin))
}

// hardenInput is what is blinded: tag, key id, purpose, generation, n1 and PIN.
func hardenInput(id Identity, pin []byte) []byte {
	return field(field([]byte(pinTag), id.context()), pin)
}

// field appends b behind its length in two bytes.
func field(to, b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(len(b))), b...)
}
