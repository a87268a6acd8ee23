package idcard

import (
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// Each refusal has its one place here. Causes go to the log: they name no
// person and repeat nothing of the token.

// badToken refuses a log-in, for what its token is.
func badToken(format string, args ...any) error {
	return tunnus.Fail(tunnus.CodeCardTokenBad, fmt.Errorf("idcard: "+format, args...))
}

// badSignature refuses a signature.
func badSignature(format string, args ...any) error {
	return tunnus.Fail(tunnus.CodeCardSignatureBad, fmt.Errorf("idcard: "+format, args...))
}

// notAccepted refuses a certificate.
func notAccepted(format string, args ...any) error {
	return tunnus.Fail(tunnus.CodeCardNotAccepted, fmt.Errorf("idcard: "+format, args...))
}

// revoked refuses a certificate that its issuer does not call good.
func revoked(status string) error {
	return tunnus.Fail(tunnus.CodeCardRevoked, fmt.Errorf("idcard: the issuer says %s", status))
}

// otherPerson refuses a second certificate that is not of the first one's holder.
func otherPerson() error {
	return tunnus.Fail(tunnus.CodeCardOtherPerson, fmt.Errorf("idcard: two certificates name two persons"))
}

// statusDown says that the issuer gave no answer that can be relied on.
func statusDown(cause error) error {
	return tunnus.Fail(tunnus.CodeCardStatusDown, fmt.Errorf("idcard: status: %w", cause))
}
