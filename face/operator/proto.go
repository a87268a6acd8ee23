package operator

import (
	"encoding/binary"
	"errors"
)

// Wire types of protobuf.
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

var errProto = errors.New("operator: no ONNX file: its protobuf cannot be read")

// A field is one field of a protobuf message.
type field struct {
	number uint64
	value  uint64 // of a varint
	bytes  []byte // of a text or message
}

// fields calls each for every field of a message, in order, until it fails.
// Groups, which ONNX never had, are refused.
func fields(message []byte, each func(field) error) error {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 || tag>>3 == 0 {
			return errProto
		}
		message = message[n:]
		f := field{number: tag >> 3}
		switch tag & 7 {
		case wireVarint:
			if f.value, n = binary.Uvarint(message); n <= 0 {
				return errProto
			}
		case wireFixed8:
			n = 8
		case wireFixed4:
			n = 4
		case wireBytes:
			size, head := binary.Uvarint(message)
			if head <= 0 || size > uint64(len(message)-head) {
				return errProto
			}
			n = head + int(size)
			f.bytes = message[head:n]
		default:
			return errProto
		}
		if n > len(message) {
			return errProto
		}
		message = message[n:]
		if err := each(f); err != nil {
			return err
		}
	}
	return nil
}
