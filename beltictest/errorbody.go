package beltictest

import (
	"fmt"
	"net/http"
)

// ErrorBody is a form of the body of an error. Which of them the API sends is undocumented; a
// client has to take them all.
type ErrorBody int

// The forms that the vendor's pages and code and the servers in front of an API are known to send.
const (
	BodyJSONAPI   ErrorBody = iota // {"errors":[{"status","code","title","detail"}]}
	BodyNested                     // {"error":{"code","message","request_id"}}
	BodyFlat                       // {"code","message"}
	BodyFlatError                  // {"error_code","error_message"}
	BodyMessage                    // {"message"}
	BodyDetail                     // {"detail"}
	BodyErrorText                  // {"error":"…"}
	BodyProblem                    // application/problem+json, RFC 9457
	BodyText                       // text/plain
	BodyHTML                       // the page of a gateway
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
	title, code := http.StatusText(status), errorCode(status)
	switch b {
	case BodyNested:
		return asJSON, mustMarshal(map[string]any{"error": map[string]string{"code": code, "message": title, "request_id": id}})
	case BodyFlat:
		return asJSON, mustMarshal(map[string]string{"code": code, "message": title})
	case BodyFlatError:
		return asJSON, mustMarshal(map[string]string{"error_code": code, "error_message": title})
	case BodyMessage:
		return asJSON, mustMarshal(map[string]string{"message": title})
	case BodyDetail:
		return asJSON, mustMarshal(map[string]string{"detail": title})
	case BodyErrorText:
		return asJSON, mustMarshal(map[string]string{"error": title})
	case BodyProblem:
		return "application/problem+json", mustMarshal(map[string]any{"type": "about:blank", "title": title, "status": status})
	case BodyText:
		return "text/plain; charset=utf-8", []byte(title + "\n")
	case BodyHTML:
		const page = "<html><head><title>%[1]d %[2]s</title></head><body><h1>%[1]d %[2]s</h1></body></html>\n"
		return "text/html", fmt.Appendf(nil, page, status, title)
	case BodyXML:
		return "application/xml", fmt.Appendf(nil, "<Error><Code>%s</Code><Message>%s</Message></Error>\n", code, title)
	case BodyEmpty:
		return "", nil
	default:
		return asJSON, errorObject{Status: status, Code: code, Detail: "The server was told to answer so."}.encode(id)
	}
}

func errorCode(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "unauthorized"
	case http.StatusTooManyRequests:
		return "rate_limited"
	default:
		return fmt.Sprintf("error_%d", status)
	}
}

// errorObject is a JSON:API error.
type errorObject struct {
	ID     string       `json:"id"`
	Status int          `json:"status,string"`
	Code   string       `json:"code"`
	Title  string       `json:"title"`
	Detail string       `json:"detail"`
	Source *errorSource `json:"source,omitempty"`
}

type errorSource struct {
	Parameter string `json:"parameter,omitempty"`
	Header    string `json:"header,omitempty"`
}

func (e errorObject) encode(id string) []byte {
	e.ID, e.Title = id, http.StatusText(e.Status)
	return mustMarshal(map[string][]errorObject{"errors": {e}})
}
