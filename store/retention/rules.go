package retention

import (
	"context"
	"time"

	"github.com/tunnus-id/tunnus/store/db"
	"github.com/tunnus-id/tunnus/store/engine"
)

const (
	day = 24 * time.Hour
	// keys of the scheme file
	keyHistory, keyEvidence, keySessions = "use_history_months", "evidence_years", "sessions"
	keySheets, keyLetters, keyLogins     = "otp_sheets", "letters", "log_ins"
)

// query makes a rule's forget of a query.
func query[P ~struct {
	Before int64
	Many   int32
}](do func(*db.Queries, context.Context, P) (int64, error),
) func(context.Context, *engine.Tx, page) (int64, error) {
	return func(ctx context.Context, t *engine.Tx, p page) (int64, error) { return do(t.Queries, ctx, P(p)) }
}

// Rules lists what is deleted, in the order in which that is done.
func Rules() []Rule {
	return []Rule{
		// Of the way there.
		{Table: "app_session", What: "sessions of apps, with the answers that were kept for repeats", From: "its start", Fixed: day, before: fixed(day), forget: replies},
		{Table: "enrol_session", What: "sittings that have ended", From: "its end", Key: keySessions, before: sessions, forget: query((*db.Queries).ForgetSittings)},
		{Table: "enrol_question", What: "questions to other devices that were answered or have lapsed", From: "its end", Key: keySessions, before: sessions, forget: query((*db.Queries).ForgetQuestions)},
		{Table: "enrol_question", What: "those with a signature, which is evidence", From: "its end, and the three years of an account", Key: keyEvidence, before: registered, forget: query((*db.Queries).ForgetSignedQuestions)},
		{Table: "otp_sheet", What: "one-time codes, unless their sitting is open", From: "the newest code", Key: keySheets, before: sheets, forget: query((*db.Queries).ForgetSheets)},
		{Table: "otp_spend", What: "budgets of codes", From: "its day", Key: keySheets, before: sheets, forget: spends},
		{Table: "card_slip", What: "registration codes of the ID-card way", From: "its end", Fixed: day, before: fixed(day), forget: query((*db.Queries).ForgetSlips)},
		{Table: "card_visit", What: "visits to the portal without a signature", From: "its end", Fixed: day, before: fixed(day), forget: query((*db.Queries).ForgetVisits)},
		{Table: "card_visit", What: "visits with a signature, which is evidence", From: "its end, and the three years of an account", Key: keyEvidence, before: registered, forget: query((*db.Queries).ForgetSignedVisits)},
		{Table: "portal_session", What: "sessions of browsers", From: "its end", before: fixed(0), forget: query((*db.Queries).ForgetBrowsers)},

		// Of people who decide.
		{Table: "review_case", What: "cases that were decided or have lapsed", From: "its end", Key: keySessions, before: sessions, forget: query((*db.Queries).ForgetReviews)},
		{Table: "desk_session", What: "desks that led to no account", From: "its end", Key: keySessions, before: sessions, forget: query((*db.Queries).ForgetDesks)},
		{Table: "desk_session", What: "desks that did, with the officer's signature", From: "its end, and the three years of an account", Key: keyEvidence, before: registered, forget: query((*db.Queries).ForgetSignedDesks)},
		{Table: "appointment", What: "appointments that are past or were cancelled", From: "its time", Key: keySessions, before: sessions, forget: query((*db.Queries).ForgetAppointments)},
		{Table: "staff_lookup", What: "who of the staff looked at whom", From: "the look", Key: keyHistory, before: history, forget: query((*db.Queries).ForgetLookUps)},
		{Table: "staff_finding", What: "what two of the staff found, or one of them", From: "its end", Key: keyHistory, before: history, forget: query((*db.Queries).ForgetFindings)},
		{Table: "staff_consent", What: "codes by which holders let staff look", From: "its end", before: fixed(0), forget: query((*db.Queries).ForgetConsents)},

		// Of use.
		{Table: "login_session", What: "log-ins that are in the history of their person", From: "its end", Key: keyLogins, before: logins, forget: query((*db.Queries).ForgetLogins)},
		{Table: "keyshare_transaction", What: "what was signed, and with which words the phone agreed", From: "its end", Key: keyHistory, Erased: true, before: history, forget: erase},
		{Table: "history", What: "the use history", From: "the use", Key: keyHistory, before: history, forget: query((*db.Queries).ForgetHistory)},
		{Table: "notice", What: "notices that a device has shown", From: "that", Fixed: 30 * day, before: fixed(30 * day), forget: query((*db.Queries).ForgetAckedNotices)},
		{Table: "notice", What: "notices that none has", From: "what it tells", Key: keyHistory, before: history, forget: query((*db.Queries).ForgetNotices)},
		{Table: "tap", What: "links of letters", From: "its end", before: fixed(0), forget: query((*db.Queries).ForgetTaps)},
		{Table: "holder_case", What: "cases of holders that are closed", From: "that", Key: keyHistory, before: history, forget: query((*db.Queries).ForgetCases)},
		{Table: "population_case", What: "what the register said of accounts that have ended", From: "when it did", Key: keyHistory, before: history, forget: query((*db.Queries).ForgetPopulationCases)},
		{Table: "contact", What: "contacts that were taken off; their addresses are gone already", From: "that", Key: keyHistory, before: history, forget: query((*db.Queries).ForgetContacts)},
		{Table: "mail_job", What: "that there was a letter; what it said is gone once it is sent or given up", From: "its writing", Key: keyLetters, before: letters, forget: query((*db.Queries).ForgetLetters)},

		// Evidence.
		{Table: "container", What: "signed applications", From: "the last day of the account", Key: keyEvidence, before: evidence, forget: query((*db.Queries).ForgetContainers)},
		{Table: "audit_line", What: "record and salt of a line; its leaf stays", From: "the line, and the three years of an account", Key: keyEvidence, Erased: true, before: registered, forget: query((*db.Queries).EraseOldLines)},
	}
}

// Kept lists the tables that the job leaves alone, with the reason.
func Kept() map[string]string {
	return map[string]string{
		"app_reply":           "goes with its session",
		"lock_entry":          "ledgers of locks are kept for ever (ADR 10); the database refuses anything else",
		"lock_incident":       "says why charges were voided: as long as the ledgers; names nobody",
		"lock_pace":           "an hour, by the job that paces addresses",
		"account":             "that somebody had an account decides how the next one is made, and the second place names it; its certificates stay as well",
		"certificate":         "what was issued, and revoked, is answered for ever; the database refuses to delete it",
		"revocation_list":     "the newest few, by who signs them",
		"keyshare_key":        "a key that has ended is remembered, or its name could live again",
		"keyshare_evaluation": "a repeat is answered from it, free of charge, and the second place is compared with it at each start; names nobody",
		"keyshare_pool":       "not used yet",
		"keyshare_modulus":    "no modulus is made twice (K10); the database refuses to delete it",
		"keyshare_epoch":      "one row a restore, which decides about copies of phones",
		"custody_mark":        "one row a key of the server",
		"log_lease":           "one row",
		"second_place":        "one row",
		"history_service":     "what a person does not want listed, as long as that is wanted",
		"scheme_file":         "evidence names the scheme file under which something was decided; the database refuses to delete it",
		"staff_member":        "who had which rights when: audit lines name members",
		"population_person":   "the register itself: `tunnus population import` decides",
		"population_relation": "likewise",
		"population_walk":     "one row",
	}
}
