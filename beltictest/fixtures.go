package beltictest

import "embed"

//go:generate go run ../internal/genfixtures

// Fixtures are bodies of responses as they look when recorded, for programs that are tested with
// httpmock, httptest or a stub of their own instead of [Server]. All data in them is synthetic. The
// files are below fixtures/; [Fixture] reads one.
//
// sessions/ has pages, which go with status 200 and Content-Type application/json:
//
//	first, middle, last     a list of 8 sessions in three pages; the cursors lead from one to the next
//	empty                   a list without sessions
//	person, business        one session of each entity type
//	status_created …        one session in each of the nine statuses
//	sparse, null            one session with little in it: the rest is absent, or null
//	unicode                 one session with names in many scripts
//	full                    one session with every field of the API's page
//	single                  that session as a Get has it, without a page
//
// accounts/ has the same for accounts:
//
//	list                    the accounts of those 8 sessions
//	empty                   a list without accounts
//	full                    one account with every documented field
//	single                  that account as a Get has it, without a page
//
// errors/ has the forms of [ErrorBody] that a server is likely to send, because the API documents
// none. A status that fits is:
//
//	jsonapi.json      400   BodyJSONAPI
//	nested.json       401   BodyNested
//	flat.json         403   BodyFlat
//	detail.json       404   BodyDetail
//	error_text.json   409   BodyErrorText
//	problem.json      422   BodyProblem, with Content-Type application/problem+json
//	error_code.json   429   BodyFlatError
//	message.json      500   BodyMessage
//	gateway_503.txt   503   BodyText, with Content-Type text/plain
//	nginx_504.html    504   BodyHTML, with Content-Type text/html
//
//go:embed fixtures
var Fixtures embed.FS

// Fixture is the body of one of [Fixtures], such as "sessions/first.json". It panics if there is
// none of that name.
func Fixture(name string) []byte {
	body, err := Fixtures.ReadFile("fixtures/" + name)
	if err != nil {
		panic("beltictest: there is no fixture " + name)
	}
	return body
}
