// Package publish puts on the web what anybody needs to check a certificate:
// the OCSP responder, revocation lists, CA certificates, and time-stamps.
//
//	POST /ocsp                  application/ocsp-request   (RFC 6960 appendix A)
//	GET  /ocsp/{request}        the same in base64, percent-encoded
//	GET  /crl/{key id}.crl      the newest list of an issuing CA; the root's, if it is handed in
//	GET  /ca/{key id}.cer       a CA's certificate
//	POST /tsa                   application/timestamp-query (RFC 3161 §3.4)
//
// Anybody may ask. Only so many questions that need the database or a key are
// answered at once; the others wait a moment, and are then told to come again:
// tryLater (RFC 6960 §2.3), or 503 for a time-stamp. There is no limit for each
// address here: who runs this puts one in front.
//
// {key id} is the CA's subject key identifier in hex. [URLs] gives the addresses
// that stand in certificates, for a base address; they go into [pki.Scheme]
// before the first certificate is made, and hold as long as the last one lives.
// The base is plain http by custom: what is fetched is signed, and who verifies
// a certificate should not first have to verify another.
//
// How the whole mounts it (cmd/serve), on every node that is reached from
// outside:
//
//	statuses := db.Statuses()                        // store: Source and Shelf
//	responder, err := status.NewResponder(status.Config{
//		Issuer: issuing, Source: statuses, Clock: clock,
//		Signer: func(context.Context) (ocsp.Signer, error) { … },
//		Own: own, // certificates made at a ceremony: TSA, responder
//	})
//	lister := &status.Lister{Shelf: statuses, Clock: clock,
//		Issuer: func(context.Context) (status.Authority, error) { … }}
//	pages, err := publish.New(publish.Config{
//		Responder: responder, Lists: statuses, Authorities: {issuing, root}, Root: root, RootList: rootList,
//		Stamps: &stamp.Authority{…}, Clock: clock, Log: log,
//	})
//	mux.Handle("/ocsp", pages); mux.Handle("/ocsp/", pages); mux.Handle("/crl/", pages)
//	mux.Handle("/ca/", pages); mux.Handle("/tsa", pages)
//
// and besides: issue.Config.Changed = responder.Changed, so that a revocation
// on this node is answered at once; issue.Config.Holds = db.Certificates(), so
// that certificates can be suspended; and, on nodes that hold the issuing CA's
// key, lister.Tick every ten seconds (nodes may race). The responder's key may
// be made at each start and certified by issue.Service.Responder (renew after
// 60 of its 90 days), or come from a ceremony (pki.NewResponder). A key for
// time-stamps lasts: it is made at a ceremony (pki.NewStamper) or once, kept
// sealed, and its certificate stands in Own for as long as it is valid.
package publish
