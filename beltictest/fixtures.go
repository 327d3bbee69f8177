package beltictest

import "embed"

//go:generate go run ../internal/genfixtures

// Fixtures are bodies of answers as they look when recorded, for programs that are tested with
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
//	full                    one session with every field of the reference page
//
// errors/ has one body of each shape that the library reads, because the API documents none. A
// status that fits is:
//
//	jsonapi.json      400   {"errors":[{"id","status","code","title","detail","source"}]}
//	nested.json       401   {"error":{"code","message","details","request_id"}}
//	flat.json         403   {"code","message"}
//	detail.json       404   {"detail"}
//	error_text.json   409   {"error"}
//	problem.json      422   RFC 9457, with Content-Type application/problem+json
//	error_code.json   429   {"error_code","error_message"}
//	message.json      500   {"message"}
//	gateway_503.txt   503   the words of a gateway, text/plain
//	nginx_504.html    504   the page of a web server, text/html
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
