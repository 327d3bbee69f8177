package faulttest

import (
	"strconv"
	"strings"
)

// canary is part of everything that must not be shown: the key, cursors, filters, personal data and
// what servers say freely.
const canary = "CANARY"

// Values that cannot hold the canary have texts of their own that must not be shown.
const (
	birthDate = "1987-06-05"
	botScore  = "0.4242424242"
)

const (
	testKey     = "sk_staging_" + canary + "_key"
	testAccount = canary + "-account"
)

// fullSession is a session with everything in it. The tilde stands for the canary.
var fullSession = strings.NewReplacer(
	"~", canary, "DATE", birthDate, "SCORE", botScore, "NOW", "2025-10-22T22:13:48Z", "\n", "", "\t", "",
).Replace(`
{"id":"ID","type":"session","attributes":{
	"status":"approved","creator_type":"system","entity_type":"person","creator_id":"~-creator",
	"person":{"name":{"first":"~-first","middle":"~-middle","last":"~-last"},"birth_date":"DATE"},
	"business":{"legal_name":"~ Example Ltd","registration_date":"DATE","shareholders":[{
		"name":"~-holder","shareholder_type":"~-type","date_of_birth":"DATE","id_type":"~-idtype","id_number":"~-number",
		"number_of_share":"~-shares","percentage_of_share":SCORE}]},
	"identity_numbers":{"number":"~-id","issuing_country_code":"~-cc","class":"~-class",
		"created_at":"2025-10-22T22:13:48.149Z","updated_at":"NOW"},
	"contact":{"email":"~@example.com","phone":"~-555-0100"},
	"address":{"line1":"~-line1","line2":"~-line2","sublocality":"~-sub","locality":"~-loc","administrative_area":"~-area",
		"postal_code":"~-zip","country_code":"~-country"},
	"behavior_analysis":{"completion_time_seconds":12.5,"autofill_cancels":0,"autofill_starts":1,"bot_score":SCORE,
		"threat_level":"low","shortcut_copies":1,"shortcut_pastes":2,"distraction_events":3,"devtools_open":false,
		"debugger_attached":true,"request_spoof_attempts":0,"user_agent_spoof_attempts":0,"hesitation_baseline":1.5,
		"hesitation_count":4,"hesitation_percentage":2.5,"hesitation_time":7},
	"created_at":"2025-10-22T22:13:48.149Z","updated_at":"NOW","started_at":"NOW","expires_at":"NOW","completed_at":"NOW",
	"failed_at":"NOW","marked_for_review_at":"NOW","decisioned_at":"NOW","expired_at":"NOW","redacted_at":"NOW"},
"relationships":{
	"account":{"data":{"type":"account","id":"acct_1"}},
	"business":{"data":{"type":"business","id":"biz_1"}},
	"documents":{"data":[{"type":"document","id":"doc_1"}]},
	"session_devices":{"data":[{"type":"session_device","id":"dev_1"}]},
	"verifications":{"data":[{"type":"verification","id":"ver_1"}]}}}`)

func session(id string) string { return strings.Replace(fullSession, "ID", id, 1) }

// sessionWith is a session with these attributes and no others.
func sessionWith(id, attributes string) string {
	return `{"id":"` + id + `","type":"session","attributes":{` + attributes + `}}`
}

func sessions(ids ...string) []string {
	records := make([]string, len(ids))
	for i, id := range ids {
		records[i] = session(id)
	}
	return records
}

// cursorTo is the cursor that leads to a place.
func cursorTo(place string) string { return canary + "-cursor-" + place }

// page is a page behind which there are more at the place.
func page(place string, records ...string) string {
	return document(meta(cursorTo(place), true), records...)
}

// lastPage is a page with nothing behind it.
func lastPage(records ...string) string { return document(meta("", false), records...) }

func document(meta string, records ...string) string {
	return `{"data":[` + strings.Join(records, ",") + `],"meta":` + meta + `}`
}

func meta(end string, more bool) string {
	return `{"page":{"cursors":{"start":"` + canary + `-start","end":"` + end + `"},"hasNextPage":` + strconv.FormatBool(more) +
		`,"hasPreviousPage":false}}`
}

// threePages is a list of three pages of two.
func threePages() map[string]string {
	return map[string]string{
		"":            page("2", sessions("s1", "s2")...),
		cursorTo("2"): page("3", sessions("s3", "s4")...),
		cursorTo("3"): lastPage(sessions("s5", "s6")...),
	}
}

var sixIDs = []string{"s1", "s2", "s3", "s4", "s5", "s6"}
