package beltictest

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
)

// ErrorBody is a form of the body of an error. Which of them the API sends is undocumented; a
// client has to take them all. [Fixtures] has the usual ones as files.
type ErrorBody int

// The forms that the vendor's pages and code and the servers in front of an API are known to send.
const (
	BodyJSONAPI   ErrorBody = iota // {"errors":[{"status","code","title","detail"}]}
	BodyNested                     // {"error":{"code","message","details","request_id"}}
	BodyFlat                       // {"code","message"}
	BodyFlatError                  // {"error_code","error_message"}
	BodyMessage                    // {"message"}
	BodyDetail                     // {"detail"}
	BodyErrorText                  // {"error":"…"}
	BodyProblem                    // application/problem+json, RFC 9457
	BodyText                       // the words of a gateway, text/plain
	BodyHTML                       // the page of a web server, text/html
	BodyXML                        // application/xml
	BodyEmpty                      // nothing
)

// ErrorBodies are all forms, for a test that goes through them.
func ErrorBodies() []ErrorBody {
	bodies := make([]ErrorBody, BodyEmpty+1)
	for i := range bodies {
		bodies[i] = ErrorBody(i)
	}
	return bodies
}

var errorBodyNames = [...]string{
	"JSON:API", "nested", "flat", "flat error", "message", "detail", "error text", "problem", "text", "HTML", "XML", "empty",
}

// String names the form.
func (b ErrorBody) String() string {
	if b < 0 || int(b) >= len(errorBodyNames) {
		return fmt.Sprintf("ErrorBody(%d)", int(b))
	}
	return errorBodyNames[b]
}

// render writes an error of the form.
func (b ErrorBody) render(status int, id string) (contentType string, body []byte) {
	const asJSON = "application/json"
	e := errorObject{Status: status}.complete(id)
	switch b {
	case BodyNested:
		return asJSON, mustMarshal(map[string]any{"error": map[string]any{
			"code": e.Code, "message": e.Detail, "details": map[string]int{"status": status}, "request_id": id}})
	case BodyFlat:
		return asJSON, mustMarshal(map[string]string{"code": e.Code, "message": e.Detail})
	case BodyFlatError:
		return asJSON, mustMarshal(map[string]string{"error_code": e.Code, "error_message": e.Detail})
	case BodyMessage:
		return asJSON, mustMarshal(map[string]string{"message": e.Detail})
	case BodyDetail:
		return asJSON, mustMarshal(map[string]string{"detail": e.Detail})
	case BodyErrorText:
		return asJSON, mustMarshal(map[string]string{"error": e.Detail})
	case BodyProblem:
		return "application/problem+json", mustMarshal(map[string]any{
			"type": "https://example.com/problems/" + e.Code, "title": e.Title, "status": status, "detail": e.Detail, "instance": "/requests/" + id})
	case BodyText:
		return "text/plain; charset=utf-8", []byte("upstream connect error or disconnect/reset before headers. reset reason: connection timeout")
	case BodyHTML:
		const page = "<html>\r\n<head><title>%[1]d %[2]s</title></head>\r\n<body>\r\n<center><h1>%[1]d %[2]s</h1></center>\r\n" +
			"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
		return "text/html", fmt.Appendf(nil, page, status, e.Title)
	case BodyXML:
		return "application/xml", fmt.Appendf(nil, "<Error><Code>%s</Code><Message>%s</Message></Error>\n", e.Code, e.Detail)
	case BodyEmpty:
		return "", nil
	default:
		return asJSON, e.encode(id)
	}
}

// errorObject is a JSON:API error. Without a code and a detail it has those of its status.
type errorObject struct {
	ID     string       `json:"id"`
	Status int          `json:"status,string"`
	Code   string       `json:"code"`
	Title  string       `json:"title"`
	Detail string       `json:"detail"`
	Source *errorSource `json:"source,omitempty"`
}

type errorSource struct {
	Pointer   string `json:"pointer,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	Header    string `json:"header,omitempty"`
}

func (e errorObject) complete(id string) errorObject {
	e.ID, e.Title = id, cmp.Or(http.StatusText(e.Status), "Unknown Error")
	e.Code = cmp.Or(e.Code, errorCode(e.Status))
	e.Detail = cmp.Or(e.Detail, e.Title+".")
	return e
}

func (e errorObject) encode(id string) []byte {
	return mustMarshal(map[string][]errorObject{"errors": {e.complete(id)}})
}

// errorCode is the text of the status in the style of a code.
func errorCode(status int) string {
	text := http.StatusText(status)
	switch {
	case status == http.StatusTooManyRequests:
		return "rate_limited"
	case text == "":
		return fmt.Sprintf("error_%d", status)
	}
	return strings.ToLower(strings.NewReplacer(" ", "_", "'", "").Replace(text))
}
