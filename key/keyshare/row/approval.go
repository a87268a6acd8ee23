package row

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tunnus-id/tunnus/key/device"
	"github.com/tunnus-id/tunnus/key/splitkey"
)

// ApprovalOf reads the approval out of a stored request: JSON of a device.Signed,
// whose body is a splitkey.Complete.
func ApprovalOf(evidence []byte) (splitkey.Approval, error) {
	var r device.Signed
	err := json.Unmarshal(evidence, &r)
	var m splitkey.Complete
	if err := errors.Join(err, splitkey.Decode(r.Request.Body, &m)); err != nil {
		return splitkey.Approval{}, fmt.Errorf("keyshare: stored approval: %w", err)
	}
	return m.Approval, nil
}
