package rpapi

import (
	"github.com/tunnus-id/tunnus"
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/login/acsp"
)

// A statusBody is the answer of the session endpoint (RP API v3, "session
// status"). Bytes are standard Base64, as [encoding/json] writes them.
type statusBody struct {
	State       login.State      `json:"state"`
	Result      *resultBody      `json:"result,omitempty"`
	Protocol    string           `json:"signatureProtocol,omitempty"`
	Signature   *signatureBody   `json:"signature,omitempty"`
	Certificate *certificateBody `json:"cert,omitempty"`
	Interaction acsp.Type        `json:"interactionTypeUsed,omitempty"`
	Ignored     []string         `json:"ignoredProperties,omitempty"`
}

type resultBody struct {
	End     login.EndResult `json:"endResult"`
	Number  string          `json:"documentNumber,omitempty"`
	Details *detailsBody    `json:"details,omitempty"`
}

type detailsBody struct {
	Interaction acsp.Type `json:"interaction"`
}

type signatureBody struct {
	Value         []byte          `json:"value"`
	ServerRandom  string          `json:"serverRandom"`
	UserChallenge string          `json:"userChallenge"`
	Flow          acsp.Flow       `json:"flowType"`
	Algorithm     string          `json:"signatureAlgorithm"`
	Parameters    acsp.Parameters `json:"signatureAlgorithmParameters"`
}

type certificateBody struct {
	Value []byte       `json:"value"` // DER of the end entity, no chain
	Level tunnus.Level `json:"certificateLevel"`
}

// bodyOf puts a status into the words of the API.
func bodyOf(st login.Status) (statusBody, error) {
	b := statusBody{State: st.State, Ignored: st.Ignored}
	if st.State != login.Complete {
		return b, nil
	}
	b.Result = &resultBody{End: st.End}
	if st.End == login.UserRefusedInteraction {
		b.Result.Details = &detailsBody{st.Refused}
	}
	a := st.Answer
	if st.End != login.OK || a == nil {
		return b, nil
	}
	parameters, err := acsp.ParametersOf(a.Hash)
	if err != nil {
		return statusBody{}, err
	}
	b.Result.Number = a.Number
	b.Protocol = acsp.Protocol
	b.Interaction = a.Interaction
	b.Certificate = &certificateBody{a.Certificate, a.Level}
	b.Signature = &signatureBody{
		Value: a.Signature, ServerRandom: a.ServerRandom, UserChallenge: a.UserChallenge,
		Flow: a.Flow, Algorithm: acsp.PSS, Parameters: parameters,
	}
	return b, nil
}
